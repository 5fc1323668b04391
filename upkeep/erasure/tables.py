"""Looking through every table for a number, in small pieces, in the order of the rows' keys. ``taking_out`` takes it out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, LargeBinary, String, Table, select, tuple_
from sqlalchemy.orm import Session

from lib import ids
from lib.phone_spellings import Spellings
from models import Audit, Base, CallEvent, CallKey, CallOutcome, CampaignName, Erasure, Receipt
from models.base import Guid, UtcDateTime
from models.database import Database

PIECE = 1_000  # rows
BYTES = 16 * 1024 * 1024  # of bodies
_MILLISECOND = timedelta(milliseconds=1)  # ids tell no less
MOST_AT_ONCE = 20  # of what is written in one transaction
FIRST = (Receipt, CallEvent, CallOutcome)
# Tables of which the keys are words of others.
KEYED = {CallKey.__table__: ("key",), CampaignName.__table__: ("name", "campaign_id")}
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
    return tuple(one for one in found if one.columns or one.table in KEYED)


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
    return ids.first(erased_at + _MILLISECOND)


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
    for name in (*KEYED.get(one.table, ()), *(column.name for column in one.columns)):
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
