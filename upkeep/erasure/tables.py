"""Looking through every table for a number, in small pieces, in the order of the rows' keys; and taking it out where it stands.

Of receipts that tell of nobody's call all is taken, since all of it may be the person's. What was written of other people's
calls, and names the number, stays without the number.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, LargeBinary, String, Table, select, tuple_, update
from sqlalchemy.orm import Session

from lib import ids
from lib.phone_spellings import Spellings
from models import Audit, Base, CallEvent, CallKey, CallOutcome, Erasure, Receipt, bulk
from models.base import Guid, UtcDateTime
from models.database import Database, stand_ins
from models.receipts import CALLBACK, PENDING
from outcomes import erasing
from outcomes.erased import Reducer

PIECE = 1_000  # rows
BYTES = 16 * 1024 * 1024  # of bodies
MOST_AT_ONCE = 20  # of what is written in one transaction
FIRST = (Receipt, CallEvent, CallOutcome)
# Columns of ours that hold hashes, secrets and words of our own.
_OURS = ("content_hash", "secret_hash", "fingerprint", "digest", "access", "refresh", "lease_owner", "state", "key_id")

Counts = dict[str, int]
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Searched:
    """A table: by which columns its rows are found again, and which may hold a number."""

    table: Table
    keys: tuple[Column[Any], ...]
    columns: tuple[Column[Any], ...]

    @property
    def has_ids(self) -> bool:
        """Whether rows tell by their key when they were made."""
        return [column.name for column in self.keys] == ["id"] and isinstance(self.keys[0].type, Guid)


@lru_cache
def searched() -> tuple[Searched, ...]:
    """All tables, those with calls first; but for the log of what persons did, which holds no number of anybody who is called."""
    first = [model.__table__ for model in FIRST]
    passed = (*first, Erasure.__table__, Audit.__table__)
    rest = [table for table in Base.metadata.sorted_tables if table not in passed]
    found = (Searched(table, tuple(table.primary_key.columns), _columns(table)) for table in (*first, *rest))
    return tuple(one for one in found if one.columns or one.table is CallKey.__table__)


def _columns(table: Table) -> tuple[Column[Any], ...]:
    return tuple(
        column
        for column in table.columns
        if isinstance(column.type, String | JSON | LargeBinary)
        and not isinstance(column.type, Guid | UtcDateTime)
        and not column.primary_key
        and column.name not in _OURS
    )


def last_id(erased_at: datetime) -> UUID:
    """Rows with greater ids were made after an erasure: what stands there is new."""
    return UUID(int=(int(erased_at.timestamp() * 1000) + 1) << 80)


def rows(session: Session, one: Searched, after: Key | None, bound: UUID) -> Iterator[Mapping[str, Any]]:
    """The next rows, no more than ``PIECE``, nor than ``BYTES`` of bodies."""
    statement = select(*one.keys, *one.columns).order_by(*one.keys).limit(PIECE)
    if after is not None:
        statement = statement.where(tuple_(*one.keys) > tuple_(*after) if len(after) > 1 else one.keys[0] > after[0])
    if one.has_ids:
        statement = statement.where(one.keys[0] < bound)
    if one.table is Receipt.__table__:
        statement = statement.where(Receipt.erased_at.is_(None))
    size = 0
    for row in session.execute(statement, execution_options={"yield_per": 50}).mappings():
        found: dict[str, Any] = dict(row)
        yield found
        size += sum(len(value) for value in found.values() if isinstance(value, bytes))
        if size > BYTES:
            return


def holds(row: Mapping[str, Any], one: Searched, spellings: Spellings) -> bool:
    """Whether the number stands in the row."""
    names = [column.name for column in one.columns]
    if one.table is CallKey.__table__:
        names = ["key"]
    for name in names:
        value = row[name]
        if value is None:
            continue
        if spellings.within_bytes(value) if isinstance(value, bytes) else spellings.within_value(value):
            return True
    return False


def key_of(row: Mapping[str, Any], one: Searched) -> Key:
    return tuple(row[column.name] for column in one.keys)


def written(key: Key) -> list[str]:
    """A key, as JSON can hold it; ``read`` reads it."""
    return [str(part) for part in key]


def read(told: Sequence[str], one: Searched) -> Key:
    return tuple(
        (ids.parse(part) if isinstance(column.type, Guid) else column.type.python_type(part))
        for part, column in zip(told, one.keys, strict=True)
    )


def share(first: str, reached: Key, bound: UUID) -> int:
    """How far in time, in percent: ids tell it. Receipts are most of all that is looked through."""
    begin, end = UUID(first).int >> 80, bound.int >> 80
    now: int = reached[0].int >> 80
    return min(99, max(0, 100 * (now - begin) // max(1, end - begin)))


def take_out(
    session: Session, one: Searched, found: Collection[Mapping[str, Any]], spellings: Spellings, at: datetime
) -> tuple[Counts, list[UUID]]:
    """Take the number out of these rows. What was changed, by table, and receipts that wait to be read: they are to be looked at
    again. Raises Raced."""
    if one.table is Receipt.__table__:
        return _of_receipts(session, [row["id"] for row in found], spellings, at)
    if one.table is CallEvent.__table__:
        told = select(CallEvent.receipt_id).where(bulk.among(session, CallEvent.id, [row["id"] for row in found]))
        return _of_receipts(session, list(set(session.scalars(told))), spellings, at)
    if one.table is CallOutcome.__table__:
        return _of_outcomes(session, [row["id"] for row in found], spellings, at), []
    if one.table is CallKey.__table__:
        return _of_keys(session, found), []
    for row in found:
        values = {column.name: _blotted(row[column.name], spellings) for column in one.columns}
        changed = {name: value for name, value in values.items() if value != row[name]}
        same = [column == row[column.name] for column in one.keys]
        if changed:
            session.execute(update(one.table).where(*same).values(changed))
    return {one.table.name: len(found)}, []


def _blotted(value: Any, spellings: Spellings) -> Any:
    if value is None:
        return None
    return spellings.blotted_bytes(value) if isinstance(value, bytes) else spellings.blotted_value(value)


def _of_receipts(
    session: Session, receipts: Sequence[UUID], spellings: Spellings, at: datetime
) -> tuple[Counts, list[UUID]]:
    mine = bulk.among(session, Receipt.id, receipts)
    fresh = session.execute(select(Receipt.id, Receipt.state).where(mine, Receipt.erased_at.is_(None)))
    states = {row.id: row.state for row in fresh}
    waiting = [receipt for receipt, state in states.items() if state == PENDING]
    told = select(CallEvent).where(
        bulk.among(session, CallEvent.receipt_id, [one for one in states if one not in waiting])
    )
    events = session.scalars(told, execution_options={"populate_existing": True}).all()
    own = _of_the_person(session, {event.group_id for event in events}, spellings)
    counts = erasing.erase_calls(session, own, spellings, at) if own else {}
    others = [event for event in events if event.group_id not in own]
    nobodys = set(states) - set(waiting) - {event.receipt_id for event in events}
    add(counts, {"receipts": erasing.blank_receipts(session, nobodys, at)})
    hit = [event for event in others if spellings.within_value(event.facts)]
    if hit:
        add(counts, erasing.blot_events(session, hit, spellings, at))
    left = {event.receipt_id for event in others}
    bodies = session.scalars(select(Receipt).where(bulk.among(session, Receipt.id, left), Receipt.erased_at.is_(None)))
    for receipt in bodies:
        body = spellings.blotted_bytes(receipt.body)
        if receipt.source == CALLBACK and body != receipt.body:  # of polls it says which records are known
            receipt.content_hash = hashlib.sha256(body).hexdigest()
        receipt.body, receipt.query = body, _blotted(receipt.query, spellings)
        receipt.detail, receipt.context = _blotted(receipt.detail, spellings), _blotted(receipt.context, spellings)
        headers = {name: value for name, value in (receipt.headers or {}).items() if name != "content-encoding"}
        receipt.headers = _blotted(headers, spellings)
        add(counts, {"receipts": 1})
    session.flush()
    return counts, waiting


def _of_the_person(session: Session, groups: Collection[UUID], spellings: Spellings) -> set[UUID]:
    """Those of these calls that were with the person."""
    columns = select(CallOutcome.group_id, CallOutcome.customer_number, CallOutcome.customer_number_raw)
    found = session.execute(columns.where(bulk.among(session, CallOutcome.group_id, groups)))
    return {row.group_id for row in found if is_with(row, spellings)}


def is_with(row: Any, spellings: Spellings) -> bool:
    """Whether a call was with the person: by the number that was read, or, where none could be, by what was written."""
    number, raw = row.customer_number, row.customer_number_raw
    return number == spellings.number or (number is None and raw is not None and spellings.within(raw))


def _of_outcomes(session: Session, outcomes: Sequence[UUID], spellings: Spellings, at: datetime) -> Counts:
    columns = select(CallOutcome.id, CallOutcome.group_id, CallOutcome.customer_number, CallOutcome.customer_number_raw)
    found = session.execute(columns.where(bulk.among(session, CallOutcome.id, outcomes))).all()
    own = {row.group_id for row in found if is_with(row, spellings)}
    counts = erasing.erase_calls(session, own, spellings, at) if own else {}
    others = [row.id for row in found if row.group_id not in own]
    return add(counts, erasing.blot_outcomes(session, others, spellings, at) if others else {})


def _of_keys(session: Session, found: Collection[Mapping[str, Any]]) -> Counts:
    for row in found:
        hashed = Reducer(stand_ins(session), row["connection"]).key(row["key"])
        same = (CallKey.connection == row["connection"], CallKey.key == row["key"])
        session.execute(update(CallKey).where(*same).values(key=hashed))
    return {"call_keys": len(found)}


def add(counts: Counts, more: Mapping[str, int]) -> Counts:
    for name, count in more.items():
        counts[name] = counts.get(name, 0) + count
    return counts


def look(database: Database, spellings: Spellings, bound: UUID) -> Iterator[tuple[str, int, int]]:
    """(table, rows looked at, rows with the number), after each piece: for a dry run that looks everywhere."""
    for one in searched():
        after: Key | None = None
        while True:
            with database.read() as session:
                some = list(rows(session, one, after, bound))
            if not some:
                break
            yield one.table.name, len(some), sum(holds(row, one, spellings) for row in some)
            after = key_of(some[-1], one)
