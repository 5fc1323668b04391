"""How drafts become rows of ``receipts``, by the shortest way that each driver has. One transaction per call.

Raises the driver's own errors. What is there already, by its id, stays as it is.
"""

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

from callbacks.draft import Draft
from models import Receipt
from models.bulk import Values, insert_in_pieces, written

if TYPE_CHECKING:
    import psycopg

RECEIPTS = Receipt.__table__


def write_sqlite(connection: sqlite3.Connection, drafts: Sequence[Draft]) -> None:
    """In a transaction of its own; the connection says BEGIN by itself nowhere."""
    into, rows = _rows(drafts, "sqlite")
    connection.execute("BEGIN IMMEDIATE")
    try:
        insert_in_pieces(connection.execute, f"INSERT INTO {into}", rows, "ON CONFLICT DO NOTHING")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def write_postgresql(connection: "psycopg.Connection", drafts: Sequence[Draft]) -> None:
    """The connection is in autocommit, where each statement is a transaction."""
    from psycopg.errors import UniqueViolation

    into, rows = _rows(drafts, "postgresql")
    try:
        with connection.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    except UniqueViolation:  # seldom: some of them came by another way before
        values = ", ".join(["%s"] * len(rows[0]))
        with connection.transaction(), connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {into} VALUES ({values}) ON CONFLICT DO NOTHING", rows)


def _rows(drafts: Sequence[Draft], dialect: str) -> tuple[str, list[Values]]:
    """(the table with the columns that a draft fills, the values)."""
    rows = [draft.row() for draft in drafts]
    names = tuple(rows[0])
    return f"{RECEIPTS.name} ({', '.join(names)})", list(written(rows, RECEIPTS, names, dialect))
