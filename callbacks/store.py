"""The database as a store for drafts: one transaction for all that wait, and each row its own fate."""

import json
import socket
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from callbacks.draft import Draft
from callbacks.quarantine import keep_strangers
from models import Receipt, StrangerQuota
from models.base import SQLITE_TIME
from models.database import Database

log = structlog.get_logger(__name__)

# A row that cannot be held, whatever the database's state. Everything else is the database's own trouble.
ROW_FAULTS = (DataError, IntegrityError, ValueError, TypeError, OverflowError)
BUSY_MILLISECONDS = 900  # of the second that a callback gives the database

# column -> its type in PostgreSQL, for unnest; the order of the columns for both databases.
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
_NAMES = ", ".join(COLUMNS)
_TABLE = Receipt.__tablename__
SQLITE_INSERT = f"INSERT INTO {_TABLE} ({_NAMES}) VALUES ({', '.join('?' * len(COLUMNS))}) ON CONFLICT DO NOTHING"
POSTGRESQL_INSERT = (
    f"INSERT INTO {_TABLE} ({_NAMES}) SELECT * FROM unnest({', '.join(f'%s::{kind}[]' for kind in COLUMNS.values())})"
    " ON CONFLICT DO NOTHING"
)


class DatabaseStore:
    """One connection of its own. ``caps`` are those of ``keep_strangers``. Opening it raises where the database is away."""

    def __init__(self, database: Database, caps: tuple[int, int]):
        self._database = database
        self._caps = caps
        self._insert: Callable[[list[Draft]], None] = (
            self._insert_sqlite if database.is_sqlite else self._insert_postgresql
        )
        connection = database.engine.connect()
        if database.is_sqlite:
            connection = connection.execution_options(sqlite_begin="BEGIN IMMEDIATE")
            connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
            connection.rollback()
        else:
            # A single statement is its own transaction, which saves two of three turns.
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        self._driver = connection.connection.driver_connection
        connection.detach()  # it ends here, in whatever state, and not in the pool
        self._connection = connection

    def keep(self, drafts: Sequence[Draft]) -> None:
        """Keep all of them; what has been kept before, by whatever way, is not kept twice. Raises where the database is in
        trouble. A row that it refuses costs no other row its place: its body is kept, in quarantine."""
        known = [draft for draft in drafts if not draft.stranger]
        strangers = [draft for draft in drafts if draft.stranger]
        if known:
            try:
                self._insert(known)
            except ROW_FAULTS:
                for draft in known:
                    self._keep_one(draft)
        if strangers:
            with self._database.write() as session:
                keep_strangers(session, strangers, *self._caps)

    def probe(self) -> None:
        """Raises where nothing can be written. A full disk and a standby refuse this, and would let a SELECT pass."""
        with self._connection.begin():
            self._connection.execute(text(f"UPDATE {StrangerQuota.__tablename__} SET overflow = overflow"))

    def abort(self) -> None:
        """Make a ``keep`` that hangs in another thread fail."""
        try:
            if self._database.is_sqlite:
                self._driver.interrupt()
                return
            with socket.socket(fileno=self._driver.fileno()) as line:
                line.shutdown(socket.SHUT_RDWR)
                line.detach()
        except (OSError, psycopg.Error, sqlite3.Error) as error:
            log.debug("nothing_to_abort", error=type(error).__name__)

    def close(self) -> None:
        try:
            self._connection.invalidate()  # no word more to a database that may not answer
            self._connection.close()
        except DBAPIError as error:
            log.debug("close_failed", error=type(error).__name__)

    def _keep_one(self, draft: Draft) -> None:
        try:
            self._insert([draft])
        except ROW_FAULTS as error:
            log.error("receipt_refused", receipt_id=str(draft.id), error=type(error).__name__)
            self._insert([_bare(draft)])  # where even this is refused, no row is at fault

    def _insert_sqlite(self, drafts: list[Draft]) -> None:
        rows = [_sqlite_row(draft.row()) for draft in drafts]
        with self._database.turn(), self._connection.begin():
            self._connection.exec_driver_sql(SQLITE_INSERT, rows)

    def _insert_postgresql(self, drafts: list[Draft]) -> None:
        rows = [draft.row() for draft in drafts]
        for row in rows:
            row["headers"] = json.dumps(row["headers"])
        columns = tuple([row[name] for row in rows] for name in COLUMNS)
        self._connection.exec_driver_sql(POSTGRESQL_INSERT, columns)
        self._connection.commit()


def _sqlite_row(row: dict[str, Any]) -> tuple:
    """In the forms of models.base, which SQLAlchemy would bring it into a column at a time."""
    moment = row["received_at"].strftime(SQLITE_TIME)
    row |= {"id": str(row["id"]), "received_at": moment, "seen_at": moment, "headers": json.dumps(row["headers"])}
    return tuple(row[name] for name in COLUMNS)


def _bare(draft: Draft) -> Draft:
    """Its body, and of the rest only what every table can hold."""
    return Draft(
        connection=draft.connection.encode("ascii", "replace").decode().replace("\x00", "?")[:200],
        dialer=draft.dialer,
        kind="",
        received_at=draft.received_at,
        method="",
        query=None,
        headers={},
        body=draft.body,
        body_size=draft.body_size,
        stranger=draft.stranger,
        reason="refused_by_database",
        id=draft.id,
    )
