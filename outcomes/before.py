"""Whether something was before an erasure, where the clocks of hosts differ.

What comes in is stamped by the clock of the host that takes it. A clock that is ahead stamps what was there before an erasure as
if it had come after it. So an erasure notes two things when it begins: the last place that the change feed had given, which no
clock moves, and the latest stamp that there was. What is stamped between the erasure and that is of before, unless its dialer
states that the call was made after the erasure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from dialers.base import Event, LeadSeen
from lib import clock, ids
from models import CallEvent, CallOutcome, ChangeFeed, Erasure, Lead, LoadedLead, Receipt
from models.database import AnyColumn
from models.receipts import PENDING

# A clock that is wrong by more moves no erasure: what comes for a year would be of before.
MOST_AHEAD = timedelta(days=1)
TIMES = ("started_at", "answered_at", "ended_at", "created_at")
_MILLISECOND = timedelta(milliseconds=1)
_STAMPED: Sequence[AnyColumn] = (Receipt.id, CallEvent.id, CallOutcome.id, Lead.id, LoadedLead.id)


@dataclass(frozen=True)
class Before:
    """What is before one erasure. ``known_to``: the latest stamp that there was, ``erased_at`` where no clock was ahead;
    ``position``: the last place of the change feed."""

    erased_at: datetime
    known_to: datetime
    position: int = 0

    def is_call(self) -> ColumnElement[bool]:
        """Of outcomes."""
        times = [getattr(CallOutcome, name) for name in TIMES]
        stated = or_(*(time <= self.erased_at for time in times), and_(*(time.is_(None) for time in times)))
        return or_(
            CallOutcome.position <= self.position,
            CallOutcome.first_seen_at <= self.erased_at,
            and_(CallOutcome.first_seen_at <= self.known_to, stated),
        )

    def is_event(self, event: Event, received_at: datetime) -> bool:
        """Whether the event is of a call that was before, or was told by then."""
        if received_at <= self.erased_at:
            return True
        times = (clock.parse(event.facts.get(name)) for name in TIMES)
        stated = [at for at in (*times, event.happened_at) if at is not None]
        return min(stated) <= self.erased_at if stated else received_at <= self.known_to

    def is_lead(self, lead: LeadSeen, received_at: datetime) -> bool:
        """Whether the lead was listed by then."""
        if received_at <= self.erased_at:
            return True
        return received_at <= self.known_to and (lead.created_at is None or lead.created_at <= self.erased_at)


def of(row: Erasure) -> Before:
    return Before(row.erased_at, row.known_to or row.erased_at, row.position)


def beginning(session: Session, number: str, at: datetime) -> Before:
    """Of an erasure of this number that begins now."""
    latest = at + MOST_AHEAD
    pending = select(Receipt.seen_at).where(Receipt.state == PENDING, Receipt.seen_at <= latest)
    calls = select(CallOutcome.first_seen_at).where(CallOutcome.customer_number == number)
    stamps = [
        session.scalar(pending.order_by(Receipt.seen_at.desc()).limit(1)),
        session.scalar(
            calls.where(CallOutcome.first_seen_at <= latest).order_by(CallOutcome.first_seen_at.desc()).limit(1)
        ),
    ]
    for column in _STAMPED:
        last = session.scalar(select(column).where(column < ids.first(latest)).order_by(column.desc()).limit(1))
        stamps.append(last and ids.made_at(last))
    ahead = [stamp + _MILLISECOND for stamp in stamps if stamp is not None and stamp > at]  # ids tell no less
    return Before(at, max(ahead, default=at), session.scalar(select(ChangeFeed.last_position)) or 0)
