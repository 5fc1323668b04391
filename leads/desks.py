"""Desks: one process sends to a connection at a time, and the dialer's pace is kept by all of them together.
Whoever changes a desk names the lease that it holds (``models.leases``). When the next request may leave is said by the
clock that all hosts share.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from dialers.base import Connection
from dialers.giving import Pace
from lib import ids
from models import SendingDesk, leases
from models.database import Database, changed, insert_into
from models.leases import FREE, LeaseLost
from models.shared_clock import ours, shared

Clock = Callable[[], datetime]
DESK = SendingDesk.__table__
ANSWER_SECONDS = 30  # of a dialer, where the connection says nothing else
SPARE = timedelta(seconds=5)
BACKOFF = timedelta(seconds=2)  # after the first failure; doubled with each that follows
LONGEST_BACKOFF = timedelta(minutes=5)
LONGEST_REST = timedelta(hours=1)


@dataclass(frozen=True)
class HeldDesk:
    """A desk that is ours. ``span`` is how long a lease lasts without being renewed: when a process has died, nothing is sent
    for so long."""

    connection: str
    lease: str
    span: timedelta


def claim(session: Session, connection: Connection, at: datetime) -> HeldDesk | None:
    """Take the connection's desk; None where somebody else has it, or it rests."""
    span = timedelta(seconds=2 * connection.settings.get("timeout_seconds", ANSWER_SECONDS)) + SPARE
    held = HeldDesk(connection.name, str(ids.new()), span)
    make(session, connection.name, at)
    free = leases.free(DESK.c.lease_until, at, span)
    there = shared(at)
    due = or_(DESK.c.next_at <= there + timedelta(seconds=1), DESK.c.next_at > there + 2 * LONGEST_REST)
    taken = {"lease_owner": held.lease, "lease_until": leases.until(at, span)}
    claimed = update(DESK).where(DESK.c.connection == connection.name, free, due).values(taken)
    return held if changed(session, claimed) == 1 else None


def make(session: Session, connection: str, at: datetime) -> None:
    """The desk, where there is none yet."""
    row = {"connection": connection, "next_at": shared(at), "failures": 0}
    session.execute(insert_into(session, DESK).values(row).on_conflict_do_nothing())


def renew(session: Session, held: HeldDesk, at: datetime, **values: object) -> None:
    """Hold the desk longer, and set these values. Raises LeaseLost."""
    _set(session, held, {"lease_until": leases.until(at, held.span)} | values)


def kept(database: Database, held: HeldDesk, now: Clock) -> AbstractContextManager[None]:
    """Within it the desk stays ours, however long an order takes: several requests, each with its connecting and an answer
    that trickles in, have no end that could be known before."""
    return leases.kept(database, held.span, lambda session: renew(session, held, now()), held.connection)


def release(session: Session, held: HeldDesk, *, until: datetime | None = None, **values: object) -> None:
    """Leave the desk to others; to rest until then. Raises LeaseLost."""
    rest = {} if until is None else {"next_at": shared(until)}
    _set(session, held, FREE | rest | values)


def failures(session: Session, connection: str) -> int:
    """How often in a row the dialer did not answer as it should."""
    return session.scalar(select(DESK.c.failures).where(DESK.c.connection == connection)) or 0


def rest(session: Session, connection: str, wanted: float | None) -> timedelta:
    """How long to leave the dialer in peace after one more failure; as long as it wishes, up to an hour."""
    backoff: timedelta = min(BACKOFF * 2 ** min(failures(session, connection), 20), LONGEST_BACKOFF)
    return max(backoff, min(timedelta(seconds=wanted or 0), LONGEST_REST))


def slot(session: Session, connection: str, pace: Pace, at: datetime) -> datetime:
    """When the next request may leave; the one after it will have to wait for its share of the pace."""
    make(session, connection, at)
    mine = DESK.c.connection == connection
    share = timedelta(seconds=pace.seconds / pace.requests)
    next_at: datetime = session.scalars(select(DESK.c.next_at).where(mine).with_for_update()).one()
    there = shared(at)
    free = max(there, next_at) if next_at <= there + 2 * LONGEST_REST else there
    session.execute(update(DESK).where(mine).values(next_at=free + share))
    return ours(free)


def _set(session: Session, held: HeldDesk, values: dict[str, object]) -> None:
    mine = (DESK.c.connection == held.connection, DESK.c.lease_owner == held.lease)
    if changed(session, update(DESK).where(*mine).values(values)) != 1:
        raise LeaseLost
