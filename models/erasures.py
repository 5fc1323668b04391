"""Erasures: the ledger of persons who were erased, by a keyed hash of their number, and how far each has come.

The number itself stands in the row only while it is looked for. The same ledger is kept as a file beside the database
(``upkeep.erasure.ledger``), so that a backup which was put back learns of it.
"""

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Big, Count, Id, InnerJson, LongText, Moment, Name, Word, partial_index

RUNNING = "running"
DONE = "done"
ERASURE_STATES = (RUNNING, DONE)

# Texts: SQLite takes a partial index only where a query repeats its condition to the letter.
IS_RUNNING = f"state = '{RUNNING}'"


class Erasure(Base):
    """One person, known by one number. Kept for ever: what is told of the calls later is recognised by it."""

    __tablename__ = "erasures"
    __table_args__ = (
        CheckConstraint(f"state IN {ERASURE_STATES}", name="state"),
        Index("ix_erasures_stand_in", "stand_in"),
        partial_index("ix_erasures_running", "id", where=IS_RUNNING),
    )

    id: Mapped[Id]
    stand_in: Mapped[Word]  # what stands for the number: lib.stand_ins
    key_id: Mapped[Word]  # of the key by which it does
    number: Mapped[Word | None]  # E.164, while it runs; null after a restore until it is found
    erased_at: Mapped[Moment]  # what was known by then is erased; what comes of it later, too
    # The latest stamp that there was then, where a host's clock was ahead; null: none was.
    known_to: Mapped[Moment | None]
    position: Mapped[Big] = mapped_column(default=0, server_default="0")  # the last place of the change feed then
    by: Mapped[Name]
    keep_uncalled: Mapped[bool]  # the number goes on the list of those that must not be called
    state: Mapped[Word] = mapped_column(default=RUNNING)
    step: Mapped[Word]  # which is at work, or was last
    place: Mapped[InnerJson | None]  # how far that has come
    progress: Mapped[Count] = mapped_column(default=0)  # of the search of all tables, in percent
    counts: Mapped[InnerJson]  # what was changed: table or kind of file -> how many
    told: Mapped[InnerJson]  # dialers and destinations: what each was told, or is to be told by a person
    left: Mapped[InnerJson]  # sentences: what is not ours to change, and what somebody has to look at
    waits_for: Mapped[LongText | None]  # a sentence, while it waits for something
    touched: Mapped[Big] = mapped_column(default=0)  # rows and files in all
    ended_at: Mapped[Moment | None]
    lease_owner: Mapped[Name | None]
    lease_until: Mapped[Moment | None]
