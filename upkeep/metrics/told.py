"""Figures about telling alerts without Prometheus."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import select
from sqlalchemy.orm import Session

from lib import clock
from models import AlertState
from upkeep.alerts.condition import SEVERITIES
from upkeep.alerts.keepers import ROW
from upkeep.alerts.settings import Alerts
from upkeep.alerts.state import State


def figures(session: Session, settings: Alerts, now: datetime) -> Iterator[Metric]:
    """Of what the database says; what a machine says of itself is in its folder alone."""
    on = GaugeMetricFamily(
        "wrapup_alerts", "Alerts about figures of the database that the worker has begun", labels=("severity",)
    )
    waits = GaugeMetricFamily(
        "wrapup_alert_untold_seconds",
        "How long the oldest of them waits to be told, quiet hours left out; 0: none does",
        labels=("channel",),
    )
    if settings.wanted:
        document = session.scalar(select(AlertState.document).where(AlertState.name == ROW))
        state, held = State.read(document or {}), settings.held(now)
        for severity in SEVERITIES:
            on.add_metric([severity], sum(one.severity == severity for one in state.on()))
        for channel in settings.channels:
            since = state.untold_since(channel, held)
            waits.add_metric([channel], clock.waited(since, now))
    yield on
    yield waits
