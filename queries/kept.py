"""How far each kind has been deleted, how old the oldest is that is there, and since when deleting fails."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import Session

from lib import ids
from models import (
    Audit,
    CallOutcome,
    CampaignStatus,
    Delivery,
    Kept,
    LeadLoad,
    LeadStatus,
    QueueStatus,
    Receipt,
    ScheduledSend,
)
from models.base import Guid
from models.database import AnyColumn
from models.receipts import DUPLICATE, IGNORED, NORMALIZED, QUARANTINED
from models.retention import AUDIT, DELIVERIES, KINDS, LOADS, OUTCOMES, QUARANTINE, RECEIPTS, SNAPSHOTS, whole_since

# Of each kind where the oldest stands first, in an index; of quarantine with the condition of its index, to the letter.
_CONDITIONS = {
    RECEIPTS: Receipt.state.in_((NORMALIZED, DUPLICATE, IGNORED)),
    QUARANTINE: Receipt.state == literal_column(f"'{QUARANTINED}'"),
}
_OLDEST: dict[str, tuple[AnyColumn, ...]] = {
    RECEIPTS: (Receipt.id,),
    QUARANTINE: (Receipt.id,),
    OUTCOMES: (CallOutcome.occurred_at,),
    DELIVERIES: (Delivery.id, ScheduledSend.id),
    LOADS: (LeadLoad.id,),
    SNAPSHOTS: (LeadStatus.id, CampaignStatus.id, QueueStatus.id),
    AUDIT: (Audit.happened_at,),
}


def has_outlived(session: Session, outcome: CallOutcome) -> bool:
    """Whether receipts that the outcome was made of have been deleted."""
    whole = whole_since(session)
    return whole is not None and outcome.merged_into is None and outcome.first_seen_at < whole


def since(session: Session, *kinds: str) -> datetime | None:
    """What is older than this moment of any of the kinds is deleted, or being deleted; None: all of it is there."""
    found: datetime | None = session.scalar(select(func.max(Kept.since)).where(Kept.kind.in_(kinds)))
    return found


@dataclass(frozen=True)
class Figures:
    """Of one kind. ``oldest``: None where there is nothing."""

    kind: str
    deleted: int
    oldest: datetime | None
    failing_since: datetime | None
    error: str | None


def figures(session: Session) -> list[Figures]:
    """Of every kind."""
    known = {one.kind: one for one in session.scalars(select(Kept))}
    return [
        Figures(kind, one.deleted if one else 0, _oldest(session, kind), *(_trouble(one) if one else (None, None)))
        for kind in KINDS
        for one in [known.get(kind)]
    ]


def _trouble(one: Kept) -> tuple[datetime | None, str | None]:
    return one.failing_since, one.error


def _oldest(session: Session, kind: str) -> datetime | None:
    return min((at for at in _firsts(session, kind) if at is not None), default=None)


def _firsts(session: Session, kind: str) -> Iterable[datetime | None]:
    for column in _OLDEST[kind]:
        statement = select(column).order_by(column).limit(1)
        if kind in _CONDITIONS:
            statement = statement.where(_CONDITIONS[kind])
        found = session.scalar(statement)
        if found is not None:
            yield ids.made_at(found) if isinstance(column.type, Guid) else found
