"""A destination's row: how far it has followed the feed, and whose turn it is to send. One process sends to a destination at a
time. Whoever changes the row while it sends names the lease that it holds (``models.leases``)."""

import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import event, func, or_, select, update
from sqlalchemy.orm import Session

from crm import lots, sharing
from crm.destination import Destination
from crm.due import FARTHEST_PARKED
from lib import ids
from lib.http.errors import CredentialsRefused
from models import CallOutcome, Delivery, DestinationState, leases
from models.database import Database, changed, insert_into
from models.deliveries import PARKED
from models.leases import FREE, LeaseLost
from models.shared_clock import shared
from outcomes.feed import state

DESK = DestinationState.__table__
SPAN = timedelta(seconds=20)  # of a lease that is not renewed: when a process has died, nothing is sent for so long
BACKOFF = timedelta(seconds=1)  # after the first failure; doubled with each that follows
LONGEST_BACKOFF = timedelta(minutes=5)
LONGEST_REST = timedelta(hours=1)
CREDENTIALS_REST = timedelta(hours=1)  # those that were refused are not tried again before, unless somebody resumes
REFUSED_CREDENTIALS = CredentialsRefused.error_id


@dataclass
class Held:
    """A destination that is ours until ``ends`` of the steady clock."""

    name: str
    lease: str
    ends: float = field(default=0.0)

    def extend(self, since: float | None = None) -> None:
        self.ends = (time.monotonic() if since is None else since) + SPAN.total_seconds()

    def check(self) -> None:
        """Before a request leaves: a process that has stood still may have lost its lease without knowing. Raises LeaseLost."""
        if time.monotonic() > self.ends:
            raise LeaseLost


def made(session: Session, destination: Destination, at: datetime) -> None:
    """The row, where there is none yet: it begins at the calls of ``since``, or with what changes from now on."""
    if session.get(DestinationState, destination.name) is not None:
        return
    last = state(session).last_position
    if destination.since is None:
        position = last
    else:
        first = select(func.min(CallOutcome.position)).where(CallOutcome.occurred_at >= destination.since)
        position = (session.scalar(first) or last + 1) - 1
    row = {"name": destination.name, "kind": destination.kind, "position": position, "since": destination.since}
    row |= {"followed_at": shared(at), "started_at": at, "next_at": at, "failures": 0, "deliveries": 0, "calls": 0}
    session.execute(insert_into(session, DESK).values(row).on_conflict_do_nothing())


class OtherKind(Exception):
    """The destination was started as another kind, under whose ids everything stands that was written."""


def check_kind(session: Session, destination: Destination) -> None:
    """Raises OtherKind, with a sentence for the operator."""
    row = session.get(DestinationState, destination.name)
    if row is not None and row.kind != destination.kind:
        raise OtherKind(
            f"{destination.name} was started as a {row.kind}. Give the {destination.kind} a name of its own."
        )


def unpark(database: Database, name: str, since: datetime, at: datetime) -> None:
    """Let it go on where its credentials were refused before this process knew them: they may be others now."""
    refused = (DESK.c.error_id == REFUSED_CREDENTIALS, DESK.c.parked_until > at)
    before = (DESK.c.name == name, *refused, DESK.c.parked_until <= since + CREDENTIALS_REST)
    with database.read() as session:
        if session.scalar(select(DESK.c.name).where(*before)) is None:
            return
    parked = (Delivery.destination == name, Delivery.state == PARKED, Delivery.due_at > at)
    lots.change(database, (*parked, Delivery.reason == REFUSED_CREDENTIALS), {"due_at": at})
    with sharing.write(database) as session:  # last: whoever dies before does all of it again
        changed(session, update(DESK).where(*before).values(parked_until=None))


def claim(session: Session, destination: Destination, at: datetime, paused: bool = False) -> Held | None:
    """Take it; None where somebody else has it, where it rests, is parked or is paused, and where it was started as another kind.
    ``paused``: also then."""
    held = Held(destination.name, str(ids.new()))
    due = or_(DESK.c.next_at <= at, DESK.c.next_at > at + 2 * LONGEST_REST)
    runs = [] if paused else [DESK.c.paused_at.is_(None)]
    open_ones = [
        *runs,
        or_(DESK.c.parked_until.is_(None), DESK.c.parked_until <= at, DESK.c.parked_until > at + FARTHEST_PARKED),
    ]
    free = leases.free(DESK.c.lease_until, at, SPAN)
    held.extend()
    taken = {"lease_owner": held.lease, "lease_until": leases.until(at, SPAN)}
    mine = (DESK.c.name == destination.name, DESK.c.kind == destination.kind)
    claimed = update(DESK).where(*mine, due, free, *open_ones).values(taken)
    return held if changed(session, claimed) == 1 else None


def renew(session: Session, held: Held, at: datetime, **values: Any) -> None:
    """Hold it longer, and set these values. Raises LeaseLost."""
    began = time.monotonic()
    _set(session, held, {"lease_until": leases.until(at, SPAN)} | values)
    # Where the commit fails, others may take it when the lease ends that they know of.
    event.listen(session, "after_commit", lambda _: held.extend(began), once=True)


def kept(database: Database, held: Held, now: Any) -> AbstractContextManager[None]:
    """Within it the destination stays ours, however long a request takes; or no request leaves any more."""

    def renewed(session: Session) -> None:
        try:
            renew(session, held, now())
        except LeaseLost:  # to a clock that jumped, say: somebody else may be sending already
            held.ends = 0.0
            raise

    return leases.kept(database, SPAN, renewed, held.name)


def release(session: Session, held: Held, **values: Any) -> None:
    """Leave it to others. Raises LeaseLost."""
    _set(session, held, FREE | values)


def rest(failures: int, wanted: float | None) -> timedelta:
    """How long to leave the other side in peace after so many failures in a row; as long as it wishes, up to an hour."""
    backoff: timedelta = min(BACKOFF * 2 ** min(failures, 20), LONGEST_BACKOFF)
    return max(backoff, min(timedelta(seconds=wanted or 0), LONGEST_REST))


def _set(session: Session, held: Held, values: dict[str, Any]) -> None:
    mine = (DESK.c.name == held.name, DESK.c.lease_owner == held.lease)
    if changed(session, update(DESK).where(*mine).values(values)) != 1:
        raise LeaseLost
