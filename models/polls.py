"""Poll cursors: how far each report has been read, who reads it now, and what went wrong last."""

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Big, Count, LongText, Moment, Name, Word

# A layer of this name is a history that was begun: see polling.history. The times that it reaches from and to follow.
HISTORY = "history "


class PollCursor(Base):
    """One look-back layer of one report of one connection."""

    __tablename__ = "poll_cursors"

    connection: Mapped[Name] = mapped_column(primary_key=True)
    report: Mapped[Word] = mapped_column(primary_key=True)
    layer: Mapped[Word] = mapped_column(primary_key=True)
    complete_to: Mapped[Moment | None]  # every record up to here is kept; moves only with the records
    due_at: Mapped[Moment]
    lease_owner: Mapped[Name | None]
    lease_until: Mapped[Moment | None]
    last_started_at: Mapped[Moment | None]
    last_ok_at: Mapped[Moment | None]  # when it was last walked to its end
    idle_at: Mapped[Moment | None]  # when there was last nothing to ask for; None since it was asked for something
    failures: Mapped[Count] = mapped_column(default=0)  # in a row
    error_id: Mapped[Word | None]
    error: Mapped[LongText | None]  # a sentence for the operator; null when the last poll went well
    warning: Mapped[LongText | None]  # a sentence about an answer that was taken all the same
    records_seen: Mapped[Big] = mapped_column(default=0)
    records_new: Mapped[Big] = mapped_column(default=0)


BEGUN_HISTORY = PollCursor.layer.startswith(HISTORY, autoescape=True)
