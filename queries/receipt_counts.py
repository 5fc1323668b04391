"""Receipts, counted by connection, kind and state; and since when the one waits that has waited longest."""

from datetime import datetime, timedelta
from typing import Any, TypeGuard

from sqlalchemy import ColumnElement, case, func, literal_column, or_, select
from sqlalchemy.orm import Session

from lib import clock
from models import Receipt
from models.receipts import DISMISSED, PENDING, QUARANTINED
from models.strangers import STRANGERS

READ = timedelta(seconds=10)  # where nothing is behind, a receipt is read much sooner
LATE = timedelta(minutes=2)  # nobody reads, or whoever does is far behind: a trouble
OPEN_STATES = (PENDING, QUARANTINED, DISMISSED)  # what waits to be understood, or was not


def by_state(session: Session, *conditions: ColumnElement[bool]) -> list[dict[str, Any]]:
    """``{"connection", "source", "kind", "state", "receipts"}`` for each combination there is. What strangers sent is
    counted under one name: the names they make up are theirs to choose, and must not grow our lists."""
    columns = (
        case((Receipt.stranger.is_(True), STRANGERS), else_=Receipt.connection).label("connection"),
        Receipt.source.label("source"),
        case((Receipt.stranger.is_(True), STRANGERS), else_=Receipt.kind).label("kind"),
        # The twin of the filter ``state``: evidence._in_states.
        case((Receipt.dismissed_at.is_not(None), DISMISSED), else_=Receipt.state).label("state"),
    )
    inner = select(*columns).where(*conditions).subquery()
    statement = select(*inner.c, func.count().label("receipts")).group_by(*inner.c).order_by(*inner.c)
    return [dict(row._mapping) for row in session.execute(statement)]


def open_ones(session: Session) -> list[dict[str, Any]]:
    """Of the same those in ``OPEN_STATES``: few, and found by indexes of their own, whose conditions are said to the letter."""
    states = (Receipt.state == literal_column(f"'{state}'") for state in (PENDING, QUARANTINED))
    return [row for state in states for row in by_state(session, state)]


def oldest_pending(session: Session) -> datetime | None:
    """When the receipt came that has waited longest to be understood; None where none waits. Of one that was sent back to be read
    again nobody knows since when it waits: not since it came."""
    pending = Receipt.state == literal_column(f"'{PENDING}'")  # to the letter, as in the condition of its index
    news = or_(Receipt.readings == 0, Receipt.seen_at != Receipt.received_at)  # or a polled record that came back
    return session.scalar(select(func.min(Receipt.seen_at)).where(pending, news))


def waits_long(oldest: datetime | None, now: datetime, longest: timedelta) -> TypeGuard[datetime]:
    """Whether the one that ``oldest_pending`` gave waits for longer than that: also where it came before the clock was set back,
    so that nobody knows how long."""
    return oldest is not None and (now - oldest > longest or clock.is_ahead(oldest, now))


def waited(oldest: datetime, now: datetime) -> str:
    """How long it has, in words: ``for 9 min``."""
    is_ahead = clock.is_ahead(oldest, now)
    return "since before the clock was set back" if is_ahead else f"for {clock.span(now - oldest)}"
