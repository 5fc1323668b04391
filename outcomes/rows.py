"""Reading and writing the events and outcomes of call groups, set by set. Only ``refold`` and ``revisions`` write through it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from dialers.base import KeptEvent
from models import CallEvent, CallGroup, CallKey, CallOutcome, bulk
from models.database import AnyColumn

EVENTS = CallEvent.__table__
EVENT_COLUMNS = tuple(EVENTS.columns[name] for name in KeptEvent.__dataclass_fields__)
OUTCOMES = CallOutcome.__table__


def events(session: Session, groups: set[UUID]) -> list[tuple[UUID, KeptEvent]]:
    """(group, event) of everything that is stored of the groups."""
    if not groups:
        return []
    statement = select(EVENTS.c.group_id, *EVENT_COLUMNS).where(bulk.among(session, EVENTS.c.group_id, groups))
    return [(group, KeptEvent(*columns)) for group, *columns in session.execute(statement)]


def outcomes(session: Session, groups: set[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Every row of the groups, merged ones included, by group."""
    found: dict[UUID, list[dict[str, Any]]] = {}
    for row in _outcomes(session, OUTCOMES.c.group_id, groups):
        found.setdefault(row["group_id"], []).append(row)
    return found


def merged_into(session: Session, winners: set[UUID]) -> list[dict[str, Any]]:
    """The rows that were merged into these, of whatever group."""
    return _outcomes(session, OUTCOMES.c.merged_into, winners)


def _outcomes(session: Session, column: AnyColumn, wanted: set[UUID]) -> list[dict[str, Any]]:
    if not wanted:
        return []
    found = session.execute(select(*OUTCOMES.columns).where(bulk.among(session, column, wanted)))
    return [dict(row) for row in found.mappings()]


def names(session: Session, groups: set[UUID]) -> dict[UUID, tuple[str, str]]:
    """group -> (connection, dialer)."""
    if not groups:
        return {}
    statement = select(CallGroup.id, CallGroup.connection, CallGroup.dialer).where(
        bulk.among(session, CallGroup.id, groups)
    )
    return {group: (name, dialer) for group, name, dialer in session.execute(statement)}


def replace_events(session: Session, gone: Sequence[UUID], fresh: Iterable[tuple[UUID, KeptEvent, UUID]]) -> None:
    """Take events away, then add (group, event, the outcome it is counted into)."""
    if gone:
        session.connection().execute(delete(EVENTS).where(bulk.among(session, EVENTS.c.id, gone)))
    written = [{**vars(event), "group_id": group, "outcome_id": home} for group, event, home in fresh]
    bulk.insert_rows(session, EVENTS, written)


def move_events(session: Session, moved: Mapping[UUID, UUID]) -> None:
    """Count events (event -> outcome) into another outcome than an earlier batch did."""
    by_home: dict[UUID, list[UUID]] = {}
    for event, home in moved.items():
        by_home.setdefault(home, []).append(event)
    for home, own in by_home.items():
        session.connection().execute(
            update(EVENTS).where(bulk.among(session, EVENTS.c.id, own)).values(outcome_id=home)
        )


def forget_groups(session: Session, groups: Collection[UUID]) -> None:
    """Take away groups that have neither events nor outcomes, and their names."""
    if groups:
        for table, column in ((CallKey, CallKey.group_id), (CallGroup, CallGroup.id)):
            session.connection().execute(delete(table).where(bulk.among(session, column, groups)))


def insert_outcomes(session: Session, fresh: Collection[Mapping[str, Any]]) -> None:
    """Add rows, each with a value for every column."""
    bulk.insert_rows(session, OUTCOMES, fresh)


def update_outcomes(session: Session, changed: Iterable[tuple[Mapping[str, Any], Iterable[str]]]) -> None:
    """Write rows that are there: (row, the columns in which it changed). Rows that changed alike are one statement."""
    alike: dict[frozenset[str], list[Mapping[str, Any]]] = {}
    for row, columns in changed:
        alike.setdefault(frozenset(columns), []).append(row)
    for columns, some in alike.items():
        bulk.update_rows(session, OUTCOMES, some, sorted(columns))
