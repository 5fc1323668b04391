"""What the worker knows of alerts: which there are, and who was told what."""

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, InnerJson, Moment, Name, Word


class AlertState(Base):
    """One document (``upkeep.alerts.state``), and which worker watches: the others leave it alone."""

    __tablename__ = "alert_states"

    name: Mapped[Word] = mapped_column(primary_key=True)
    document: Mapped[InnerJson]
    lease_owner: Mapped[Name | None]
    lease_until: Mapped[Moment | None]
