"""Workers, and when each of their loops went round last."""

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, InnerJson, Moment, Name


class WorkerBeat(Base):
    """A worker that runs, or ran and died. One that was stopped has taken its row along."""

    __tablename__ = "worker_beats"

    worker: Mapped[Name] = mapped_column(primary_key=True)  # host, process and a word of its own
    started_at: Mapped[Moment]
    beat_at: Mapped[Moment]
    loops: Mapped[InnerJson]  # loop -> how many seconds before ``beat_at`` it went round last
