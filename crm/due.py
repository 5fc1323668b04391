"""How many deliveries are worked on at once, and when one is again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from crm import lots
from models import Delivery, DestinationState
from models.bulk import update_rows
from models.database import Database, changed
from models.deliveries import IS_OPEN, PARKED, PENDING, UNKNOWN

LONGEST = 3_600.0  # seconds
SPREAD = timedelta(minutes=5)
# Nothing is put off for longer: by an hour, and what is parked by a day. Whatever is has been so by a clock that was ahead.
FARTHEST, FARTHEST_PARKED = timedelta(hours=2), timedelta(days=2)


@dataclass
class Most:
    """How many deliveries are taken at once. After a batch that failed as a whole half as many, since one of them may be what the
    CRM, or we, fail at, and would take the others with it for ever; after one that did not, twice as many again."""

    all: int
    now: int = field(init=False)

    def __post_init__(self) -> None:
        self.now = self.all

    def told(self, fault: bool) -> None:
        self.now = max(1, self.now // 2) if fault else min(self.all, self.now * 2)


def later(at: datetime, attempts: int, wanted: float | None) -> datetime:
    """When a delivery that was certainly not taken is tried again: from a second to an hour after, as often as it was tried."""
    backoff = min(2.0 ** min(attempts - 1, 12), LONGEST)
    return at + timedelta(seconds=max(backoff, min(wanted or 0.0, LONGEST)))


def behind(at: datetime, wait: timedelta, attempts: int, failures: int) -> datetime:
    """When something is tried again at which all of its batch has failed: behind what was not tried, since it may be this alone
    that the other side fails at. It is, where it was tried more often than there were failures in a row: then it waits for
    longer each time."""
    last = at + wait + min(wait, SPREAD)
    return max(last, later(at, attempts, None)) if attempts > failures else last


def deserted(session: Session, destination: str, at: datetime) -> list[UUID] | None:
    """What was being tried in vain when nobody was left to try it, for hours; None where somebody has been at it since."""
    failing = (Delivery.destination == destination, IS_OPEN, Delivery.failing_since.is_not(None))
    found = session.execute(select(Delivery.id, Delivery.due_at).where(*failing)).all()
    return [row.id for row in found] if all(row.due_at < at - FARTHEST for row in found) else None


def begin_anew(session: Session, destination: str, some: Sequence[UUID]) -> None:
    """Time in which nobody tried them does not count as tried in vain."""
    update_rows(session, Delivery.__table__, [{"id": one, "failing_since": None} for one in some], ("failing_since",))
    mine = (DestinationState.name == destination, DestinationState.failing_since.is_not(None))
    changed(session, update(DestinationState).where(*mine).values(failing_since=None))


def bring_back(database: Database, destination: str, at: datetime) -> int:
    """What a clock that was ahead has put off is due now. How many those were."""
    mine = and_(Delivery.destination == destination, IS_OPEN, Delivery.due_at > at + FARTHEST)
    far = or_(
        Delivery.state.in_((PENDING, UNKNOWN)),
        and_(Delivery.state == PARKED, Delivery.due_at > at + FARTHEST_PARKED),
    )
    return lots.change(database, (mine, far), {"due_at": at})
