"""The database: one engine, and two ways in, ``read()`` and ``write()``."""

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from math import inf
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, CursorResult, Engine, ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.dml import UpdateBase

from lib import private
from lib.stand_ins import StandIns
from models import hosts, session_settings, shared_clock
from models.base import Base
from models.sqlite_place import LOCK_SECONDS, Place
from models.write_lock import Busy, hold_write_lock
from models.writing import sqlite_file

One = TypeVar("One")
AnyColumn = ColumnElement[Any] | InstrumentedAttribute[Any]
AnyRow = Row[*tuple[Any, ...]]
AnySelect = Select[*tuple[Any, ...]]

_LOOK_STEPS = 1_000_000  # of SQLite's virtual machine, some ten milliseconds: how often it looks at the clock

CHECKPOINT_PAGES = 1000
CACHE_KIB = 512  # of pages, for each connection
# Of SQLite: the connection that was used last is used next, so that two or three of them hold what all would after a while.
# What is prepared takes some thirty kilobytes a statement; by default a connection keeps 128 of them.
_FEW_IN_USE: dict[str, Any] = {"pool_use_lifo": True, "connect_args": {"cached_statements": 64}}
LOG_BYTES = 32 * 1024 * 1024  # of SQLite's log, as soon as nobody reads what was before; eight times what is usual
STAND_INS = "stand_ins"

# Those of them that this server knows.
UNHURRIED = text(
    "SELECT set_config(name, '0', true) FROM pg_settings "
    "WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')"
)

BESIDE = ("-wal", "-shm", "-journal", "-turn", "-first")  # the files of a SQLite database besides itself


class Database:
    """Transactions on the configured database, the same on SQLite and PostgreSQL.

    ``write()`` on SQLite begins with BEGIN IMMEDIATE: a transaction that reads first and writes later would be refused
    when another one wrote in between, and no amount of waiting mends that.
    """

    def __init__(self, url: str, pool_size: int = 8, stand_ins: StandIns | None = None):
        self.url = _with_driver(make_url(url))
        # Of those who were erased, for whoever has a session: ``stand_ins``.
        self.stand_ins = stand_ins or StandIns()
        self._info = {STAND_INS: self.stand_ins}
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._mine = threading.local()  # whether this thread holds the lock of who writes
        if self.is_sqlite and self.url.database:
            private.make_folder(Path(self.url.database).absolute().parent)
        # Of SQLite's file; None of a database that has none.
        self.place = Place(str(self.url.database), self._hold_for_good) if self.file else None
        options = _FEW_IN_USE if self.is_sqlite else hosts.options_for(self.url)
        self.engine: Engine = create_engine(
            self.url, pool_size=pool_size, max_overflow=8, hide_parameters=True, **options
        )
        if self.is_sqlite:
            if self.place is not None:
                self.place.watch(self.engine, _prepare_sqlite)
                event.listen(self.engine, "do_connect", self._close_files)
            else:
                event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
            event.listen(self.engine, "handle_error", _leave_what_only_reads)
        else:
            hosts.watch(self.engine)
            session_settings.watch(self.engine)
            shared_clock.watch(self.engine)

    def limit(self, seconds: float) -> None:
        """No statement takes longer from now on; what does ends with an OperationalError, see ``took_too_long``."""
        self.engine.dispose()
        if self.is_sqlite:
            event.listen(self.engine, "connect", partial(_watch_sqlite, seconds))
            event.listen(self.engine, "before_cursor_execute", _begin_watch)
        else:
            event.listen(self.engine, "connect", partial(_limit_postgresql, seconds))

    @property
    def file(self) -> Path | None:
        """Of SQLite: ``writing.sqlite_file``."""
        return sqlite_file(self.url)

    def make(self, anew: bool = False) -> None:
        """Make SQLite's file, empty, where there is none: who migrates does, see ``Place.make``. Raises OperationalError."""
        if self.place is not None:
            self.place.make(anew)

    def _close_files(self, *_: object) -> None:
        """The database is read by its owner alone, also one that an earlier release has made. SQLite gives the files beside it
        the mode that it has when they are made."""
        path = self.file
        assert path is not None
        for name in ("", *BESIDE):
            private.close(path.with_name(path.name + name))

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that only reads; what it changed would be rolled back."""
        with Session(self.engine, info=self._info) as session:
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """A session that only reads, and to which every statement shows the same moment. On SQLite any does."""
        options = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with Session(self.engine.execution_options(**options), info=self._info) as session:
            yield session

    @contextmanager
    def write(self, within: float | None = None) -> Iterator[Session]:
        """A session whose changes are committed at the end, all or none. ``within``: as with ``hold_write_lock``."""
        with self.hold_write_lock(within=within) as mine:
            engine = self.engine
            if self.is_sqlite:
                engine = engine.execution_options(sqlite_begin="BEGIN IMMEDIATE", sqlite_checkpoints=mine)
            with Session(engine, expire_on_commit=False, info=self._info) as session, session.begin():
                yield session

    def hold_write_lock(self, first: bool = False, within: float | None = None) -> AbstractContextManager[bool]:
        """Within it nobody else of ours writes, or checkpoints. SQLite has one writer at a time, and lets who comes often starve
        the others: who finds it locked sleeps for up to a tenth of a second and may find it locked again. ``first``: before
        others. Raises Busy where it is not to be had ``within`` so many seconds; gives whether it is held, see
        ``models.write_lock``."""
        return self._hold(first, within) if self.is_sqlite else nullcontext(True)

    @contextmanager
    def _hold(self, first: bool, within: float | None) -> Iterator[bool]:
        # The first file is called as the releases before this one call it: theirs may still run beside ours.
        with hold_write_lock(f"{self.url.database}-turn", f"{self.url.database}-first", first, within) as mine:
            self._mine.held = mine
            try:
                yield mine
            finally:
                self._mine.held = False

    @contextmanager
    def _hold_for_good(self) -> Iterator[bool]:
        """The same for who may hold it already; not for long, and False where somebody else does."""
        if getattr(self._mine, "held", False):
            yield True
            return
        try:
            with self._hold(False, LOCK_SECONDS) as mine:
                yield mine
        except Busy:
            yield False

    def close(self) -> None:
        self.engine.dispose()


def stand_ins(session: Session) -> StandIns:
    """What stands for those who were erased, by the installation's key."""
    found: StandIns = session.info[STAND_INS]
    return found


def unhurried(session: Session) -> None:
    """No limit of time that PostgreSQL has for whoever comes (of the role, the database or the server) holds for the rest of this
    transaction."""
    if session.get_bind().dialect.name != "sqlite":
        session.execute(UNHURRIED)


@contextmanager
def no_limit_of_time(connection: Connection) -> Iterator[None]:
    """The same on a connection to PostgreSQL, for what cannot stand within a transaction."""
    connection.exec_driver_sql("SET statement_timeout = 0")
    try:
        yield
    finally:
        if not connection.invalidated:
            connection.exec_driver_sql("RESET statement_timeout")


def insert_into(session: Session, table: Table | type[Base]) -> postgresql.Insert:
    """INSERT with ON CONFLICT, which both databases have and SQLAlchemy writes in two dialects."""
    if session.get_bind().dialect.name == "sqlite":
        # Named for its twin, which has all of its methods: SQLAlchemy's types know no common base with ON CONFLICT.
        return cast(postgresql.Insert, sqlite.insert(table))
    return postgresql.insert(table)


def changed(session: Session, statement: UpdateBase) -> int:
    """Do an INSERT, UPDATE or DELETE; how many rows it was. Objects that the session holds are not told."""
    done = session.execute(statement, execution_options={"synchronize_session": False})
    return cast(CursorResult[Any], done).rowcount  # the type of ``execute`` is that of a SELECT


def chunks(items: Sequence[One], size: int = 5000) -> Iterator[Sequence[One]]:
    """The items in pieces: both databases limit the parameters of one statement, to 32,766 and 65,535."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _with_driver(url: URL) -> URL:
    return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgresql", "postgres") else url


def _prepare_sqlite(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves; the driver's own comes too late
    # In a new file, before anything else: then pages that become free can be given back, some at a time. In one that is there it
    # would be a write.
    if not connection.execute("PRAGMA page_count").fetchone()[0]:
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")  # a 200 means that it is durable: WAL alone may lose the last commits
    connection.execute("PRAGMA busy_timeout=10000")
    # Each connection would keep 2 MB of what the system's own cache has as well.
    connection.execute(f"PRAGMA cache_size={-CACHE_KIB}")
    # Else the log keeps the length that it had once, when somebody read for minutes and nothing could be copied out of it.
    connection.execute(f"PRAGMA journal_size_limit={LOG_BYTES}")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA secure_delete=ON")  # what was erased does not stay on pages that are free


def _begin_sqlite(connection: Connection) -> None:
    checkpoints = connection.get_execution_options().get("sqlite_checkpoints", True)
    if connection.info.get("checkpoints", True) != checkpoints:
        connection.exec_driver_sql(checkpointing(checkpoints))
        connection.info["checkpoints"] = checkpoints
    connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))


def _leave_what_only_reads(context: ExceptionContext) -> None:
    """A connection that was made while the file could only be read only reads for ever: it ends, and all of its pool with it."""
    if getattr(context.original_exception, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_READONLY:
        context.is_disconnect = True


def checkpointing(allowed: bool) -> str:
    """The statement for it: whether a connection of SQLite copies the log into the database after a commit, when the log is as
    long as by SQLite's own default."""
    return f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES if allowed else 0}"


def _limit_postgresql(seconds: float, connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET statement_timeout = {int(seconds * 1000)}")
    cursor.close()
    connection.commit()  # what is rolled back was never set


def _watch_sqlite(seconds: float, connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
    def over() -> bool:
        begun: float = record.info.get("begun", inf)
        return time.monotonic() - begun > seconds

    connection.set_progress_handler(over, _LOOK_STEPS)


def _begin_watch(connection: Connection, *_: object) -> None:
    connection.info["begun"] = time.monotonic()
