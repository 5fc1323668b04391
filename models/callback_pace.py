"""How many callbacks usually come: learned hour by hour, so that a silence can be told from a quiet hour."""

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Big, Moment, Name


class CallbackPace(Base):
    """How far a connection's callbacks have been counted."""

    __tablename__ = "callback_pace"

    connection: Mapped[Name] = mapped_column(primary_key=True)
    since: Mapped[Moment]  # the first that is known
    counted_to: Mapped[Moment]  # those before are counted; moves only with the counts


class CallbackHour(Base):
    """The rightful callbacks of one connection that came within one hour. Hours without any have no row."""

    __tablename__ = "callback_hours"

    connection: Mapped[Name] = mapped_column(primary_key=True)
    hour: Mapped[Moment] = mapped_column(primary_key=True)
    callbacks: Mapped[Big]
