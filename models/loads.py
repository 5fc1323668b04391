"""Loads: leads on their way into a dialer, and what became of each."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Big, Count, Id, Json, LongText, Moment, Name, Ref, Word, partial_index

RUNNING = "running"
DONE = "done"  # every lead has its end
PARKED = "parked"  # nothing is sent until an operator, or new settings, let it go on
LOAD_STATES = (RUNNING, DONE, PARKED)

PENDING = "pending"  # not sent yet, or for sure not taken
SENDING = "sending"  # its request may have left; outside this is shown as pending
ACCEPTED = "accepted"
REJECTED = "rejected"
UNKNOWN = "unknown"  # its request left, and nobody can tell whether it was taken
LEAD_STATES = (PENDING, SENDING, ACCEPTED, REJECTED, UNKNOWN)


class LeadLoad(Base):
    """One list of leads for one campaign, or for a new one."""

    __tablename__ = "lead_loads"
    __table_args__ = (
        CheckConstraint(f"state IN {LOAD_STATES}", name="state"),
        partial_index("ix_lead_loads_open", "connection", "id", where="state <> 'done'"),
    )

    id: Mapped[Id]
    connection: Mapped[Name]
    campaign: Mapped[Name | None]  # None: a new one, whose id is not told yet, or never
    makes_campaign: Mapped[bool] = mapped_column(default=False)
    name: Mapped[LongText | None]  # of a new campaign
    options: Mapped[Json]  # the dialer's own fields, as given
    total: Mapped[Big]
    state: Mapped[Word] = mapped_column(default=RUNNING)
    reason: Mapped[LongText | None]  # why it is parked, or what it waits for
    created_at: Mapped[Moment]
    parked_at: Mapped[Moment | None]
    finished_at: Mapped[Moment | None]


class LoadedLead(Base):
    """One lead of a load. Its id is the mark under which the dialer gets it."""

    __tablename__ = "loaded_leads"
    __table_args__ = (
        CheckConstraint(f"state IN {LEAD_STATES}", name="state"),
        UniqueConstraint("load_id", "ordinal"),
        partial_index("ix_loaded_leads_open", "load_id", "ordinal", where="state IN ('pending', 'sending')"),
        partial_index("ix_loaded_leads_dialer_id", "connection", "dialer_id", where="dialer_id IS NOT NULL"),
        Index("ix_loaded_leads_number", "connection", "number"),
        partial_index("ix_loaded_leads_unknown", "connection", "load_id", where="state = 'unknown'"),
        partial_index("ix_loaded_leads_news", "id", where="news_at IS NOT NULL"),
        partial_index("ix_loaded_leads_sent", "sent_at", where="state = 'accepted'"),
    )

    id: Mapped[Id]
    load_id: Mapped[Ref] = mapped_column(ForeignKey("lead_loads.id"))
    connection: Mapped[Name]
    ordinal: Mapped[Big]  # its row, counted from 1
    number: Mapped[Word]  # E.164
    number_raw: Mapped[LongText]
    reference: Mapped[LongText | None]
    given: Mapped[Json]  # the other fields of dialers.giving.Lead that were given
    state: Mapped[Word] = mapped_column(default=PENDING)
    reason: Mapped[LongText | None]
    dialer_id: Mapped[Name | None]
    order_key: Mapped[Word | None]  # of the request that it was sent with
    tries: Mapped[Count] = mapped_column(default=0)  # how often that request was made
    first_sent_at: Mapped[Moment | None]  # when it was made first; None where it was for sure not taken
    sent_at: Mapped[Moment | None]
    settled_at: Mapped[Moment | None]
    news_at: Mapped[Moment | None]  # its calls are to be folded again, because what they take from it has changed


class SendingDesk(Base):
    """Who sends to a connection now, and when the next request may leave: the dialer's pace, kept by all processes."""

    __tablename__ = "sending_desks"

    connection: Mapped[Name] = mapped_column(primary_key=True)
    lease_owner: Mapped[Name | None]
    lease_until: Mapped[Moment | None]
    next_at: Mapped[Moment]
    failures: Mapped[Count] = mapped_column(default=0)  # in a row
    error_id: Mapped[Word | None]
    error: Mapped[LongText | None]
