"""Calls of a span of time sent to a destination that did not get them: its history."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import Session

from crm import desk, following
from crm.destination import Destination
from lib import clock
from models import CallOutcome, DestinationState
from models.database import Database
from queries.selection import NOT_MERGED

PIECE = 500  # calls


@dataclass(frozen=True)
class Progress:
    """How many of the calls have been gone through, and how many deliveries that has made. ``to``: the last one's time."""

    calls: int
    of: int
    made: int
    to: datetime | None


def send(
    database: Database,
    destination: Destination,
    since: datetime,
    until: datetime,
    now: Callable[[], datetime] = clock.now,
) -> Iterator[Progress]:
    """Note for the destination what is to be done about the calls of this time, the oldest first, as if they had just changed;
    after each piece, how far it is. What was noted or done before is not again, unless it was taken back; so whoever is
    interrupted begins anew. Raises OtherKind."""
    anew = replace(destination, since=None)
    span = (NOT_MERGED, CallOutcome.occurred_at >= since, CallOutcome.occurred_at < until)
    with database.read() as session:
        of = session.scalar(select(func.count()).select_from(CallOutcome).where(*span)) or 0
    calls, made = 0, 0
    place = tuple_(CallOutcome.occurred_at, CallOutcome.id)
    after: ColumnElement[bool] | None = None
    while True:
        with database.write() as session:
            _hold(session, destination, now())
            wanted = select(*following.columns()).where(*span).order_by(CallOutcome.occurred_at, CallOutcome.id)
            found = session.execute((wanted if after is None else wanted.where(after)).limit(PIECE)).all()
            if not found:
                return
            made += following.deliver(session, anew, found, now(), undone=True)
        calls += len(found)
        last = found[-1]
        after = place > tuple_(last.occurred_at, last.id)
        yield Progress(calls, of, made, last.occurred_at)


def _hold(session: Session, destination: Destination, at: datetime) -> None:
    """Nobody else notes anything for the destination until the end of the transaction."""
    desk.made(session, destination, at)
    desk.check_kind(session, destination)
    row = select(DestinationState.name).where(DestinationState.name == destination.name).with_for_update()
    session.execute(row).one()
