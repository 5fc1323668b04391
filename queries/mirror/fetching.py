"""What changed, out of the database and into a file of CSV: by the server's own COPY, or from SQLite row by row."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from lib import clock, private
from lib import text as texts
from models.base import POSTGRESQL, SQLITE_TIME
from models.driver import driver_of
from queries.mirror.columns import COLUMNS, NULL, selected
from queries.shape import JSON_COLUMNS

_JSON = [COLUMNS.index(name) for name in JSON_COLUMNS]
_PIECE = 2_000


class _Null(int):
    """Written without quotes, as numbers are and texts are not."""

    def __str__(self) -> str:
        return NULL


_NULL = _Null()


def changes(session: Session, path: Path, after: int, to: int, limit: int) -> int:
    """Write the outcomes whose place in the feed is behind ``after``, up to ``to``, in the feed's order, at most ``limit``.
    Returns the place of the last one; ``to`` where there are no more."""
    dialect = session.get_bind().dialect.name
    statement = (
        f"SELECT {selected(dialect)} FROM call_outcomes WHERE position > {int(after)} AND position <= {int(to)} "
        f"ORDER BY position LIMIT {int(limit)}"
    )
    if _fetched(session, statement, path) < limit:
        return to
    places = (
        f"SELECT position FROM call_outcomes WHERE position > {int(after)} ORDER BY position LIMIT 1 OFFSET {limit - 1}"
    )
    last: int = session.execute(text(places)).scalar_one()
    return last


def oldest(session: Session, path: Path, to: int, after: Sequence[str] | None, limit: int) -> None:
    """Write the outcomes whose place in the feed is not behind ``to``, in the order of time, behind the one whose time and id are
    given, at most ``limit``. ``after``: ``2026-11-18 10:12:52.000000``, of UTC, and the id."""
    dialect = session.get_bind().dialect.name
    behind = ""
    if after is not None:
        moment, row = clock.read(f"{after[0]}Z"), UUID(after[1])
        zone = "+00" if dialect == POSTGRESQL else ""
        behind = f"AND (occurred_at, id) > ('{moment:{SQLITE_TIME}}{zone}', '{row}')"
    statement = (
        f"SELECT {selected(dialect)} FROM call_outcomes WHERE position <= {int(to)} {behind} "
        f"ORDER BY occurred_at, id LIMIT {int(limit)}"
    )
    _fetched(session, statement, path)


def _fetched(session: Session, statement: str, path: Path) -> int:
    """How many rows were written."""
    private.make_file(path)
    write = _copied if session.get_bind().dialect.name == POSTGRESQL else _written
    with path.open("wb") as file:
        return write(session, statement, file)


def _copied(session: Session, statement: str, file: BinaryIO) -> int:
    with driver_of(session.connection(), "COPY") as line, line.cursor() as cursor:
        with cursor.copy(f"COPY ({statement}) TO STDOUT (FORMAT csv, NULL '{NULL}', ENCODING 'UTF8')") as copied:
            for piece in copied:
                file.write(piece)
        count: int = cursor.rowcount
    return count


def _written(session: Session, statement: str, file: BinaryIO) -> int:
    count = 0
    out_of = open(file.fileno(), "w", encoding="utf-8", errors="replace", newline="", closefd=False)
    with driver_of(session.connection(), statement) as line, out_of as out:
        writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
        for rows in _pieces(line.execute(statement)):
            count += len(rows)
            writer.writerows([[_NULL if cell is None else cell for cell in _spelled(row)] for row in rows])
    return count


def _spelled(row: tuple[Any, ...]) -> Sequence[Any]:
    """The row with letters in JSON, which an earlier release wrote as ``\\u0917``."""
    if not any("\\u" in row[at] for at in _JSON):
        return row
    return [texts.spelled(cell) if at in _JSON and cell else cell for at, cell in enumerate(row)]


def _pieces(cursor: Any) -> Iterator[list[tuple[Any, ...]]]:
    while rows := cursor.fetchmany(_PIECE):
        yield rows
