"""Leads that dialers have and whose numbers must not be called: taken out there, or told to a person."""

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Count, Id, LongText, Moment, Name, Ref, Word, partial_index

PENDING = "pending"  # the dialer is to be asked, or was and gave no answer
SENDING = "sending"  # the request may have left
DONE = "done"  # the dialer has done it, or a person
BY_HAND = "by_hand"  # a person has to do it
LEFT = "left"  # nothing was to be done: the number may be called again, or the dialer did not take the lead
TAKE_OUT_STATES = (PENDING, SENDING, DONE, BY_HAND, LEFT)

# Texts: SQLite takes a partial index only where a query repeats its condition to the letter.
TO_BE_DONE = f"state IN {(PENDING, SENDING)}"
WAITS_FOR_PERSON = f"state = '{BY_HAND}'"


class TakeOut(Base):
    """One lead at one dialer. Doing it twice does no harm, so it is asked for until there is an answer."""

    __tablename__ = "take_outs"
    __table_args__ = (
        CheckConstraint(f"state IN {TAKE_OUT_STATES}", name="state"),
        UniqueConstraint("connection", "ref"),
        partial_index("ix_take_outs_due", "connection", "due_at", where=TO_BE_DONE),
        partial_index("ix_take_outs_by_hand", "id", where=WAITS_FOR_PERSON),
    )

    id: Mapped[Id]
    connection: Mapped[Name]
    ref: Mapped[Name]  # which lead it is: ours by its id, one of the dialer's list, or a call of it
    number: Mapped[Word]  # E.164
    suppression_id: Mapped[Ref] = mapped_column(ForeignKey("suppressions.id"))  # why
    loaded_lead: Mapped[Ref | None] = mapped_column(ForeignKey("loaded_leads.id"))
    target: Mapped[Name | None]  # the dialer's own name for it; None: not known yet, or never
    state: Mapped[Word]
    reason: Mapped[LongText | None]
    attempts: Mapped[Count] = mapped_column(default=0)
    made_at: Mapped[Moment]
    due_at: Mapped[Moment]
    sent_at: Mapped[Moment | None]
    settled_at: Mapped[Moment | None]
    settled_by: Mapped[Name | None]  # of a person
