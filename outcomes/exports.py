"""Exports: every matching outcome as CSV or NDJSON, oldest call first, in pieces, with memory for one piece only."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from models.database import Database
from outcomes import queries, shape

_PIECE = 2_000
_ORDER = "started_at"

# A spreadsheet runs a cell that begins with one of these as a formula. "+" begins every E.164 number too; those are
# marked as well, because a rule with exceptions is one that somebody gets around.
_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")


def pieces(database: Database, filters: Mapping[str, Any]) -> Iterator[Sequence[Row]]:
    """The rows of ``queries.COLUMNS``, in pieces.

    On PostgreSQL all of one snapshot, through a cursor of the server: the export is exact whatever changes meanwhile.
    On SQLite each piece is a read of its own: a reader that stays for an hour would keep the write-ahead log from being
    folded back, and it would grow for as long. A row that moves in time meanwhile may then be in twice; ids tell.
    """
    return _from_sqlite(database, filters) if database.is_sqlite else _from_postgresql(database, filters)


def _from_postgresql(database: Database, filters: Mapping[str, Any]) -> Iterator[Sequence[Row]]:
    with database.read() as session:
        streamed = {"stream_results": True, "yield_per": _PIECE}
        yield from session.execute(queries.ordered(filters, _ORDER), execution_options=streamed).partitions()


def _from_sqlite(database: Database, filters: Mapping[str, Any]) -> Iterator[Sequence[Row]]:
    after = None
    while True:
        with database.read() as session:
            rows = session.execute(queries.ordered(filters, _ORDER, after).limit(_PIECE)).all()
        if rows:
            yield rows
            after = rows[-1].sort_key, rows[-1].id
        if len(rows) < _PIECE:
            return


def ndjson(rows: Sequence[Row], dumps: Callable[[Any], bytes]) -> bytes:
    """One outcome per line, exactly as the API shows it."""
    return b"".join([dumps(shape.outcome(row)) + b"\n" for row in rows])


def csv_head() -> bytes:
    """The header line: the contract's fields, the agent's flat, as in the view ``call_outcomes_v1``."""
    return (",".join(shape.COLUMNS) + "\r\n").encode()


def csv_lines(rows: Sequence[Row], dumps: Callable[[Any], bytes]) -> bytes:
    """One outcome per line. Absent facts are empty, truth is ``true`` or ``false``, lists and objects are JSON."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(
        [[_cell(value, dumps) for value in shape.flat(row)] for row in rows]
    )
    return out.getvalue().encode("utf-8", "replace")


def _cell(value: Any, dumps: Callable[[Any], bytes]) -> Any:
    if isinstance(value, str):
        return "'" + value if value[:1] in _FORMULA else value
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return dumps(value).decode()
    return value
