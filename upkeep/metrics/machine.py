"""Figures of this machine, which need no database."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from lib import clock
from lib.shared_counts import SharedCounts
from upkeep import endings
from upkeep.backups import noted

log = structlog.get_logger(__name__)


def figures(folder: Path, refused: SharedCounts, spooled: int | None) -> Iterator[Metric]:
    yield from _refused(refused)
    yield from _ended(folder)
    yield from _disk(folder)
    yield from _backups(folder)
    if spooled is not None:
        yield GaugeMetricFamily(
            "wrapup_spool_bytes",
            "Bytes of receipts that wait in this machine's spool, once the oldest has for a second",
            value=spooled,
        )


def _refused(tally: SharedCounts) -> Iterator[Metric]:
    try:
        counts = tally.counts()
    except OSError as error:
        log.error("refused_unreadable", error=type(error).__name__)
        return
    refused = CounterMetricFamily("wrapup_refused", "Requests that were refused, callbacks never", labels=("reason",))
    for reason, count in counts.items():
        refused.add_metric([reason], count)
    yield refused


def _ended(folder: Path) -> Iterator[Metric]:
    try:
        counts = endings.counts(folder)
    except OSError as error:
        log.error("ended_unreadable", error=type(error).__name__)
        return
    words = "Processes that ended though nobody had told them to, and were started anew"
    ended = CounterMetricFamily("wrapup_processes_ended", words, labels=("process",))
    for kind, count in counts.items():
        ended.add_metric([kind], count)
    yield ended


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
