"""Whether workers live: when each of their loops went round last."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy.orm import Session

from upkeep import beats


def figures(session: Session, now: datetime) -> Iterator[Metric]:
    ages = GaugeMetricFamily(
        "wrapup_worker_beat_age_seconds",
        "Time since a worker's loop went round, or began, of the worker where it did so last; some seconds more than it is",
        labels=("loop",),
    )
    for loop, age in sorted(beats.ages(session, now).items()):
        ages.add_metric([loop], age)
    yield ages
