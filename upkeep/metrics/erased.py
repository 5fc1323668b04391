"""How long persons have waited to be erased."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy.orm import Session

from lib import clock
from queries import erasures


def figures(session: Session, now: datetime) -> Iterator[Metric]:
    since = erasures.open_since(session)
    waited = clock.waited(since, now)
    words = "Time since the oldest erasure that has not come to its end was asked for; 0: each has"
    yield GaugeMetricFamily("wrapup_erasure_open_seconds", words, value=waited)
