"""Which rows are due: of each kind and table the column by which a row's age goes, and what else must hold. What is shown
before, what is deleted and what docs/retention.md says are this."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session, aliased

from lib import ids
from models import (
    Audit,
    Base,
    CallEvent,
    CallOutcome,
    CampaignStatus,
    Delivery,
    Kept,
    Lead,
    LeadLoad,
    LeadStatus,
    LoadedLead,
    QueueStatus,
    Receipt,
    ScheduledSend,
    TakeOut,
)
from models.base import Guid
from models.database import AnyColumn
from models.deliveries import DONE as SENT
from models.deliveries import REFUSED, UNDONE
from models.loads import DONE, UNKNOWN
from models.receipts import DUPLICATE, IGNORED, NORMALIZED, QUARANTINED
from models.retention import AUDIT, DELIVERIES, LOADS, OUTCOMES, QUARANTINE, RECEIPTS, SNAPSHOTS, whole_since
from models.schedules import PENDING, SENDING
from models.take_outs import BY_HAND
from models.take_outs import PENDING as TO_BE_TAKEN_OUT
from models.take_outs import SENDING as BEING_TAKEN_OUT
from queries.loaded import BY_DIALER_ID, BY_MARK, BY_NUMBER

READ = (NORMALIZED, DUPLICATE, IGNORED)  # states of receipts that are done with
ENDED = (SENT, REFUSED, UNDONE)  # of deliveries: nothing is to be done about them, by nobody


@dataclass(frozen=True)
class Rows:
    """Some rows of one table, by age: ``column`` is a moment, or an id, which sorts by the time of its making."""

    table: type[Base]
    column: AnyColumn
    where: tuple[ColumnElement[bool], ...] = ()
    with_it: tuple[AnyColumn, ...] = ()  # whatever names it in these goes first
    counts_against_strangers: bool = False
    goes_by_months: bool = False  # on PostgreSQL, where a part of the table is older as a whole

    @property
    def name(self) -> str:
        return str(self.table.__tablename__)

    @property
    def by_id(self) -> bool:
        return isinstance(self.column.type, Guid)

    def before(self, moment: datetime) -> ColumnElement[bool]:
        return self.column < self.value(moment)

    def value(self, moment: datetime) -> UUID | datetime:
        """The least that the column may say of what is not older."""
        return ids.first(moment) if self.by_id else moment

    def moment(self, value: Any) -> datetime:
        return ids.made_at(value) if self.by_id else value


def of_kind(session: Session, kind: str) -> Sequence[Rows]:
    """The rows that a kind has, in the order in which they are deleted."""
    return _KINDS[kind](session)


def _receipts(_: Session) -> Sequence[Rows]:
    return (
        Rows(CallEvent, CallEvent.receipt_id),
        Rows(Receipt, Receipt.id, (Receipt.state.in_(READ),), goes_by_months=True),
    )


def _quarantine(_: Session) -> Sequence[Rows]:
    # Of what could be read in part calls have learned something: it goes when that has gone.
    told = exists().where(CallEvent.receipt_id == Receipt.id)
    return (Rows(Receipt, Receipt.id, (Receipt.state == QUARANTINED, ~told), counts_against_strangers=True),)


def _outcomes(_: Session) -> Sequence[Rows]:
    return (Rows(CallOutcome, CallOutcome.occurred_at),)


def _deliveries(_: Session) -> Sequence[Rows]:
    sent = (ScheduledSend.state.not_in((PENDING, SENDING)), ScheduledSend.tell_at.is_(None))
    return (
        Rows(Delivery, Delivery.id, (Delivery.state.in_(ENDED),)),
        Rows(ScheduledSend, ScheduledSend.id, sent),
    )


def _loads(session: Session) -> Sequence[Rows]:
    """A load stays while somebody has to see to one of its leads, and while a call may be folded again that could take something
    from one."""
    of_it = LoadedLead.load_id == LeadLoad.id
    open_ = (TO_BE_TAKEN_OUT, BEING_TAKEN_OUT, BY_HAND)
    whole = whole_since(session)
    alive = [] if whole is None else [CallOutcome.first_seen_at >= whole]
    called = (CallOutcome.connection == LoadedLead.connection, CallOutcome.merged_into.is_(None), *alive)
    stays = (
        exists().where(of_it, LoadedLead.state == UNKNOWN),
        exists().where(of_it, TakeOut.loaded_lead == LoadedLead.id, TakeOut.state.in_(open_)),
        *(exists().where(of_it, *called, way) for way in (BY_DIALER_ID, BY_MARK, BY_NUMBER)),
    )
    return (
        Rows(LeadLoad, LeadLoad.finished_at, (LeadLoad.state == DONE, *(~one for one in stays)), (LoadedLead.load_id,)),
    )


def _snapshots(session: Session) -> Sequence[Rows]:
    """Of each lead, campaign and queue what was seen last stays. A lead goes, with that, once the receipt that told it last has
    gone: else it would not come again while the dialer lists it unchanged."""
    since = session.scalar(select(Kept.since).where(Kept.kind == RECEIPTS))
    told = ids.first(since) if since is not None else UUID(int=0)
    status, campaign, queue = aliased(LeadStatus), aliased(CampaignStatus), aliased(QueueStatus)
    of_lead = status.lead_id == LeadStatus.lead_id
    of_campaign = and_(
        campaign.connection == CampaignStatus.connection, campaign.campaign_id == CampaignStatus.campaign_id
    )
    of_queue = and_(queue.connection == QueueStatus.connection, queue.queue_id == QueueStatus.queue_id)
    return (
        Rows(LeadStatus, LeadStatus.id, (exists().where(of_lead, status.seen_at > LeadStatus.seen_at),)),
        Rows(Lead, Lead.seen_at, (Lead.receipt_id < told,), (LeadStatus.lead_id,)),
        Rows(
            CampaignStatus, CampaignStatus.id, (exists().where(of_campaign, campaign.seen_at > CampaignStatus.seen_at),)
        ),
        Rows(QueueStatus, QueueStatus.id, (exists().where(of_queue, queue.seen_at > QueueStatus.seen_at),)),
    )


def _audit(_: Session) -> Sequence[Rows]:
    # Both databases refuse what is younger than ``audit.KEPT_DAYS``; the settings keep it for longer.
    return (Rows(Audit, Audit.happened_at),)


_KINDS: Mapping[str, Callable[[Session], Sequence[Rows]]] = {
    RECEIPTS: _receipts,
    QUARANTINE: _quarantine,
    OUTCOMES: _outcomes,
    DELIVERIES: _deliveries,
    LOADS: _loads,
    SNAPSHOTS: _snapshots,
    AUDIT: _audit,
}


def condition(rows: Rows, before: datetime) -> ColumnElement[bool]:
    """Whether a row is due."""
    return and_(rows.before(before), *rows.where)


def oldest(session: Session, rows: Rows, not_before: datetime | None = None) -> datetime | None:
    """The age of the oldest of them; of those from a moment on."""
    statement = select(rows.column).where(*rows.where).order_by(rows.column).limit(1)
    if not_before is not None:
        statement = statement.where(rows.column >= rows.value(not_before))
    else:
        statement = statement.where(rows.column.is_not(None))
    found = session.scalar(statement)
    return None if found is None else rows.moment(found)
