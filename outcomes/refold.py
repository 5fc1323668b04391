"""Folding groups anew, and writing what changed: the only place where outcomes are written.

A fold that changes nothing writes nothing. A change raises ``revision`` and takes a new place in the change feed; the
places are taken last, see ``feed.take_positions``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from dialers.base import Connection, Event, KeptEvent
from dialers.registry import DIALERS
from lib import ids
from models import CallEvent, CallGroup, CallOutcome, Receipt
from outcomes.feed import take_positions
from outcomes.fold import Draft, first_deliveries, fold
from outcomes.groups import Key, chunks
from outcomes.matching import match

log = structlog.get_logger(__name__)

# What a fold decides and readers see: a difference in one of these is a change.
VISIBLE = tuple(
    column.name
    for column in CallOutcome.__table__.columns
    if column.name
    not in ("id", "group_id", "attempt_key", "connection", "dialer", "merged_into", "revision", "changed_at")
    + ("occurred_at", "settle_by", "set_by", "position")
)
# What it decides besides, for ourselves.
SILENT = ("attempt_key", "occurred_at", "settle_by", "set_by")

EVENT_COLUMNS = tuple(getattr(CallEvent, name) for name in KeptEvent.__dataclass_fields__)


@dataclass(frozen=True)
class Incoming:
    """A receipt and what was read out of it just now."""

    receipt: Receipt
    events: tuple[Event, ...]


@dataclass
class Refolded:
    """What a refold decided; ``write`` makes it so."""

    failed: dict[UUID, str] = field(default_factory=dict)  # receipt -> the error's name; its events are left out
    repeated: set[UUID] = field(default_factory=set)  # receipts whose every event another receipt had said
    fresh: list[dict[str, Any]] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)
    touched: list[dict[str, Any]] = field(default_factory=list)  # silent columns only

    def write(self, session: Session) -> None:
        """Write the outcomes. The last statements of the transaction: places in the feed stay locked until commit."""
        if self.touched:
            _update(session, self.touched)
        if not self.fresh and not self.changed:
            return
        for row, position in zip(
            [*self.changed, *self.fresh], take_positions(session, len(self.changed) + len(self.fresh)), strict=True
        ):
            row["position"] = position
        if self.changed:
            _update(session, self.changed)
        if self.fresh:
            session.connection().execute(insert(CallOutcome.__table__), self.fresh)


def refold(
    session: Session,
    incoming: Iterable[Incoming],
    groups: Mapping[Key, UUID],
    locked: Iterable[UUID],
    connections: Mapping[str, Connection],
    now: datetime,
) -> Refolded:
    """Fold the locked groups anew with what came in, write the events, and return what is to be written of outcomes.

    ``groups`` says where each key of the incoming events belongs. Receipts that were read before give their old events
    back first; the new ones take over their ids and rows, so that ids survive a new reading.
    """
    result = Refolded()
    incoming = list(incoming)
    wanted = set(locked)
    kept: dict[UUID, list[KeptEvent]] = {group: [] for group in wanted}
    reread = {item.receipt.id for item in incoming if item.receipt.readings}
    old: dict[tuple[UUID, int], KeptEvent] = {}
    stored: dict[UUID, UUID] = {}  # event -> the outcome it is counted into at present
    for group, event in _events(session, wanted):
        stored[event.id] = event.outcome_id
        if event.receipt_id in reread:
            old[event.receipt_id, event.ordinal] = event
        else:
            kept[group].append(event)
    news: dict[UUID, list[KeptEvent]] = {}
    for item in incoming:
        for ordinal, event in enumerate(item.events):
            group = groups[item.receipt.connection, event.keys[0]]
            news.setdefault(group, []).append(_kept(item.receipt, ordinal, event, old))
    names = _names(session, wanted)
    rows = _rows(session, wanted)
    homes: dict[UUID, UUID] = {}  # event -> outcome, of every event that was folded
    orphans: list[dict[str, Any]] = []
    for group, events in kept.items():
        name, dialer = names[group]
        connection = connections.get(name) or Connection(name, dialer)
        whole = events + news.get(group, [])
        try:
            drafts = fold(whole, connection, DIALERS[dialer], now) if whole else []
        except Exception as error:
            log.exception("folding_failed", group_id=str(group), error=type(error).__name__)
            result.failed |= {event.receipt_id: type(error).__name__ for event in news.pop(group, [])}
            continue
        orphans += _settle_rows(result, group, name, dialer, drafts, rows.get(group, []), homes, now)
        first = {event.id for event in first_deliveries(whole).values()}
        result.repeated |= {e.receipt_id for e in news.get(group, [])} - {e.receipt_id for e in whole if e.id in first}
    _follow_orphans(result, orphans, old, news, homes, now)
    _write_events(session, news, reread - set(result.failed), old, homes)
    _write_homes(session, {event: home for event, home in homes.items() if event in stored and stored[event] != home})
    return result


def _settle_rows(result, group, name, dialer, drafts: list[Draft], rows, homes, now) -> list[dict[str, Any]]:
    """Decide each row of one group; returns the rows that no evidence in this group stands for any more."""
    by_id = {row["id"]: row for row in rows}
    open_rows = [(row["id"], row["attempt_key"]) for row in rows if row["merged_into"] is None]
    matched = match(drafts, open_rows)
    for draft in drafts:
        values = {**draft.values, "attempt_key": draft.attempt_key}
        outcome = matched.rows.get(draft.attempt_key)
        if outcome is None:
            outcome = ids.new()
            own = {"id": outcome, "group_id": group, "connection": name, "dialer": dialer, "merged_into": None}
            result.fresh.append({**own, **values, "revision": 1, "changed_at": now})
        else:
            _compare(result, by_id[outcome], values, now)
        homes |= {event.id: outcome for event in draft.events}
    for loser, winner in matched.merged.items():
        _merge(result, by_id[loser], winner, now)
        for row in rows:
            if row["merged_into"] == loser:
                _merge(result, row, winner, now)
    return [by_id[orphan] for orphan in matched.orphans]


def _compare(result: Refolded, row: Mapping[str, Any], values: Mapping[str, Any], now: datetime) -> None:
    differs = [name for name in VISIBLE if row[name] != values[name]]
    if differs:
        result.changed.append({**row, **values, "revision": row["revision"] + 1, "changed_at": now})
    elif any(row[name] != values[name] for name in SILENT):
        result.touched.append({**row, **values})


def _merge(result: Refolded, row: Mapping[str, Any], winner: UUID, now: datetime) -> None:
    result.changed.append({**row, "merged_into": winner, "revision": row["revision"] + 1, "changed_at": now})


def _follow_orphans(result: Refolded, orphans, old, news, homes, now) -> None:
    """A receipt read anew may belong to another call than before: the row it leaves empty is merged into where it went."""
    now_in = {event.receipt_id: homes[event.id] for events in news.values() for event in events if event.id in homes}
    for row in orphans:
        went = [
            now_in[event.receipt_id]
            for event in old.values()
            if event.outcome_id == row["id"] and event.receipt_id in now_in
        ]
        if went:
            _merge(result, row, min(went), now)
        else:
            # It stays as it was last known: an id that was shown does not vanish. But it waits for nothing any more.
            log.warning("outcome_without_evidence", outcome_id=str(row["id"]))
            result.touched.append({**row, "settle_by": None})


# Reading and writing the tables ---------------------------------------------------------------------------------------
def _events(session: Session, groups: set[UUID]) -> Iterable[tuple[UUID, KeptEvent]]:
    for some in chunks(sorted(groups)):
        statement = select(CallEvent.group_id, *EVENT_COLUMNS).where(CallEvent.group_id.in_(some))
        for group, *columns in session.execute(statement):
            yield group, KeptEvent(*columns)


def _rows(session: Session, groups: set[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    found: dict[UUID, list[dict[str, Any]]] = {}
    for some in chunks(sorted(groups)):
        statement = select(*CallOutcome.__table__.columns).where(CallOutcome.group_id.in_(some))
        for row in session.execute(statement).mappings():
            found.setdefault(row["group_id"], []).append(dict(row))
    return found


def _names(session: Session, groups: set[UUID]) -> dict[UUID, tuple[str, str]]:
    found: dict[UUID, tuple[str, str]] = {}
    for some in chunks(sorted(groups)):
        statement = select(CallGroup.id, CallGroup.connection, CallGroup.dialer).where(CallGroup.id.in_(some))
        found |= {group: (name, dialer) for group, name, dialer in session.execute(statement)}
    return found


def _kept(receipt: Receipt, ordinal: int, event: Event, old: Mapping[tuple[UUID, int], KeptEvent]) -> KeptEvent:
    before = old.get((receipt.id, ordinal))
    return KeptEvent(
        id=before.id if before else ids.new(),
        receipt_id=receipt.id,
        ordinal=ordinal,
        source=f"{receipt.source}:{receipt.kind}",
        kind=event.kind,
        attempt=event.attempt,
        happened_at=event.happened_at,
        received_at=receipt.received_at,
        seen_at=receipt.seen_at,
        facts=dict(event.facts),
        outcome_id=before.outcome_id if before else None,
    )


def _write_events(session: Session, news, reread: set[UUID], old, homes) -> None:
    if reread:
        gone = [event.id for event in old.values() if event.receipt_id in reread]
        for some in chunks(gone):
            session.execute(delete(CallEvent).where(CallEvent.id.in_(some)))
    written = [
        vars(event) | {"group_id": group, "outcome_id": homes[event.id]}
        for group, events in news.items()
        for event in events
    ]
    if written:
        session.connection().execute(insert(CallEvent.__table__), written)


def _write_homes(session: Session, moved: Mapping[UUID, UUID]) -> None:
    """Events that an earlier batch had counted into another outcome."""
    by_home: dict[UUID, list[UUID]] = {}
    for event, home in moved.items():
        by_home.setdefault(home, []).append(event)
    for home, events in by_home.items():
        session.execute(update(CallEvent).where(CallEvent.id.in_(events)).values(outcome_id=home))


_COLUMNS = [column.name for column in CallOutcome.__table__.columns if column.name != "id"]
_UPDATE = (
    update(CallOutcome.__table__)
    .where(CallOutcome.__table__.c.id == bindparam("row_id"))
    .values({name: bindparam(f"new_{name}") for name in _COLUMNS})
)


def _update(session: Session, rows: list[dict[str, Any]]) -> None:
    values = [{"row_id": row["id"], **{f"new_{name}": row[name] for name in _COLUMNS}} for row in rows]
    session.connection().execute(_UPDATE, values)
