"""The ledger of erasures, as it is shown: who was erased is in none of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from lib.clock import iso
from models import Erasure
from models.erasures import IS_RUNNING
from queries import keyset
from queries.keyset import Page

_ORDER = "-erasures"


def page(session: Session, cursor: str | None = None, limit: int = 100) -> Page[Erasure]:
    """One page, newest first. Raises BadCursor."""
    statement = select(Erasure).order_by(Erasure.id.desc()).limit(limit + 1)
    if cursor:
        statement = statement.where(Erasure.id < keyset.row(_ORDER, cursor))
    return keyset.page(list(session.scalars(statement)), limit, lambda last: keyset.encode(_ORDER, str(last.id)))


def all_of(session: Session) -> list[dict[str, Any]]:
    return [shown(row) for row in session.scalars(select(Erasure).order_by(Erasure.id.desc()))]


def open_since(session: Session) -> datetime | None:
    """When the oldest was asked for that has not come to its end."""
    return session.scalar(select(func.min(Erasure.erased_at)).where(text(IS_RUNNING)))


def find(session: Session, erasure: UUID) -> Erasure | None:
    return session.get(Erasure, erasure)


def shown(row: Erasure) -> dict[str, Any]:
    """One, as the API shows it."""
    return {
        "id": str(row.id),
        "state": row.state,
        "step": row.step or None,
        "progress": row.progress,
        "waits_for": row.waits_for,
        "erased_at": iso(row.erased_at),
        "ended_at": iso(row.ended_at),
        "by": row.by,
        "keeps_uncalled": row.keep_uncalled,
        "stand_in": row.stand_in,
        "touched": row.touched,
        "counts": dict(row.counts),
        "told": [_told(one) for one in row.told],
        "left": list(row.left),
    }


def _told(one: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one[name] for name in ("to", "state", "records", "made", "said")}


def sentences(told: Iterable[Mapping[str, Any]]) -> list[str]:
    """What dialers and destinations were told, or are to be told by a person."""
    return [_sentence(one["to"], one["state"], [*one["records"], *one["made"]], one["said"]) for one in told]


def _sentence(to: str, state: str, names: Sequence[str], said: str | None) -> str:
    listed = ", ".join(names) or "no ids are known"
    asked = f"{to}: tell it yourself ({listed})." if state == "by_hand" else f"{to}: {state} ({listed})."
    return f"{asked} {said}" if said else asked
