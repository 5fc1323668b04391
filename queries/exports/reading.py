"""The source of an export's rows: the tables. Pieces of whole rows, each the bytes of CSV or of lines of JSON."""

import csv
import io
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from typing import cast as cast_type
from uuid import UUID

from sqlalchemy import Connection, Text, cast, type_coerce

from lib import text as texts
from models import CallOutcome
from models.base import POSTGRESQL, SQLITE
from models.database import AnySelect, Database
from models.driver import driver_of
from queries import selection
from queries.exports import cells
from queries.exports.child import JSON
from queries.exports.choice import Choice, kind

Pieces = Generator[bytes, None, None]

# What rows are written as: CSV for a file, CSV for a program of ours (nothing in it is guarded), lines of JSON.
GUARDED, PLAIN, LINES = "guarded", "plain", "lines"

_PIECE = 2_000  # rows
_BYTES = 1 << 20
_FEW = 100
_STAYS = 60.0  # seconds in which one moment is read, on SQLite
_ORDER = "started_at"
# Lines of JSON hold none of these, so nothing is put into quotes that stands in them already.
_COPIES = {True: r"FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02', ENCODING 'UTF8'", False: "FORMAT csv, ENCODING 'UTF8'"}
# For the time of a COPY alone. It takes as long as its reader does, who is left when silent (``web.idle``).
_MANNERS = "SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL statement_timeout = 0"

Place = tuple[datetime, UUID]


def pieces(database: Database, filters: Mapping[str, Any], choice: Choice, written: str) -> Pieces:
    """The matching rows, oldest call first.

    On PostgreSQL by COPY: all of one snapshot, so the export is exact whatever changes meanwhile. On SQLite what is read within
    a minute is of one moment; what takes longer goes on with another one: a reader that stays for an hour would keep the
    write-ahead log from being folded back, and it would grow for as long. A row that moves in time meanwhile may then be in
    twice, or be missed.
    """
    if database.is_sqlite:
        return _from_sqlite(database, filters, choice, written)
    return _from_postgresql(database, filters, choice, written)


def of_snapshot(connection: Connection, filters: Mapping[str, Any], choice: Choice, written: str) -> Iterator[bytes]:
    """The same, of the one moment that the connection's transaction shows."""
    found = statement(connection.dialect.name, filters, choice, written)
    if connection.dialect.name != SQLITE:
        yield from _gathered(copy_rows(connection, found, written == LINES))
        return
    rows = _raw(connection, found)
    while True:
        piece, last = _piece(rows, choice, written)
        if last is None:
            return
        yield piece


def statement(
    dialect: str, filters: Mapping[str, Any], choice: Choice, written: str, after: Place | None = None
) -> AnySelect:
    """The cells of the rows that match, oldest call first; on SQLite the row's place, too."""
    shown = [cells.line(choice, dialect)] if written == LINES else cells.table(choice, written == GUARDED)
    if dialect == SQLITE:
        shown += [type_coerce(CallOutcome.occurred_at, Text), cast(CallOutcome.id, Text)]
    elif written != LINES and len(shown) == 1:
        shown = [cells.present(shown[0])]  # else an absent fact would be an empty line, which readers skip
    return selection.matching_in_order(filters, _ORDER, after).with_only_columns(*shown)


def plain_columns(filters: Mapping[str, Any], choice: Choice) -> AnySelect:
    """The same rows, their columns as they are."""
    return selection.matching_in_order(filters, _ORDER).with_only_columns(
        *(getattr(CallOutcome, name) for name in choice.columns)
    )


def _from_postgresql(database: Database, filters: Mapping[str, Any], choice: Choice, written: str) -> Pieces:
    with database.engine.connect() as connection:
        found = statement(POSTGRESQL, filters, choice, written)
        yield from _gathered(copy_rows(connection, found, written == LINES))


def copy_rows(connection: Connection, statement: AnySelect, lines: bool) -> Iterator[bytes]:
    """The rows of a SELECT as COPY writes them, each with its line's end. Whoever stops midway stops the server."""
    text, values = _for_copy(connection, statement)
    connection.exec_driver_sql(_MANNERS)
    from psycopg import ClientCursor

    # COPY takes no parameters: they are written into the statement, as the server's own library quotes them.
    with driver_of(connection, "COPY") as driver, ClientCursor(driver) as cursor:
        with cursor.copy(f"COPY ({text}) TO STDOUT ({_COPIES[lines]})", values) as rows:
            yield from cast_type(Iterator[bytes], rows)  # or views of bytes, as good for joining


def _for_copy(connection: Connection, statement: AnySelect) -> tuple[Any, dict[str, Any]]:
    compiled: Any = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    values = compiled.construct_params()
    for name, bound in compiled.binds.items():
        process = bound.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        if process is not None and name in values:
            values[name] = process(values[name])
    return str(compiled), values


def _gathered(rows: Iterator[bytes]) -> Pieces:
    some: list[bytes] = []
    size = 0
    for row in rows:
        some.append(row)
        size += len(row)
        if size >= _BYTES or len(some) >= _PIECE:
            yield b"".join(some)
            some, size = [], 0
    if some:
        yield b"".join(some)


def _from_sqlite(database: Database, filters: Mapping[str, Any], choice: Choice, written: str) -> Pieces:
    after: Place | None = None
    while True:
        with database.engine.connect() as connection:
            rows = _raw(connection, statement(SQLITE, filters, choice, written, after))
            leaves = time.monotonic() + _STAYS
            while True:
                piece, after = _piece(rows, choice, written)
                if after is None:
                    return
                yield piece
                if time.monotonic() >= leaves:
                    break


Fetch = Callable[[int], Sequence[tuple[Any, ...]]]


def _raw(connection: Connection, statement: AnySelect) -> Fetch:
    """The driver's own rows: SQLAlchemy's would take as long again."""
    cursor: Any = connection.execute(statement).cursor
    fetch: Fetch = cursor.fetchmany
    return fetch


def _piece(fetch: Fetch, choice: Choice, written: str) -> tuple[bytes, Place | None]:
    """Some rows, and the place of the last; None where there were none."""
    out = io.StringIO()
    write = _lines if written == LINES else _table
    count, last = 0, None
    while count < _PIECE and out.tell() < _BYTES and (rows := fetch(min(_FEW, _PIECE - count))):
        write(out, rows, choice)
        count, last = count + len(rows), rows[-1]
    if last is None:
        return b"", None
    place = datetime.fromisoformat(last[-2]).replace(tzinfo=UTC), UUID(last[-1])
    return out.getvalue().encode("utf-8", "replace"), place


def _lines(out: io.StringIO, rows: Sequence[tuple[Any, ...]], choice: Choice) -> None:
    text = "\n".join([row[0] for row in rows])
    out.write(texts.spelled(text) if "\\u" in text else text)
    out.write("\n")


class _Rows:
    """What csv.writer writes to: a text for each row."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.write = self.found.append


def _table(out: io.StringIO, rows: Sequence[tuple[Any, ...]], choice: Choice) -> None:
    found: list[Sequence[Any]] = [row[:-2] for row in rows]
    for at in _json_at(choice):
        if any("\\u" in row[at] for row in found):
            found = [(*row[:at], texts.spelled(row[at]), *row[at + 1 :]) for row in found]
    written = _Rows()
    # It puts into quotes what holds a character of its line's end, so that is to have both; and COPY ends lines with one.
    csv.writer(written, lineterminator="\r\n").writerows(found)
    out.write("".join([row[:-2] + "\n" for row in written.found]))


def _json_at(choice: Choice) -> list[int]:
    return [at for at, name in enumerate(choice.columns) if kind(name) == JSON]
