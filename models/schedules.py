"""Schedules, and each moment at which one was due: what became of it."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Big, Count, Id, InnerJson, LongText, Moment, Name, Ref, Word, partial_index

# Where it is sent.
MAIL, FOLDER, BUCKET = "mail", "folder", "bucket"
WAYS = (MAIL, FOLDER, BUCKET)

CSV, XLSX = "csv", "xlsx"
FORMS = (CSV, XLSX)

PENDING = "pending"  # due, and not sent yet; or for sure not taken, and tried again from ``next_at`` on
SENDING = "sending"  # it may have left
SENT = "sent"
FAILED = "failed"  # for sure not taken, and given up; ``answer`` says why
UNKNOWN = "unknown"  # it left, and nobody can tell what became of it: never repeated by itself
MISSED = "missed"  # nobody came to send it before a later one was due, which was sent in its place
SEND_STATES = (PENDING, SENDING, SENT, FAILED, UNKNOWN, MISSED)

VIEW_BROKEN = "view_broken"  # why it failed; ``answer`` says what the view asks

OPEN = "state IN ('pending', 'sending')"
_TO_TELL = "tell_at IS NOT NULL"


class Schedule(Base):
    """When a view is sent, and where to."""

    __tablename__ = "schedules"
    __table_args__ = (CheckConstraint(f"way IN {WAYS}", name="way"),)

    id: Mapped[Id]
    name: Mapped[Name] = mapped_column(unique=True)
    view_id: Mapped[Ref] = mapped_column(ForeignKey("views.id"), index=True)
    way: Mapped[Word]
    recipients: Mapped[InnerJson]  # of a mail: addresses
    # The folder, below the one of the settings; or the bucket's name, and what keys begin with after a /.
    place: Mapped[LongText]
    form: Mapped[Word]  # of the file
    at: Mapped[InnerJson]  # texts such as 07:30
    weekdays: Mapped[InnerJson]  # 1 Monday - 7; empty: every day
    month_day: Mapped[Count | None]
    tz: Mapped[Word]
    tell: Mapped[Name | None]  # whom failures are told; None: as the settings say
    next_at: Mapped[Moment]  # when it is due next, paused or not
    paused_at: Mapped[Moment | None]
    created_at: Mapped[Moment]
    created_by: Mapped[LongText]
    changed_at: Mapped[Moment]


class ScheduledSend(Base):
    """One moment at which a schedule was due, or at which somebody had it tried."""

    __tablename__ = "scheduled_sends"
    __table_args__ = (
        CheckConstraint(f"state IN {SEND_STATES}", name="state"),
        UniqueConstraint("schedule_id", "due_at", "trial"),
        Index("ix_scheduled_sends_schedule", "schedule_id", "id"),
        Index("ix_scheduled_sends_settled", "settled_at", "state"),
        partial_index("ix_scheduled_sends_open", "next_at", "id", where=OPEN),
        partial_index("ix_scheduled_sends_to_tell", "tell_at", "id", where=_TO_TELL),
    )

    id: Mapped[Id]
    schedule_id: Mapped[Ref]
    due_at: Mapped[Moment]
    trial: Mapped[bool]  # somebody had it tried, and it was not due
    state: Mapped[Word]
    reason: Mapped[Word | None]  # one snake_case word for counting
    answer: Mapped[LongText | None]  # in the other side's own words, or a sentence of ours
    rows: Mapped[Big | None]
    size: Mapped[Big | None]  # bytes of the file
    target: Mapped[LongText | None]  # a mail's Message-ID, a file's path, an object's key
    missed: Mapped[Count] = mapped_column(default=0)  # how many before it were missed
    attempts: Mapped[Count] = mapped_column(default=0)
    created_at: Mapped[Moment]
    next_at: Mapped[Moment]  # when it is taken up at the earliest
    sent_at: Mapped[Moment | None]  # when it last left
    settled_at: Mapped[Moment | None]
    tell_at: Mapped[Moment | None]  # from when on somebody is to be told what went wrong
    told_at: Mapped[Moment | None]
    lease_owner: Mapped[Name | None]
    lease_until: Mapped[Moment | None]
