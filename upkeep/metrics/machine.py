"""Figures of this machine, which need no database."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from lib import clock
from lib.shared_counts import SharedCounts
from models.errors import said
from upkeep import endings
from upkeep.backups import noted

log = structlog.get_logger(__name__)


def figures(folder: Path, refused: SharedCounts, spooled: int | None, database: Path | None = None) -> Iterator[Metric]:
    """``folder``: of the data; ``database``: the file of SQLite."""
    requests = "Requests that were refused, callbacks never"
    yield from _counted(refused.counts, "refused", "wrapup_refused", requests, "reason")
    processes = "Processes that ended though nobody had told them to; each is started anew as soon as it is needed"
    yield from _counted(partial(endings.counts, folder), "ended", "wrapup_processes_ended", processes, "process")
    yield from _disk("wrapup_disk", "of the data folder", folder)
    apart = database.parent if database is not None and is_elsewhere(database.parent, folder) else None
    yield from _disk("wrapup_database_disk", "of SQLite's file, where that is another one", apart)
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


def _disk(name: str, words: str, folder: Path | None) -> Iterator[Metric]:
    """Where there is no folder there is no figure."""
    free = GaugeMetricFamily(f"{name}_free_bytes", f"Room that is left for us on the disk {words}")
    size = GaugeMetricFamily(f"{name}_bytes", f"Size of the disk {words}")
    try:
        if folder is not None:
            disk = shutil.disk_usage(folder)
            free.add_metric([], disk.free)
            size.add_metric([], disk.total)
    except OSError as error:
        log.error("disk_unreadable", folder=str(folder), error=type(error).__name__, said=said(error))
    yield from (free, size)


def is_elsewhere(one: Path, other: Path) -> bool:
    """Whether two folders are known to lie on different disks."""
    try:
        return one.stat().st_dev != other.stat().st_dev
    except OSError:
        return False
