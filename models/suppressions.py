"""Numbers that must not be called: who said so, why and until when, and who took it back. Kept for ever, each a row."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, Index, and_, or_
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Id, LongText, Moment, Name, Word, partial_index

# Who says it.
PERSON = "person"
OUTCOME = "outcome"  # a call of which the flag dnc says so
CRM = "crm"
SOURCES = (PERSON, OUTCOME, CRM)


class Suppression(Base):
    """One number, said by one. Several may say it of a number; it may be called when none of them does any more."""

    __tablename__ = "suppressions"
    __table_args__ = (
        CheckConstraint(f"source IN {SOURCES}", name="source"),
        # Each says it once, whoever says it at the same time.
        partial_index("ix_suppressions_open", "number", "source", "origin", unique=True, where="taken_off_at IS NULL"),
        Index("ix_suppressions_number", "number", "id"),
        Index("ix_suppressions_origin", "origin"),
        partial_index("ix_suppressions_unspread", "id", where="spread_at IS NULL"),
    )

    id: Mapped[Id]
    number: Mapped[Word]  # E.164
    number_raw: Mapped[LongText]  # as it was written
    reason: Mapped[LongText | None]
    until: Mapped[Moment | None]  # None: for ever
    source: Mapped[Word]
    # Of what: an outcome's id; empty where it is a person's.
    origin: Mapped[Name] = mapped_column(default="")
    added_at: Mapped[Moment]
    added_by: Mapped[Name]  # the key's name, or the connection's
    taken_off_at: Mapped[Moment | None]
    taken_off_by: Mapped[Name | None]
    spread_at: Mapped[Moment | None]  # when leads with this number were looked for in dialers; None: they are to be


def standing(at: datetime) -> ColumnElement[bool]:
    """Whether it holds at this moment. Its twin is ``stands``."""
    return and_(Suppression.taken_off_at.is_(None), or_(Suppression.until.is_(None), Suppression.until > at))


def stands(row: Any, at: datetime) -> bool:
    """The same of a row."""
    return row.taken_off_at is None and (row.until is None or row.until > at)
