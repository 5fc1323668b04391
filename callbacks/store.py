"""The database as a store for drafts: one transaction for all that wait, and each row its own fate."""

import socket
import sqlite3
from collections.abc import Sequence

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError

from callbacks.draft import Draft
from callbacks.quarantine import keep_strangers
from callbacks.writing import write_postgresql, write_sqlite
from models import Receipt, StrangerQuota
from models.database import Database

log = structlog.get_logger(__name__)

# A row that cannot be held, whatever the database's state. Everything else is the database's own trouble.
ROW_FAULTS = (
    *(sqlite3.DataError, sqlite3.IntegrityError, psycopg.DataError, psycopg.IntegrityError),
    *(ValueError, TypeError, OverflowError),
)
BUSY_MILLISECONDS = 900  # of the second that a callback gives the database


class DatabaseStore:
    """One connection of its own. ``caps`` are those of ``keep_strangers``. Opening it raises where the database is away."""

    def __init__(self, database: Database, caps: tuple[int, int]):
        self._database = database
        self._caps = caps
        connection = database.engine.connect()
        self._driver = connection.connection.driver_connection
        if database.is_sqlite:
            self._driver.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
        else:
            self._driver.rollback()  # what the pool has asked
            self._driver.autocommit = True
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
        """Raises where nothing can be written. A full disk and a standby refuse this, and would let a SELECT pass; who holds
        the table of receipts lets it wait, as he would let a callback wait."""
        with self._database.turn():
            self._driver.execute(f"UPDATE {StrangerQuota.__tablename__} SET overflow = overflow")
            self._driver.execute(f"UPDATE {Receipt.__tablename__} SET state = state WHERE 1 = 0")

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

    def _insert(self, drafts: Sequence[Draft]) -> None:
        if self._database.is_sqlite:
            with self._database.turn():
                write_sqlite(self._driver, drafts)
        else:
            write_postgresql(self._driver, drafts)


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
