"""How drafts become rows of ``receipts``, by the shortest way that each driver has. One transaction per call.

Raises the driver's own errors. What is there already, by its id, stays as it is.
"""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
import psycopg
from psycopg.errors import UniqueViolation

from callbacks.draft import Draft
from models import Receipt
from models.base import SQLITE_TIME
from models.bulk import insert_in_pieces

# column -> its type in PostgreSQL; the order of the columns for both databases.
COLUMNS = {
    "id": "uuid",
    "connection": "text",
    "dialer": "text",
    "source": "text",
    "kind": "text",
    "received_at": "timestamptz",
    "seen_at": "timestamptz",
    "method": "text",
    "query": "text",
    "headers": "jsonb",
    "body": "bytea",
    "body_size": "bigint",
    "truncated": "boolean",
    "content_hash": "text",
    "stranger": "boolean",
    "state": "text",
    "reason": "text",
    "detail": "text",
    "readings": "integer",
}
_TABLE = f"{Receipt.__tablename__} ({', '.join(COLUMNS)})"
_COPY = f"COPY {_TABLE} FROM STDIN"
_INSERT = (
    f"INSERT INTO {_TABLE} SELECT * FROM unnest({', '.join(f'%s::{kind}[]' for kind in COLUMNS.values())})"
    " ON CONFLICT DO NOTHING"
)


def write_sqlite(connection: sqlite3.Connection, drafts: Sequence[Draft]) -> None:
    """In a transaction of its own; the connection says BEGIN by itself nowhere."""
    rows = [_row(draft, _text_of_moment, str) for draft in drafts]
    connection.execute("BEGIN IMMEDIATE")
    try:
        insert_in_pieces(connection.execute, f"INSERT INTO {_TABLE}", rows, "ON CONFLICT DO NOTHING")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def write_postgresql(connection: psycopg.Connection, drafts: Sequence[Draft]) -> None:
    """The connection is in autocommit, where each statement is a transaction."""
    rows = [_row(draft, datetime.isoformat, lambda id_: id_.hex) for draft in drafts]
    try:
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            for row in rows:
                copy.write_row(row)
    except UniqueViolation:  # seldom: some of them came by another way before
        connection.execute(_INSERT, tuple(list(column) for column in zip(*rows, strict=True)))


def _row(draft: Draft, moment, id_) -> tuple[Any, ...]:
    row = draft.row()
    row["id"] = id_(row["id"])
    row["received_at"] = row["seen_at"] = moment(row["received_at"])
    row["headers"] = orjson.dumps(row["headers"]).decode()
    return tuple([row[name] for name in COLUMNS])


def _text_of_moment(moment: datetime) -> str:
    return moment.strftime(SQLITE_TIME)  # drafts are in UTC
