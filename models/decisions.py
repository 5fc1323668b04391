"""Decisions: what somebody has said here, and not in the settings file, of a dialer's word. Kept for ever, each a row."""

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Count, Id, JsonColumn, LongText, Moment, Name, Word

# Applying it to the past is the worker's.
WAITING = "waiting"
RUNNING = "running"
DONE = "done"
FAILED = "failed"
DECISION_STATES = (WAITING, RUNNING, DONE, FAILED)


class Decision(Base):
    """One decision. The latest of a word holds; a row is never changed but for what became of applying it."""

    __tablename__ = "decisions"
    __table_args__ = (Index("ix_decisions_connection", "connection", "id"),)

    id: Mapped[Id]
    connection: Mapped[Name]
    field: Mapped[Word]  # where the word stands: see outcomes.undecided.FIELDS
    word: Mapped[LongText]
    # A list of flags, or one of vocabulary.WORD_MEANINGS; null: the decision before it was withdrawn.
    meaning: Mapped[str | list[str] | None] = mapped_column(JsonColumn)
    decided_by: Mapped[Name]  # the name of the API key
    decided_at: Mapped[Moment]
    state: Mapped[Word] = mapped_column(index=True)
    lease_until: Mapped[Moment | None]  # until then a worker is at it; afterwards it has died
    ended_at: Mapped[Moment | None]
    calls: Mapped[Count | None]  # that were read again
    changed: Mapped[Count | None]  # outcomes that changed
    reason: Mapped[LongText | None]  # why it failed, or what was left
