"""How far each kind has been deleted, and how that goes: a row for each kind of ``KINDS`` that anything was deleted of."""

from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Big, LongText, Moment, Word

RECEIPTS = "receipts"  # the evidence: receipts that were read, and the events in them
QUARANTINE = "quarantine"  # receipts that could not be read, or had no right to come
OUTCOMES = "outcomes"
DELIVERIES = "deliveries"  # to destinations, and what schedules have sent
LOADS = "loads"
SNAPSHOTS = "snapshots"  # what dialers have shown of leads, campaigns and queues
AUDIT = "audit"  # the log of what persons did
KINDS = (RECEIPTS, QUARANTINE, DELIVERIES, OUTCOMES, LOADS, SNAPSHOTS, AUDIT)


class Kept(Base):
    """Of one kind: from when on it is kept. Written before anything is deleted, so that whoever finds rows missing knows why."""

    __tablename__ = "kept"
    __table_args__ = (CheckConstraint(f"kind IN {KINDS}", name="kind"),)

    kind: Mapped[Word] = mapped_column(primary_key=True)
    since: Mapped[Moment | None]  # a month's beginning: what is older is deleted, or being deleted
    deleting: Mapped[bool] = mapped_column(default=False)  # some of it may still be there
    # How often rows were deleted: another number means that what was read before may be gone.
    rounds: Mapped[Big] = mapped_column(default=0)
    deleted: Mapped[Big] = mapped_column(default=0)  # rows, of all rounds
    deleted_at: Mapped[Moment | None]  # when the last one was
    announced: Mapped[Moment | None]  # up to which month the log has said that it will be deleted,
    announced_at: Mapped[Moment | None]  # and when
    failing_since: Mapped[Moment | None]
    error: Mapped[LongText | None]  # a sentence; null when the last try went well


# A receipt goes by its id's time, and an outcome knows when its first one came: the two are taken one after the other.
MARGIN = timedelta(hours=1)


def whole_since(session: Session) -> datetime | None:
    """Of outcomes that were first seen earlier receipts have been deleted. None: of none."""
    since = session.scalar(select(Kept.since).where(Kept.kind == RECEIPTS))
    return None if since is None else since + MARGIN
