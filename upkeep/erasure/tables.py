"""Looking through every table for a number, in small pieces, in the order of the rows' keys. ``taking_out`` takes it out."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, ColumnElement, LargeBinary, String, Table, Text, cast, select, tuple_
from sqlalchemy.orm import Session

from lib import ids
from lib.phone_spellings import Spellings, strings
from models import Audit, Base, CallEvent, CallKey, CallOutcome, CampaignName, Erasure, Receipt
from models.base import Guid, UtcDateTime
from models.database import AnyRow, Database

PIECE = 1_000  # rows
BYTES = 16 * 1024 * 1024  # of bodies
AT_ONCE = 50  # rows, in memory: each body may have a megabyte
_MILLISECOND = timedelta(milliseconds=1)  # ids tell no less
MOST_AT_ONCE = 20  # of what is written in one transaction
FIRST = (Receipt, CallEvent, CallOutcome)
# Tables of which the keys are words of others.
KEYED = {CallKey.__table__: ("key",), CampaignName.__table__: ("name", "campaign_id")}
# Columns of ours that hold hashes, secrets and words of our own.
_OURS = ("content_hash", "secret_hash", "fingerprint", "digest", "access", "refresh", "lease_owner", "state", "key_id")

Counts = dict[str, int]
Key = tuple[Any, ...]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Searched:
    """A table: by which columns its rows are found again, and which may hold a number, JSON last."""

    table: Table
    keys: tuple[Column[Any], ...]
    columns: tuple[Column[Any], ...]

    @cached_property
    def of_json(self) -> int:
        """How many of the columns, the last ones."""
        return sum(isinstance(column.type, JSON) for column in self.columns)

    @cached_property
    def of_bytes(self) -> Sequence[int]:
        """Which of a row's values are bodies."""
        return [at for at, column in enumerate((*self.keys, *self.columns)) if isinstance(column.type, LargeBinary)]

    @cached_property
    def keyed(self) -> Sequence[int]:
        """Which of the keys are words of others."""
        names = KEYED.get(self.table, ())
        return [at for at, column in enumerate(self.keys) if column.name in names]

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
    found = (
        column
        for column in table.columns
        if isinstance(column.type, String | JSON | LargeBinary)
        and not isinstance(column.type, Guid | UtcDateTime)
        and not column.primary_key
        and column.name not in _OURS
    )
    return tuple(sorted(found, key=lambda column: isinstance(column.type, JSON)))


def last_id(erased_at: datetime) -> UUID:
    """Rows with greater ids were made after an erasure: what stands there is new."""
    return ids.first(erased_at + _MILLISECOND)


def rows(session: Session, one: Searched, after: Key | None, bound: UUID) -> Iterator[Row]:
    """The next rows, no more than ``PIECE``, nor than ``BYTES`` of bodies."""
    for some in _pieces(session, one, after, bound):
        for row in some:
            yield _read(row, one)


@dataclass
class Looked:
    """``first`` and ``last``: keys of the rows that were looked at, None where none was; ``hits``: those with the number."""

    count: int = 0
    first: Key | None = None
    last: Key | None = None
    hits: list[Row] = field(default_factory=list)


def look_at(session: Session, one: Searched, after: Key | None, bound: UUID, spellings: Spellings) -> Looked:
    """Look through as many rows as ``rows`` gives, many at once: nearly always none of them has it."""
    looked = Looked()
    for some in _pieces(session, one, after, bound):
        looked.count += len(some)
        looked.first = looked.first or _key(some[0], one)
        looked.last = _key(some[-1], one)
        written = [_written(row, one) for row in some]
        if not spellings.may_stand_in(chain.from_iterable(written)):
            continue
        near = (_read(row, one) for row, texts in zip(some, written, strict=True) if spellings.may_stand_in(texts))
        looked.hits += [row for row in near if holds(row, one, spellings)]
    return looked


def _pieces(session: Session, one: Searched, after: Key | None, bound: UUID) -> Iterator[Sequence[AnyRow]]:
    """Rows as they are written: ids and JSON as texts, so that of most nothing more has to be made."""
    statement = select(*map(_text, one.keys), *map(_text, one.columns)).order_by(*one.keys).limit(PIECE)
    if after is not None:
        statement = statement.where(tuple_(*one.keys) > tuple_(*after) if len(after) > 1 else one.keys[0] > after[0])
    if one.has_ids:
        statement = statement.where(one.keys[0] < bound)
    if one.table is Receipt.__table__:
        statement = statement.where(Receipt.erased_at.is_(None))
    size = 0
    for some in session.execute(statement, execution_options={"yield_per": AT_ONCE}).partitions():
        yield some
        size += sum(len(row[at]) for at in one.of_bytes for row in some)
        if size > BYTES:
            return


def _text(column: Column[Any]) -> ColumnElement[Any]:
    return cast(column, Text) if isinstance(column.type, JSON | Guid) else column


def _key(row: AnyRow, one: Searched) -> Key:
    return tuple(
        ids.parse(value) if isinstance(column.type, Guid) else value
        for value, column in zip(row, one.keys, strict=False)
    )


def _written(row: AnyRow, one: Searched) -> list[str | bytes]:
    """Whatever a number may stand in. JSON without escapes is what it says."""
    found = list(filter(None, row[len(one.keys) : -one.of_json or None]))
    found += [row[at] for at in one.keyed]
    for value in filter(None, row[-one.of_json :] if one.of_json else ()):
        found += strings(json.loads(value)) if "\\" in value else (value,)
    return found


def _read(row: AnyRow, one: Searched) -> Row:
    """A row as its columns are."""
    found = dict(zip((column.name for column in one.keys), _key(row, one), strict=True))
    for column, value in zip(one.columns, row[len(one.keys) :], strict=True):
        found[column.name] = json.loads(value) if isinstance(column.type, JSON) and value is not None else value
    return found


def holds(row: Row, one: Searched, spellings: Spellings) -> bool:
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
                looked = look_at(session, one, after, bound, spellings)
            if not looked.count:
                break
            yield one.table.name, looked.count, len(looked.hits)
            after = looked.last
