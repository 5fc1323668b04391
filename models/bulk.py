"""Many rows, or many values, in one statement and without SQLAlchemy's work for each value: COPY on PostgreSQL, a
statement that is prepared once on SQLite. Several times as fast as ``session.execute(insert(...), rows)``, and stores
the same.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from operator import attrgetter, itemgetter
from typing import Any, Protocol

import orjson
from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    Dialect,
    String,
    Table,
    TableValuedAlias,
    any_,
    column,
    func,
    literal,
    select,
)
from sqlalchemy.orm import Session

from models.base import Guid, UtcDateTime
from models.database import AnyColumn
from models.driver import driver_of

# Rows. SQLite keeps each statement with its values: of 64 rows a connection that writes outcomes would hold a megabyte more, and
# be no faster.
LARGEST_PIECE = 16

Row = Mapping[str, Any]  # column name -> value
Values = tuple[Any, ...]  # of a row, in the order of its columns


class Done(Protocol):
    """What the drivers answer to a statement."""

    @property
    def rowcount(self) -> int: ...


def insert_rows(session: Session, table: Table, rows: Collection[Row]) -> None:
    """Insert the rows, each with a value for every column of the table. Raises what SQLAlchemy raises."""
    if not rows:
        return
    names = tuple(column.name for column in table.columns)
    connection, dialect = session.connection(), session.get_bind().dialect
    if dialect.name == "sqlite":
        insert_in_pieces(connection.exec_driver_sql, _into(table, names), written(rows, table, names, dialect.name))
        return
    statement = f"COPY {table.name} ({', '.join(names)}) FROM STDIN"
    with driver_of(connection, statement) as driver, driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in written(rows, table, names, dialect.name):
            copy.write_row(row)


def insert_new(session: Session, table: Table, rows: Collection[Row]) -> int:
    """Insert the rows, in their order, but those that would stand beside one that is there with the same key. How many
    were inserted. All have the same columns; in the others stands what the table says. Waits for another transaction that is
    inserting the same."""
    if not rows:
        return 0
    names = tuple(next(iter(rows)))
    connection, dialect = session.connection(), session.get_bind().dialect
    if dialect.name == "sqlite":
        rows_written = written(rows, table, names, dialect.name)
        return insert_in_pieces(connection.exec_driver_sql, _into(table, names), rows_written, "ON CONFLICT DO NOTHING")
    values = f"SELECT {', '.join(names)} FROM {_recordset(table, names, dialect)}"
    statement = f"{_into(table, names)} {values} ON CONFLICT DO NOTHING"
    return connection.exec_driver_sql(statement, (_json(list(rows)),)).rowcount


def update_rows(session: Session, table: Table, rows: Collection[Row], names: Collection[str]) -> None:
    """Give rows, found by their ``id``, new values in the columns named. Raises what SQLAlchemy raises."""
    if not rows:
        return
    connection, dialect = session.connection(), session.get_bind().dialect
    if dialect.name == "sqlite":
        changed = ", ".join(f"{name} = given.column{at}" for at, name in enumerate(names, 1))
        found = f"WHERE {table.name}.id = given.column{len(names) + 1}"
        for some in _pieces(written(rows, table, (*names, "id"), dialect.name)):
            statement = f"UPDATE {table.name} SET {changed} FROM ({_values(some)}) AS given {found}"
            connection.exec_driver_sql(statement, tuple(chain.from_iterable(some)))
        return
    columns = ("id", *names)
    changed = ", ".join(f"{name} = given.{name}" for name in names)
    given = _recordset(table, columns, dialect)
    statement = f"UPDATE {table.name} SET {changed} FROM {given} WHERE {table.name}.id = given.id"
    connection.exec_driver_sql(statement, (_json([{name: row[name] for name in columns} for row in rows]),))


def insert_in_pieces(execute: Callable[[str, Values], Done], into: str, rows: list[Values], then: str = "") -> int:
    """SQLite's way to many rows in few statements: pieces of 16, 8, ... 1 rows, so that few different texts come up and
    the driver finds them prepared. How many were inserted."""
    return sum(
        execute(f"{into} {_values(some)} {then}", tuple(chain.from_iterable(some))).rowcount for some in _pieces(rows)
    )


def _pieces(rows: list[Values]) -> Iterator[list[Values]]:
    start, size = 0, LARGEST_PIECE
    while start < len(rows):
        while size > len(rows) - start:
            size //= 2
        yield rows[start : start + size]
        start += size


def _values(rows: list[Values]) -> str:
    return "VALUES " + ", ".join([f"({', '.join('?' * len(rows[0]))})"] * len(rows))


def _into(table: Table, names: Collection[str]) -> str:
    return f"INSERT INTO {table.name} ({', '.join(names)})"


def expect_growth(session: Session) -> None:
    """Have every row of this transaction looked up by an index, also in tables that are small as yet.

    PostgreSQL keeps the plans of prepared statements and of foreign keys. One that was made while a table had a page or
    two reads all of it, and goes on doing so until the next ANALYZE: the first hundred thousand calls of a new
    installation would take ten times as long.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection().exec_driver_sql("SET LOCAL enable_seqscan = off")


def plan_for_values(session: Session) -> None:
    """Have every statement of this transaction planned for the values that it comes with.

    PostgreSQL keeps the plans of prepared statements, made for any values. Without statistics of the table such a plan may
    read all rows of a connection, and compares each of them with each of the values of ``among``.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection().exec_driver_sql("SET LOCAL plan_cache_mode = force_custom_plan")


def among(session: Session, column: AnyColumn, values: Iterable[object]) -> ColumnElement[bool]:
    """``column IN values`` with one parameter, however many values there are: ids or texts."""
    if session.get_bind().dialect.name == "sqlite":
        each = func.json_each(json.dumps(list(map(str, values)))).table_valued("value")
        return column.in_(select(each.c.value))
    return column == any_(literal(list(values), ARRAY(column.type)))


def each(session: Session, values: Iterable[str]) -> TableValuedAlias:
    """A row for each of these texts, with one column, ``value``."""
    if session.get_bind().dialect.name == "sqlite":
        return func.json_each(json.dumps(list(values))).table_valued("value")
    return func.unnest(literal(list(values), ARRAY(String))).table_valued(column("value", String)).render_derived()


def written(rows: Iterable[Row], table: Table, names: tuple[str, ...], dialect: str) -> list[Values]:
    """The rows' values in the order of the names, as the driver of "sqlite" or "postgresql" takes them."""
    values_of = itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],)
    # A column's values are written by one function, in one go.
    columns: list[Sequence[Any]] = list(zip(*map(values_of, rows), strict=True))
    if not columns:
        return []
    for at, write in _writers(table, names, dialect):
        columns[at] = [None if value is None else write(value) for value in columns[at]]
    return list(zip(*columns, strict=True))


@lru_cache
def _writers(table: Table, names: tuple[str, ...], dialect: str) -> list[tuple[int, Callable[[Any], str]]]:
    """(place of the column, how its values are written) for the columns whose values no driver writes as we want."""
    found: list[tuple[int, Callable[[Any], str]]] = []
    for at, name in enumerate(names):
        kind = table.columns[name].type
        if isinstance(kind, Guid):
            found.append((at, str if dialect == "sqlite" else attrgetter("hex")))
        elif isinstance(kind, UtcDateTime):
            found.append((at, _sqlite_time if dialect == "sqlite" else _time))
        elif isinstance(kind, JSON):
            # SQLite holds the text as it is written, and exports show it; PostgreSQL writes it anew.
            shown = dialect == "sqlite" and not table.columns[name].info.get("inner")
            found.append((at, _shown if shown else _json))
    return found


def _in_utc(moment: datetime) -> str:
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(" ", "microseconds")


# One moment stands in many rows of a batch, and takes as long to write as three ids.
_time = lru_cache(maxsize=250)(_in_utc)


@lru_cache(maxsize=250)
def _sqlite_time(moment: datetime) -> str:
    return _in_utc(moment)[:26]  # as models.base.SQLITE_TIME: without "+00:00"


_shown_json = json.JSONEncoder(ensure_ascii=False).encode  # ``json.dumps`` would make one for each value


def _shown(value: Any) -> str:
    return _shown_json(value) if value else "{}" if type(value) is dict else "[]"


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value, _in_words).decode()
    except TypeError:  # a number of more than 64 bits, or what no store holds: the database is to say so
        return json.dumps(value, default=_in_words)


def _in_words(value: object) -> str:
    """What JSON has no form of, as PostgreSQL reads it in a text."""
    return "\\x" + value.hex() if isinstance(value, bytes) else str(value)


def _recordset(table: Table, names: Collection[str], dialect: Dialect) -> str:
    """One parameter, a JSON array of objects, as rows named ``given``."""
    columns = ", ".join(f"{name} {table.columns[name].type.compile(dialect=dialect)}" for name in names)
    return f"json_to_recordset(%s::json) AS given({columns})"
