"""What was deleted for its age, and how old the oldest is: of every kind, also of what is kept for ever."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy.orm import Session

from lib import clock
from queries import kept


def figures(session: Session, now: datetime) -> Iterator[Metric]:
    deleted = CounterMetricFamily("wrapup_retention_deleted_rows", "Rows that were deleted for age", labels=("kind",))
    oldest = GaugeMetricFamily("wrapup_retention_oldest_seconds", "Age of the oldest that is kept", labels=("kind",))
    failing = GaugeMetricFamily(
        "wrapup_retention_failing_seconds", "How long deleting has been failing; 0: it is not", labels=("kind",)
    )
    for one in kept.figures(session):
        deleted.add_metric([one.kind], one.deleted)
        if one.oldest is not None:  # of what is not there no age is known, and none is 0
            oldest.add_metric([one.kind], clock.waited(one.oldest, now))
        failing.add_metric([one.kind], clock.waited(one.failing_since, now))
    yield from (deleted, oldest, failing)
