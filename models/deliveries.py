"""Destinations, and what each is to be sent: one row for an operation on one outcome's revision."""

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Big, Count, Id, InnerJson, LongText, Moment, Name, Ref, Word, partial_index

# What is done.
LOG_CALL = "log_call"  # the call stands in the CRM, on the record that it belongs to
SET_STATUS = "set_status"  # that record's status is what the call's outcome is mapped to
REMOVE_CALL = "remove_call"  # what was logged for an outcome that was merged into another
POST_EVENT = "post_event"  # the outcome as it is, to a webhook
OPERATIONS = (LOG_CALL, SET_STATUS, REMOVE_CALL, POST_EVENT)

PENDING = "pending"  # not sent yet, or for sure not taken
SENDING = "sending"  # its request may have left
DONE = "done"  # ``reason`` says how, where that is not simply so
HELD = "held"  # a person has to say whom the call belongs to
REFUSED = "refused"  # for good: by the CRM, in ``answer``, or by what was asked for
PARKED = "parked"  # put off by the CRM until ``due_at``: a daily quota, or credentials
UNKNOWN = "unknown"  # its request left, and nobody can tell what became of it; looked up from ``due_at`` on
UNDONE = "undone"  # it was done, and taken back
DELIVERY_STATES = (PENDING, SENDING, DONE, HELD, REFUSED, PARKED, UNKNOWN, UNDONE)

# Why one is held, or refused where the settings say that such are skipped.
NOBODY, SEVERAL = "nobody_found", "several_found"
OWN = "own_number"  # the call was with a number of ours: such are never matched
UNMATCHED = (NOBODY, SEVERAL, OWN)
LEFT_OUT = "left_out"  # by a person: it belongs to nobody there, whatever becomes of the call
# Why one is refused whose record is there no more: a person may name another.
RECORD_GONE, RECORD_DELETED = "record_gone", "record_deleted"
LOST = (RECORD_GONE, RECORD_DELETED)
REPLACED = "replaced"  # why one is undone that was not sent: a later revision is
# Why one is refused that was tried in vain for days: it was not taken, or nobody can tell whether it was.
GIVEN_UP, IN_DOUBT = "given_up", "in_doubt"

# As texts, in whole: an index on some rows is used by who names them in its own words.
_OPEN = "state IN ('pending', 'sending', 'parked', 'unknown')"
_STATUS_DONE = "operation = 'set_status' AND state = 'done'"


class DestinationState(Base):
    """How far a destination has followed the change feed, who sends to it now, and what went wrong last."""

    __tablename__ = "destinations"

    name: Mapped[Name] = mapped_column(primary_key=True)
    kind: Mapped[Word]
    position: Mapped[Big]  # of the feed, up to which deliveries have been made
    # That it has: nobody counts a million to show it.
    deliveries: Mapped[Big] = mapped_column(default=0, server_default="0")
    calls: Mapped[Big] = mapped_column(default=0, server_default="0")  # of which it has any
    followed_at: Mapped[Moment]  # when something new was last found there
    # Calls from then on, as the settings said at the first start; None: whatever changes after that.
    since: Mapped[Moment | None]
    started_at: Mapped[Moment]
    paused_at: Mapped[Moment | None]
    paused_by: Mapped[LongText | None]
    parked_until: Mapped[Moment | None]  # nothing is sent before
    next_at: Mapped[Moment]  # after a failure
    failures: Mapped[Count] = mapped_column(default=0)  # in a row
    error_id: Mapped[Word | None]
    error: Mapped[LongText | None]  # a sentence for the operator; null when the last exchange went well
    failing_since: Mapped[Moment | None]  # nothing that was tried since then was taken or refused
    account: Mapped[Name | None]  # the CRM's own name of it; what was written stands there, and in no other
    sent_at: Mapped[Moment | None]  # when the other side last took something
    lease_owner: Mapped[Name | None]
    lease_until: Mapped[Moment | None]
    refusals_due: Mapped[Moment | None]  # whom not to call is asked there then; null: it was not asked yet
    refusals_at: Mapped[Moment | None]  # when all of them were read last
    refusals_unread: Mapped[Count | None]  # of these, numbers that cannot be read
    refusals_error: Mapped[LongText | None]  # why the last reading failed


class PortalBudget(Base):
    """What one limit of an account leaves: kept by all processes, and all destinations there."""

    __tablename__ = "portal_budgets"

    portal: Mapped[Name] = mapped_column(primary_key=True)
    limit: Mapped[Word] = mapped_column(primary_key=True)
    next_at: Mapped[Moment]  # when the next request may leave
    spent_until: Mapped[Moment | None]  # the day's quota is spent until then


class DestinationTokens(Base):
    """What a CRM gave a destination to ask with, for a while, and to have that renewed. Never shown or logged."""

    __tablename__ = "destination_tokens"

    name: Mapped[Name] = mapped_column(primary_key=True)  # the destination's
    given: Mapped[Word]  # hash of what the settings said when they were fetched: with other settings they count no more
    access: Mapped[LongText | None]
    access_until: Mapped[Moment | None]
    refresh: Mapped[LongText | None]  # the one that was given last; null: that of the settings
    version: Mapped[Count] = mapped_column(default=0)  # raised by whoever writes here what a CRM has given
    renewing_since: Mapped[Moment | None]  # the refresh token may have left, and perhaps it is used up
    refused_until: Mapped[Moment | None]  # nobody asks again before
    refused: Mapped[LongText | None]  # why, in a sentence
    lease_owner: Mapped[Name | None]
    lease_until: Mapped[Moment | None]


class Delivery(Base):
    """One operation on one outcome's revision at one destination. A later revision takes the place of one that was not sent."""

    __tablename__ = "deliveries"
    __table_args__ = (
        CheckConstraint(f"operation IN {OPERATIONS}", name="operation"),
        CheckConstraint(f"state IN {DELIVERY_STATES}", name="state"),
        UniqueConstraint("destination", "outcome_id", "operation", "revision"),
        Index("ix_deliveries_outcome", "outcome_id", "id"),
        Index("ix_deliveries_state", "destination", "state", "operation", "id"),
        partial_index("ix_deliveries_reason", "destination", "state", "reason", "id", where="reason IS NOT NULL"),
        partial_index("ix_deliveries_open", "destination", "due_at", "id", where=_OPEN),
        partial_index(
            "ix_deliveries_record",
            "destination",
            "record_id",
            "occurred_at",
            where=_STATUS_DONE,
        ),
    )

    id: Mapped[Id]
    destination: Mapped[Name]
    outcome_id: Mapped[Ref]
    revision: Mapped[Count]
    operation: Mapped[Word]
    state: Mapped[Word]
    reason: Mapped[Word | None]  # one snake_case word for counting
    answer: Mapped[LongText | None]  # in the CRM's own words, or a sentence of ours
    record_id: Mapped[Name | None]  # the CRM's record that the call belongs to
    remote_id: Mapped[Name | None]  # what was made there: the call, or the event's id
    remote_url: Mapped[LongText | None]
    candidates: Mapped[InnerJson | None]  # of a held one: the records to choose from, each with id, name, url
    digest: Mapped[Word | None]  # of what was sent: the same again is not sent
    before: Mapped[InnerJson | None]  # fields as they were before we set them
    after: Mapped[InnerJson | None]  # and as we set them
    changed_fields: Mapped[InnerJson | None]  # since what was sent before; null: not known
    attempts: Mapped[Count] = mapped_column(default=0)
    position: Mapped[Big]  # of the revision in the feed
    occurred_at: Mapped[Moment]  # the call's
    created_at: Mapped[Moment]
    due_at: Mapped[Moment]
    sent_at: Mapped[Moment | None]  # when it was last taken up: its request was made then, if any was
    settled_at: Mapped[Moment | None]  # when its state became what it is
    failing_since: Mapped[Moment | None]  # since when it has been tried in vain


IS_OPEN = text(f"deliveries.{_OPEN}")
IS_STATUS_DONE = text("deliveries.operation = 'set_status' AND deliveries.state = 'done'")
