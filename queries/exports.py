"""Exports: every matching outcome as CSV or NDJSON, oldest call first, in pieces, with memory for one piece only.

The database itself writes times, ids and JSON as they are shown (``as_shown``, whose twin is ``shape.flat``): turning
each into a Python object and back into text is three quarters of the time an export would take.
"""

import csv
import io
from collections.abc import Generator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import String, Text, cast
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement

from models import CallOutcome
from models.base import Guid, UtcDateTime
from models.database import AnyColumn, AnyRow, AnySelect, Database
from models.shown import COLUMNS
from queries import selection, shape

Pieces = Generator[Sequence[AnyRow], None, None]

_PIECE = 2_000
_ORDER = "started_at"
_OCCURRED_AT = COLUMNS.index("occurred_at")  # what it is sorted by

# A spreadsheet runs a cell that begins with one of these as a formula. What is nothing but a plus and ASCII digits, as
# every E.164 number is, can only come to itself; "-5" and "+1+1" are sums.
_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")


class shown_time(FunctionElement[str]):
    """A time as ``lib.clock.iso`` writes it, its twin: ``2026-11-18T10:12:52Z``, a fraction only where it is not zero."""

    type = Text()
    inherit_cache = True


@compiles(shown_time, "postgresql")
def _time_postgresql(element: shown_time, compiler: SQLCompiler, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    text = f"to_char(timezone('UTC', {moment}), 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"
    return f"rtrim(rtrim({text}, '0'), '.') || 'Z'"


@compiles(shown_time, "sqlite")
def _time_sqlite(element: shown_time, compiler: SQLCompiler, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"rtrim(rtrim(replace({moment}, ' ', 'T'), '0'), '.') || 'Z'"


def as_shown(name: str) -> AnyColumn:
    """The column with its values as the API shows them; JSON as its text."""
    column: InstrumentedAttribute[Any] = getattr(CallOutcome, name)
    if isinstance(column.type, UtcDateTime):
        return shown_time(column)
    return cast(column, Text) if isinstance(column.type, Guid) or name in shape.JSON_COLUMNS else column


def pieces(database: Database, filters: Mapping[str, Any]) -> Pieces:
    """Rows of ``shown.COLUMNS`` as shown, in pieces.

    On PostgreSQL all of one snapshot, through a cursor of the server: the export is exact whatever changes meanwhile.
    On SQLite each piece is a read of its own: a reader that stays for an hour would keep the write-ahead log from being
    folded back, and it would grow for as long. A row that moves in time meanwhile may then be in twice; ids tell.
    """
    return _from_sqlite(database, filters) if database.is_sqlite else _from_postgresql(database, filters)


def _statement(filters: Mapping[str, Any], after: tuple[datetime, UUID] | None = None) -> AnySelect:
    columns = [as_shown(name) for name in COLUMNS]
    return selection.ordered(filters, _ORDER, after).with_only_columns(*columns)


def _from_postgresql(database: Database, filters: Mapping[str, Any]) -> Pieces:
    with database.engine.connect() as connection:
        streamed = {"stream_results": True, "yield_per": _PIECE}
        yield from connection.execute(_statement(filters), execution_options=streamed).partitions()


def _from_sqlite(database: Database, filters: Mapping[str, Any]) -> Pieces:
    after = None
    while True:
        with database.engine.connect() as connection:
            rows = connection.execute(_statement(filters, after).limit(_PIECE)).all()
        if rows:
            yield rows
            after = datetime.fromisoformat(rows[-1][_OCCURRED_AT]), UUID(rows[-1][0])
        if len(rows) < _PIECE:
            return


def ndjson(rows: Sequence[AnyRow]) -> bytes:
    """One outcome per line, as the API shows it."""
    return b"".join([orjson.dumps(_outcome(row), option=orjson.OPT_APPEND_NEWLINE) for row in rows])


def _outcome(row: AnyRow) -> dict[str, Any]:
    shown = list(row)
    for at in shape.JSON_AT:
        shown[at] = orjson.Fragment(shown[at])
    return shape.nested(shown)


def csv_head() -> bytes:
    """The header line: the contract's fields, the agent's flat, as in the view ``call_outcomes_v1``."""
    return (",".join(COLUMNS) + "\r\n").encode()


def csv_lines(rows: Sequence[AnyRow]) -> bytes:
    """One outcome per line. Absent facts are empty, truth is ``true`` or ``false``, lists and objects are JSON."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(map(_cells, rows))
    return out.getvalue().encode("utf-8", "replace")


# Every column of text, whoever may write it; the others are times, ids, numbers and JSON, which begin with none of these.
_TEXT_AT = tuple(at for at, name in enumerate(COLUMNS) if isinstance(getattr(CallOutcome, name).type, String))
_TRUTH_AT = COLUMNS.index("is_final")


def _cells(row: AnyRow) -> list[Any]:
    cells = list(row)
    cells[_TRUTH_AT] = "true" if cells[_TRUTH_AT] else "false"
    for at in _TEXT_AT:
        cell = cells[at]
        if cell and cell[0] in _FORMULA and not _is_number(cell):
            cells[at] = "'" + cell
    return cells


def _is_number(cell: str) -> bool:
    digits = cell[1:]
    return cell[0] == "+" and digits.isascii() and digits.isdigit()
