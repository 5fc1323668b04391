"""Leads, and what dialers report of campaigns and queues. ``receipt_id`` is what told it, which may be deleted by now."""

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Big, Id, Json, LongText, Moment, Name, Ref, Word

LONGEST_CAMPAIGN_NAME = 500  # bytes: a longer one would be no key


class Lead(Base):
    """Whom a campaign calls, as the dialer lists it; always the version seen last."""

    __tablename__ = "leads"
    __table_args__ = (UniqueConstraint("connection", "lead_id"), Index("ix_leads_number", "number"))

    id: Mapped[Id]
    connection: Mapped[Name]
    lead_id: Mapped[Name]
    campaign_id: Mapped[Name | None]
    number: Mapped[Word | None]
    number_raw: Mapped[LongText | None]
    first_name: Mapped[LongText | None]
    last_name: Mapped[LongText | None]
    status: Mapped[LongText | None]
    retries: Mapped[Big | None]
    priority: Mapped[Big | None]
    created_at: Mapped[Moment | None]
    first_seen_at: Mapped[Moment]
    seen_at: Mapped[Moment]
    receipt_id: Mapped[Ref]


class LeadStatus(Base):
    """A status in which a lead was seen: one row per receipt and sighting."""

    __tablename__ = "lead_statuses"
    __table_args__ = (UniqueConstraint("receipt_id", "seen_at"), Index("ix_lead_statuses_lead", "lead_id", "seen_at"))

    id: Mapped[Id]
    lead_id: Mapped[Ref] = mapped_column(ForeignKey("leads.id"))
    status: Mapped[LongText | None]
    seen_at: Mapped[Moment]
    receipt_id: Mapped[Ref]


class CampaignStatus(Base):
    """A campaign's totals at one moment. A new row only where they changed."""

    __tablename__ = "campaign_statuses"
    __table_args__ = (
        UniqueConstraint("receipt_id", "seen_at"),
        Index("ix_campaign_statuses_campaign", "connection", "campaign_id", "seen_at"),
    )

    id: Mapped[Id]
    connection: Mapped[Name]
    campaign_id: Mapped[Name]
    name: Mapped[LongText | None]
    status: Mapped[LongText | None]
    total_leads: Mapped[Big | None]
    leads_by_status: Mapped[Json]  # status -> leads, a status written twice counted twice
    repeated_statuses: Mapped[Json]  # the statuses that were written twice
    seen_at: Mapped[Moment]
    receipt_id: Mapped[Ref]


class CampaignName(Base):
    """A name under which a dialer has listed a campaign at some time: calls may name their campaign so, and not by its id."""

    __tablename__ = "campaign_names"

    connection: Mapped[Name] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(LONGEST_CAMPAIGN_NAME), primary_key=True)
    campaign_id: Mapped[Name] = mapped_column(primary_key=True)
    receipt_id: Mapped[Ref]  # that told it first
    news_at: Mapped[Moment | None]  # calls of that name are to be folded again


class QueueStatus(Base):
    """A queue's agents and counters at one moment. A new row only where they changed."""

    __tablename__ = "queue_statuses"
    __table_args__ = (
        UniqueConstraint("receipt_id", "seen_at"),
        Index("ix_queue_statuses_queue", "connection", "queue_id", "seen_at"),
    )

    id: Mapped[Id]
    connection: Mapped[Name]
    queue_id: Mapped[Name]
    name: Mapped[LongText | None]
    extension: Mapped[LongText | None]
    strategy: Mapped[LongText | None]
    counters: Mapped[Json]  # total_agents, logged_in_agents, idle_agents, ... as the dialer names them
    agents: Mapped[Json]
    seen_at: Mapped[Moment]
    receipt_id: Mapped[Ref]
