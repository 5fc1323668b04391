"""How fresh the polled reports are, in words: read from the cursors alone."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import PollCursor


@dataclass(frozen=True)
class ReportHealth:
    """One report of a connection, over all of its layers. ``words`` is "lead history complete to 10:42 UTC"."""

    report: str
    complete_to: datetime | None  # of the layer that is complete to the latest moment
    last_ok_at: datetime | None
    failures: int  # in a row, of the layer that fails most
    error_id: str | None
    error: str | None  # the latest sentence; None where every layer's last poll went well
    warning: str | None
    words: str


def reports(session: Session, connection: str, now: datetime) -> list[ReportHealth]:
    """Every report of the connection that has a cursor, by name."""
    found: dict[str, list[PollCursor]] = {}
    statement = select(PollCursor).where(PollCursor.connection == connection)
    for cursor in session.scalars(statement.order_by(PollCursor.report, PollCursor.layer)):
        found.setdefault(cursor.report, []).append(cursor)
    return [_health(report, layers, now) for report, layers in found.items()]


def _health(report: str, layers: list[PollCursor], now: datetime) -> ReportHealth:
    complete_to = max((layer.complete_to for layer in layers if layer.complete_to), default=None)
    latest = sorted(layers, key=lambda layer: layer.last_started_at or layer.due_at, reverse=True)
    failed = next((layer for layer in latest if layer.error), None)
    return ReportHealth(
        report=report,
        complete_to=complete_to,
        last_ok_at=max((layer.last_ok_at for layer in layers if layer.last_ok_at), default=None),
        failures=max(layer.failures for layer in layers),
        error_id=failed.error_id if failed else None,
        error=failed.error if failed else None,
        warning=next((layer.warning for layer in latest if layer.warning), None),
        words=_words(report.replace("_", " "), complete_to, now),
    )


def _words(report: str, complete_to: datetime | None, now: datetime) -> str:
    """Its twin for single layers is ``outcomes.health._complete_to``: the same sentences."""
    if complete_to is None:
        return f"{report} not read yet"
    form = "%H:%M UTC" if complete_to.date() == now.date() else "%Y-%m-%d %H:%M UTC"
    return f"{report} complete to {complete_to.strftime(form)}"
