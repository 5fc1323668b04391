"""The database as a store for drafts: one transaction for all that wait, and each row its own fate."""

import errno
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

import structlog
from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.orm import Session

from callbacks.draft import Draft
from callbacks.ladder.rows import write_postgresql, write_sqlite
from callbacks.ladder.stranger_caps import count, keep_strangers
from callbacks.strangers import Strangers
from lib import durable
from models import KnownToken, Receipt, StrangerQuota
from models.database import Database, checkpointing
from models.schema import VERSION_TABLE
from models.strangers import lock

log = structlog.get_logger(__name__)

BUSY_MILLISECONDS = 900  # of the second that a callback gives the database
LOCK_MILLISECONDS = 3_000
STATEMENT_MILLISECONDS = 20_000  # a slow database may be slow: 4 MiB of receipts are one statement


class DatabaseStore:
    """One connection of its own, which no pool ever sees. ``caps`` are the strangers'. Opening it raises where the
    database is away. With ``patient=False`` PostgreSQL itself ends what waits for a lock or works for too long: for those whom
    nobody watches."""

    def __init__(self, database: Database, caps: Strangers, patient: bool = True):
        self._database = database
        self._caps = caps
        # A new one: what lies in the engine's pool may be dead, and nobody says so for twenty seconds.
        fresh = database.engine.pool.recreate().connect()
        connection = Connection(database.engine, connection=fresh)
        self._driver = cast(Any, fresh.driver_connection)  # psycopg's or sqlite3's
        errors = database.engine.dialect.loaded_dbapi
        self._faults: type[Exception] = errors.Error
        # A row that cannot be held, whatever the database's state. Everything else is the database's own trouble.
        self._row_faults = (errors.DataError, errors.IntegrityError, ValueError, TypeError, OverflowError)
        self._checkpoints = True
        if database.is_sqlite:
            self._driver.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
        else:
            self._driver.rollback()  # what the engine has asked
            self._driver.autocommit = True
            if not patient:
                self._driver.execute(f"SET lock_timeout = {LOCK_MILLISECONDS}")
                self._driver.execute(f"SET statement_timeout = {STATEMENT_MILLISECONDS}")
        self._opened = None if database.place is None else database.place.opened(fresh)
        connection.detach()  # it ends here, in whatever state
        self._connection = connection

    def keep(self, drafts: Sequence[Draft], within: float | None = None) -> None:
        """Keep all of them; what has been kept before, by whatever way, is not kept twice. Raises where the database is in
        trouble. A row that it refuses costs no other row its place: its body is kept, in quarantine.

        ``within``: where somebody else writes for longer than so many seconds, Busy is raised, and nothing of whom we know was
        kept. On PostgreSQL nobody waits for another."""
        known = [draft for draft in drafts if not draft.stranger]
        strangers = [draft for draft in drafts if draft.stranger]
        if known:
            self._keep(known, partial(self._insert, within=within))
        if strangers:
            self._keep(strangers, self._insert_strangers)

    def probe(self) -> None:
        """Raises where nothing can be written. A full disk and a standby refuse this, and would let a SELECT pass; who holds
        the table of receipts lets it wait, as it would let a callback wait."""
        if file := self._database.file:  # on a full disk SQLite's log may have room for this, and for no callback
            durable.probe(file.parent, synced=False, anew=False)
        with self._turn():
            self._driver.execute(f"UPDATE {StrangerQuota.__tablename__} SET overflow = overflow")
            self._driver.execute(f"UPDATE {Receipt.__tablename__} SET state = state WHERE 1 = 0")

    def schema(self) -> str | None:
        """The revision of the database's schema; None where there is none yet. Raises where the database is in trouble."""
        found = self._driver.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()
        return found[0] if found else None

    def catch_up(self) -> None:
        """Learn which tokens are or were ours, and count the strangers whose receipts were dropped while nobody could."""
        dropped = self._caps.uncounted()
        with self._turn(), self._transaction() as session:
            lock(session)
            count(session, dropped)
            self._caps.learn(session.scalars(select(KnownToken.fingerprint)).all())
        self._caps.counted(dropped)

    def abort(self) -> None:
        """Make a ``keep`` that hangs in another thread fail."""
        try:
            if self._database.is_sqlite:
                self._driver.interrupt()
                return
            # The descriptor itself is the driver's to close.
            with socket.socket(fileno=os.dup(self._driver.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)
        except (OSError, self._faults) as error:
            log.debug("nothing_to_abort", error=type(error).__name__)

    def close(self) -> None:
        try:
            self._connection.invalidate()  # no word more to a database that may not answer
            self._connection.close()
            self._driver.close()  # else it stays open until the garbage is collected
        except (DBAPIError, self._faults) as error:
            log.debug("close_failed", error=type(error).__name__)

    def _keep(self, drafts: list[Draft], insert: Callable[[list[Draft]], None]) -> None:
        try:
            insert(drafts)
        except Exception as error:
            if not self._is_row_fault(error):
                raise
            for draft in drafts:
                self._keep_one(draft, insert)

    def _keep_one(self, draft: Draft, insert: Callable[[list[Draft]], None]) -> None:
        try:
            insert([draft])
        except Exception as error:
            if not self._is_row_fault(error):
                raise
            log.error("receipt_refused", receipt_id=str(draft.id), error=type(error).__name__)
            insert([_bare(draft)])  # where even this is refused, no row is at fault

    def _is_row_fault(self, error: Exception) -> bool:
        """Also where SQLAlchemy has wrapped it."""
        return isinstance(error.orig if isinstance(error, StatementError) else error, self._row_faults)

    def _insert(self, drafts: Sequence[Draft], within: float | None) -> None:
        if self._database.is_sqlite:
            with self._turn(first=True, within=within):
                write_sqlite(self._driver, drafts)
        else:
            write_postgresql(self._driver, drafts)

    def _insert_strangers(self, drafts: list[Draft]) -> None:
        with self._turn(first=True), self._transaction() as session:
            drops = keep_strangers(session, drafts, self._caps)
        self._caps.did_not_fit(drops)

    @contextmanager
    def _turn(self, first: bool = False, within: float | None = None) -> Iterator[None]:
        """As ``Database.hold_write_lock``; who goes on without it checkpoints nothing. Raises OSError where what was written is
        nobody's any more."""
        with self._database.hold_write_lock(first, within) as mine:
            if mine != self._checkpoints:
                self._driver.execute(checkpointing(mine))
                self._checkpoints = mine
            self._expect_to_be_there()
            yield
            self._expect_to_be_there()

    def _expect_to_be_there(self) -> None:
        """Raises OSError where SQLite's file or its log was moved or deleted while it was open: what was written stands in that
        one, and is to be kept elsewhere as well."""
        place = self._database.place
        if place is not None and self._opened is not None and not place.is_of(self._opened):
            place.leave(self._driver, self._opened)
            raise OSError(errno.ESTALE, "SQLite's file or its log was moved or deleted, or is another one now")

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        """A session on our own connection, so that ``abort`` reaches it."""
        if self._database.is_sqlite:
            connection = self._connection.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        else:
            connection, self._driver.autocommit = self._connection, False
        try:
            with Session(connection, expire_on_commit=False) as session, session.begin():
                yield session
        finally:
            if not self._database.is_sqlite and not self._driver.closed:
                self._driver.autocommit = True


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
