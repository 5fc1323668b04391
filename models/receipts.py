"""Receipts: the evidence, kept exactly as it came, before anybody understood it."""

from sqlalchemy import CheckConstraint, Index, String, false, func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Big, Bytes, Count, Id, InnerJson, Json, LongText, Moment, Name, Word, partial_index

PENDING = "pending"  # kept, not yet understood
NORMALIZED = "normalized"  # its events are in
DUPLICATE = "duplicate"  # all it says, another receipt had said
IGNORED = "ignored"  # a kind that we know and do not need
QUARANTINED = "quarantined"  # could not be understood, or was not authorised; the reason stands beside it
STATES = (PENDING, NORMALIZED, DUPLICATE, IGNORED, QUARANTINED)
DISMISSED = "dismissed"  # as readers see it: in quarantine, and somebody has said that it is garbage
SHOWN_STATES = (*STATES, DISMISSED)

CHECK = "check"  # the kind of a callback that ``wrapup check`` posts, to see that it arrives: it says nothing of a call

CALLBACK = "callback"
REPORT = "report"
RECEIVED_ANSWER = b'{"received":true}'  # to every callback that was kept


class Receipt(Base):
    """One callback body, or one polled record."""

    __tablename__ = "receipts"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        # An unchanged row polled again costs nothing. Callbacks are not unique: a retry is evidence too.
        partial_index(
            "uq_receipts_report_content", "connection", "kind", "content_hash", unique=True, where="source = 'report'"
        ),
        partial_index("ix_receipts_record", "connection", "kind", "record_key", where="record_key IS NOT NULL"),
        partial_index("ix_receipts_pending", "seen_at", "id", where="state = 'pending'"),
        partial_index("ix_receipts_quarantined", "id", where="state = 'quarantined'"),
        partial_index("ix_receipts_forgiven", "connection", "received_at", where="forgiven IS NOT NULL"),
        partial_index(
            "ix_receipts_share", "share", "known_sender", "id", sqlite_where="stranger IS 1", where="stranger IS true"
        ),
        Index("ix_receipts_connection", "connection", "source", "kind", "received_at"),
    )

    id: Mapped[Id]
    connection: Mapped[Name]  # as the URL said it; it may not exist
    dialer: Mapped[Word | None]
    source: Mapped[Word]
    kind: Mapped[Name]  # callback kind or report name
    received_at: Mapped[Moment]
    # Equal to received_at, but for a polled record that came back after another version of it had been seen.
    seen_at: Mapped[Moment]
    method: Mapped[Word | None]
    query: Mapped[LongText | None]
    headers: Mapped[InnerJson | None]  # an allow-list; never secrets
    body: Mapped[Bytes]
    body_size: Mapped[Big]  # as sent; more than len(body) when the body was cut
    truncated: Mapped[bool] = mapped_column(default=False)
    content_hash: Mapped[str] = mapped_column(String(64))
    record_key: Mapped[LongText | None]  # which record of its report it is a version of
    context: Mapped[Json | None]  # what the poller knew and the record does not say, such as its campaign
    # Unknown connection, wrong token or ``Authorization``: capped.
    stranger: Mapped[bool] = mapped_column(default=False)
    share: Mapped[Name | None]  # of a stranger's: which of the shares of ``models.strangers`` it fills
    # Of a stranger's: whether it came with a token that is ours, an outdated one, say.
    known_sender: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Of a stranger's: the bytes that are kept of it, its body and all texts beside it; None where an older release kept it.
    kept_bytes: Mapped[Big | None]
    state: Mapped[Word] = mapped_column(default=PENDING)
    reason: Mapped[Word | None]
    detail: Mapped[LongText | None]
    # Words of the slips that were passed over when it was read last, parted by blanks.
    forgiven: Mapped[LongText | None]
    processed_at: Mapped[Moment | None]
    readings: Mapped[Count] = mapped_column(default=0)  # how often it was read; more than once after a replay
    # When a person was erased who stood in it. Its body is then what is left of what it told: outcomes.erased.
    erased_at: Mapped[Moment | None]
    dismissed_at: Mapped[Moment | None]  # of one in quarantine: when somebody said that it is garbage
    dismissed_by: Mapped[LongText | None]  # the key's name


# What strangers fill the quarantine with, dismissed or not.
STRANGERS_KEPT = (Receipt.stranger.is_(True), Receipt.state == QUARANTINED)
# By which it counts against the caps. What an older release kept counts by its body alone.
KEPT_BYTES = func.coalesce(Receipt.kept_bytes, func.length(Receipt.body))


class KnownToken(Base):
    """A callback token that opens or opened a connection's URLs, as a keyed hash: it tells an outdated URL from a stranger."""

    __tablename__ = "known_tokens"

    connection: Mapped[Name] = mapped_column(primary_key=True)
    fingerprint: Mapped[Word] = mapped_column(primary_key=True)
    first_seen_at: Mapped[Moment]
    last_seen_at: Mapped[Moment]  # when Wrapup was last started with it
