"""Reading and writing the events and outcomes of call groups, set by set. Only ``refold`` writes through it."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from dialers.base import KeptEvent
from models import CallEvent, CallGroup, CallOutcome
from models.database import chunks

EVENT_COLUMNS = tuple(getattr(CallEvent, name) for name in KeptEvent.__dataclass_fields__)
OUTCOMES = CallOutcome.__table__
COLUMNS = [column.name for column in OUTCOMES.columns if column.name != "id"]
UPDATE = (
    update(OUTCOMES)
    .where(OUTCOMES.c.id == bindparam("row_id"))
    .values({name: bindparam(f"new_{name}") for name in COLUMNS})
)


def events(session: Session, groups: set[UUID]) -> list[tuple[UUID, KeptEvent]]:
    """(group, event) of everything that is stored of the groups."""
    found: list[tuple[UUID, KeptEvent]] = []
    for some in chunks(sorted(groups)):
        statement = select(CallEvent.group_id, *EVENT_COLUMNS).where(CallEvent.group_id.in_(some))
        found += [(group, KeptEvent(*columns)) for group, *columns in session.execute(statement)]
    return found


def outcomes(session: Session, groups: set[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Every row of the groups, merged ones included, by group."""
    found: dict[UUID, list[dict[str, Any]]] = {}
    for some in chunks(sorted(groups)):
        for row in session.execute(select(*OUTCOMES.columns).where(CallOutcome.group_id.in_(some))).mappings():
            found.setdefault(row["group_id"], []).append(dict(row))
    return found


def merged_into(session: Session, winners: set[UUID]) -> list[dict[str, Any]]:
    """The rows that were merged into these, of whatever group."""
    found: list[dict[str, Any]] = []
    for some in chunks(sorted(winners)):
        statement = select(*OUTCOMES.columns).where(CallOutcome.merged_into.in_(some))
        found += [dict(row) for row in session.execute(statement).mappings()]
    return found


def names(session: Session, groups: set[UUID]) -> dict[UUID, tuple[str, str]]:
    """group -> (connection, dialer)."""
    found: dict[UUID, tuple[str, str]] = {}
    for some in chunks(sorted(groups)):
        statement = select(CallGroup.id, CallGroup.connection, CallGroup.dialer).where(CallGroup.id.in_(some))
        found |= {group: (name, dialer) for group, name, dialer in session.execute(statement)}
    return found


def replace_events(session: Session, gone: list[UUID], fresh: Iterable[tuple[UUID, KeptEvent, UUID]]) -> None:
    """Take events away, then add (group, event, the outcome it is counted into)."""
    for some in chunks(gone):
        session.execute(delete(CallEvent).where(CallEvent.id.in_(some)))
    written = [vars(event) | {"group_id": group, "outcome_id": home} for group, event, home in fresh]
    if written:
        session.connection().execute(insert(CallEvent.__table__), written)


def move_events(session: Session, moved: Mapping[UUID, UUID]) -> None:
    """Count events (event -> outcome) into another outcome than an earlier batch did."""
    by_home: dict[UUID, list[UUID]] = {}
    for event, home in moved.items():
        by_home.setdefault(home, []).append(event)
    for home, own in by_home.items():
        for some in chunks(own):
            session.execute(update(CallEvent).where(CallEvent.id.in_(some)).values(outcome_id=home))


def insert_outcomes(session: Session, fresh: list[dict[str, Any]]) -> None:
    session.connection().execute(insert(OUTCOMES), fresh)


def update_outcomes(session: Session, changed: list[dict[str, Any]]) -> None:
    values = [{"row_id": row["id"], **{f"new_{name}": row[name] for name in COLUMNS}} for row in changed]
    session.connection().execute(UPDATE, values)
