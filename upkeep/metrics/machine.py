"""Figures of this machine, which need no database."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from lib import clock
from lib.shared_counts import SharedCounts
from upkeep import endings
from upkeep.backups import noted

log = structlog.get_logger(__name__)


def figures(folder: Path, refused: SharedCounts, spooled: int | None) -> Iterator[Metric]:
    requests = "Requests that were refused, callbacks never"
    yield from _counted(refused.counts, "refused", "wrapup_refused", requests, "reason")
    processes = "Processes that ended though nobody had told them to, and were started anew"
    yield from _counted(partial(endings.counts, folder), "ended", "wrapup_processes_ended", processes, "process")
    yield from _disk(folder)
    yield from _backups(folder)
    if spooled is not None:
        yield GaugeMetricFamily(
            "wrapup_spool_bytes",
            "Bytes of receipts that wait in this machine's spool, once the oldest has for a second",
            value=spooled,
        )


def _counted(counts: Callable[[], Mapping[str, int]], what: str, name: str, words: str, label: str) -> Iterator[Metric]:
    """Of a file of counts that processes share; ``what`` says in the log which cannot be read."""
    try:
        found = counts()
    except OSError as error:
        log.error(f"{what}_unreadable", error=type(error).__name__)
        return
    counter = CounterMetricFamily(name, words, labels=(label,))
    for value, count in found.items():
        counter.add_metric([value], count)
    yield counter


def _backups(folder: Path) -> Iterator[Metric]:
    """Where none was ever made there is no figure."""
    for what, name, words in (
        (noted.BACKUP, "wrapup_backup_age_seconds", "Time since this host has made a whole backup"),
        (noted.DRILL, "wrapup_restore_drill_age_seconds", "Time since a backup was tried here, and holds"),
    ):
        gauge = GaugeMetricFamily(name, words)
        age = noted.age(folder, what, clock.now())
        if age is not None:
            gauge.add_metric([], age)
        yield gauge


def _disk(folder: Path) -> Iterator[Metric]:
    try:
        disk = shutil.disk_usage(folder)
    except OSError as error:
        log.error("disk_unreadable", error=type(error).__name__)
        return
    yield GaugeMetricFamily(
        "wrapup_disk_free_bytes", "Room that is left for us on the disk of the data folder", value=disk.free
    )
    yield GaugeMetricFamily("wrapup_disk_bytes", "Size of the disk of the data folder", value=disk.total)
