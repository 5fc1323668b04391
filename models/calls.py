"""Calls: events read out of receipts, the groups they are folded in, and the outcomes made of them."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Big, Count, Id, InnerJson, Json, LongText, Moment, Name, Ref, Word, partial_index
from models.searching import SEARCHED

# The twin of dialers.vocabulary.CONNECT_OUTCOMES and SETTLINGS, which the tables may not import; a test compares them.
CONNECT_OUTCOMES = (
    "connected",
    "voicemail",
    "no_answer",
    "busy",
    "rejected",
    "unreachable",
    "invalid_number",
    "failed",
    "abandoned",
    "agent_unavailable",
    "canceled",
    "blocked",
    "unknown",
    "pending",
    "in_progress",
    "retry_scheduled",
)
SETTLED = "settled"
SETTLINGS = ("provisional", "awaiting_disposition", SETTLED, "never_disposed")

# Texts, because SQLite takes a partial index only where a query repeats its condition to the letter. The last
# part is in the words of the indexes that stand: "IS NULL" means the same, and would have them built anew.
UNKNOWN_AND_OVER = "connect_outcome = 'unknown' AND is_final AND NOT (merged_into IS NOT NULL)"
UNFLAGGED = "disposition IS NOT NULL AND flags = '[]' AND NOT (merged_into IS NOT NULL)"
# An event's word that we have none for. SQLite knows ->> since 3.38 only.
SQLITE_EVENT_WORD = "json_extract(facts, '$._word')"
POSTGRESQL_EVENT_WORD = "facts ->> '_word'"
# Whether something in an event's record could not be read. On SQLite a text is looked for instead of opening the JSON of
# every event that is written; where a customer's own field is called so, too, nothing is found inside.
SQLITE_UNREAD = "(instr(facts, '\"_unread\":') > 0)"
POSTGRESQL_UNREAD = "((facts -> '_unread') IS NOT NULL)"


class CallGroup(Base):
    """The unit of folding and of locking: all events that share the dialer's lead-level call key."""

    __tablename__ = "call_groups"

    id: Mapped[Id]
    connection: Mapped[Name]
    dialer: Mapped[Word]


class CallKey(Base):
    """A key under which the dialer names a group. Two keys of one record make their groups one."""

    __tablename__ = "call_keys"

    connection: Mapped[Name] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(500), primary_key=True)
    group_id: Mapped[Ref] = mapped_column(ForeignKey("call_groups.id"), index=True)


class CallEvent(Base):
    """One fact read out of a receipt. Replaced as a whole when the receipt is read again."""

    __tablename__ = "call_events"
    __table_args__ = (
        UniqueConstraint("receipt_id", "ordinal"),
        partial_index(
            "ix_call_events_word",
            "outcome_id",
            sqlite_where=f"{SQLITE_EVENT_WORD} IS NOT NULL",
            where=f"{POSTGRESQL_EVENT_WORD} IS NOT NULL",
        ),
        partial_index("ix_call_events_unread", "outcome_id", sqlite_where=SQLITE_UNREAD, where=POSTGRESQL_UNREAD),
    )

    id: Mapped[Id]
    receipt_id: Mapped[Ref]  # no foreign key: a month of receipts goes as a whole, see models.parting
    ordinal: Mapped[Count]
    group_id: Mapped[Ref] = mapped_column(ForeignKey("call_groups.id"), index=True)
    outcome_id: Mapped[Ref | None] = mapped_column(index=True)  # the outcome it is counted into at present
    source: Mapped[Name]  # "callback:terminal", "report:lead_history"
    kind: Mapped[Word]
    attempt: Mapped[Name | None]  # the dialer's own name of the attempt, where the record says it
    happened_at: Mapped[Moment | None]  # the dialer's clock
    received_at: Mapped[Moment]  # our clock, when the receipt first came
    seen_at: Mapped[Moment]  # our clock, when it was last news: see Receipt.seen_at
    facts: Mapped[InnerJson]


class CallOutcome(Base):
    """The row: what became of one call attempt. Written by ``outcomes`` alone, from events and what they met (``met``)."""

    __tablename__ = "call_outcomes"
    __table_args__ = (
        CheckConstraint(f"connect_outcome IN {CONNECT_OUTCOMES}", name="connect_outcome"),
        CheckConstraint(f"settling IN {SETTLINGS}", name="settling"),
        Index("ix_call_outcomes_occurred", "occurred_at", "id"),
        Index("ix_call_outcomes_changed", "changed_at", "id"),
        Index("ix_call_outcomes_number", "customer_number"),
        Index("ix_call_outcomes_campaign", "connection", "campaign_id", "occurred_at"),
        partial_index("ix_call_outcomes_settle_by", "settle_by", where="settle_by IS NOT NULL"),
        partial_index("ix_call_outcomes_merged_into", "merged_into", where="merged_into IS NOT NULL"),
        partial_index(
            "ix_call_outcomes_campaign_name",
            "connection",
            "id",
            where="campaign_id IS NULL AND campaign_name IS NOT NULL",
        ),
        partial_index("ix_call_outcomes_lead", "connection", "lead_id", where="lead_id IS NOT NULL"),
        partial_index(
            # A hash on PostgreSQL: the reference is the tenant's text of any length, and a B-tree refuses a long one.
            "ix_call_outcomes_crm_reference",
            "crm_reference",
            where="crm_reference IS NOT NULL",
            postgresql_using="hash",
        ),
        partial_index("ix_call_outcomes_unknown", "connection", "id", where=UNKNOWN_AND_OVER),
        partial_index("ix_call_outcomes_unflagged", "connection", "id", where=UNFLAGGED),
        *SEARCHED,
    )

    id: Mapped[Id]
    group_id: Mapped[Ref] = mapped_column(ForeignKey("call_groups.id"), index=True)
    attempt_key: Mapped[str] = mapped_column(String(250))  # which attempt of its group; internal
    connection: Mapped[Name]
    dialer: Mapped[Word]
    call_id: Mapped[Name | None]
    attempt_id: Mapped[Name | None]
    lead_id: Mapped[Name | None]
    campaign_id: Mapped[Name | None]
    campaign_name: Mapped[LongText | None]
    queue_id: Mapped[Name | None]
    queue_name: Mapped[LongText | None]
    direction: Mapped[Word | None]
    customer_number: Mapped[Word | None]
    customer_number_raw: Mapped[LongText | None]
    customer_name: Mapped[LongText | None]
    caller_number: Mapped[Word | None]
    agent_id: Mapped[Name | None]
    agent_name: Mapped[LongText | None]
    agent_username: Mapped[LongText | None]
    agent_email: Mapped[LongText | None]
    agent_number: Mapped[LongText | None]
    agent_extension: Mapped[LongText | None]
    connect_outcome: Mapped[Word]
    answered_by: Mapped[Word | None]
    disposition: Mapped[LongText | None]
    disposition_parent: Mapped[LongText | None]
    flags: Mapped[Json]
    settling: Mapped[Word]
    is_final: Mapped[bool]
    status_raw: Mapped[LongText | None]
    hangup_cause: Mapped[LongText | None]
    lead_status: Mapped[LongText | None]
    created_at: Mapped[Moment | None]
    started_at: Mapped[Moment | None]
    answered_at: Mapped[Moment | None]
    ended_at: Mapped[Moment | None]
    disposed_at: Mapped[Moment | None]
    callback_at: Mapped[Moment | None]
    ring_seconds: Mapped[Big | None]
    talk_seconds: Mapped[Big | None]
    duration_seconds: Mapped[Big | None]
    talk_source: Mapped[Word | None]
    duration_source: Mapped[Word | None]
    recording_url: Mapped[LongText | None]
    notes: Mapped[LongText | None]
    custom_fields: Mapped[Json]
    crm_reference: Mapped[LongText | None]
    sources: Mapped[Json]
    merged_into: Mapped[Ref | None]
    revision: Mapped[Count]
    first_seen_at: Mapped[Moment]
    corrected_at: Mapped[Moment | None]  # when the row, settled, was first made to mean something else
    changed_at: Mapped[Moment]
    occurred_at: Mapped[Moment]  # when the call was: the first known of started, answered, ended, first seen
    # What it showed 24 hours after the call, where it has changed since: outcomes.stood.
    stood_connect_outcome: Mapped[Word | None]
    stood_contact: Mapped[bool | None]
    settle_by: Mapped[Moment | None]  # when waiting ends; null when nothing is waited for
    set_by: Mapped[InnerJson]  # field -> the receipt that set it
    position: Mapped[Big] = mapped_column(unique=True)  # its place in the change feed
    # In which the revision differs from the one before, as shown; null: not known.
    changed_fields: Mapped[InnerJson | None]


class ChangeFeed(Base):
    """One row: the last place given out. Whoever takes places holds this row's lock until commit, so that places
    become visible in their order and a reader at ``position > last`` can miss none."""

    __tablename__ = "change_feed"

    id: Mapped[int] = mapped_column(primary_key=True)
    last_position: Mapped[Big]
    # See outcomes.feed: which count of places this is, and the gap that parts it from the one before.
    epoch: Mapped[Big] = mapped_column(server_default="1")
    stands_to: Mapped[Big] = mapped_column(server_default="0")
    begins_above: Mapped[Big] = mapped_column(server_default="0")


class FeedStart(Base):
    """A start of a worker, and the last place before it. Cursors name the latest one: see outcomes.feed."""

    __tablename__ = "feed_starts"

    number: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[Word] = mapped_column(unique=True)  # like no other database's
    position: Mapped[Big]
