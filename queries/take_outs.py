"""Leads that dialers have and whose numbers must not be called, as they are listed and shown."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from lib.clock import iso
from models import TakeOut
from models.take_outs import PENDING, SENDING, TO_BE_DONE, WAITS_FOR_PERSON
from queries import keyset
from queries.keyset import Page

FILTERS = ("connection", "number", "state")

_ORDER = "-take_outs"


def page(session: Session, filters: Mapping[str, Any], cursor: str | None = None, limit: int = 100) -> Page[TakeOut]:
    """One page, newest first; a list of texts for each of ``FILTERS``, of which any may match. Raises BadCursor."""
    wanted = [getattr(TakeOut, name).in_(_stored(filters[name])) for name in FILTERS if filters.get(name)]
    if cursor:
        wanted.append(TakeOut.id < keyset.row(_ORDER, cursor))
    statement = select(TakeOut).where(*wanted).order_by(TakeOut.id.desc()).limit(limit + 1)
    rows = list(session.scalars(statement))
    return keyset.page(rows, limit, lambda last: keyset.encode(_ORDER, str(last.id)))


def by_hand(session: Session) -> dict[str, int]:
    """Connection -> how many a person has to take out there, for those with any."""
    waits = select(TakeOut.connection, func.count()).where(text(WAITS_FOR_PERSON)).group_by(TakeOut.connection)
    return {name: count for name, count in session.execute(waits)}


def to_be_done(session: Session) -> int:
    """How many a worker is to take out, or looks for."""
    return session.scalar(select(func.count()).select_from(TakeOut).where(text(TO_BE_DONE))) or 0


def shown(row: TakeOut) -> dict[str, Any]:
    """One, as the API shows it."""
    return {
        "id": str(row.id),
        "connection": row.connection,
        "number": row.number,
        "loaded_lead": str(row.loaded_lead) if row.loaded_lead else None,
        "dialer_id": row.target,
        "state": PENDING if row.state == SENDING else row.state,
        "reason": row.reason,
        "suppression_id": str(row.suppression_id),
        "made_at": iso(row.made_at),
        "sent_at": iso(row.sent_at),
        "settled_at": iso(row.settled_at),
        "settled_by": row.settled_by,
    }


def _stored(words: list[str]) -> list[str]:
    return [*words, SENDING] if PENDING in words else words
