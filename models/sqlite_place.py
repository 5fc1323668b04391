"""The place of SQLite's file. Who has the file open goes on in it when it was moved or deleted, without an error, and nobody
would find what they wrote. So whoever takes a connection looks whether the file at the place is the one that it has open, and
leaves it where it is not; what is there then is used where it is Wrapup's. None is made there by anybody but who migrates: SQLite
makes an empty one, and takes away the log that lies beside it, in which the last commits of the one that was moved may stand.

The log stays at the place when the file alone is moved. Whoever leaves the file brings the log into it first.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import InvalidatePoolError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from lib import private
from models import schema

LOG, INDEX = "-wal", "-shm"
BUSY_MILLISECONDS = 500
LOCK_SECONDS = 2.0

_OPENED = "opened"
_OPEN_FILES = Path("/proc/self/fd")

ABSENT = "there is no database at {}, and a start of Wrapup or `wrapup migrate` makes one"
OTHER = "the file at {} is no database of this release of Wrapup"
LOG_ALONE = "there is no {0}, but {0}-wal, in which its last commits stand: put it back, or take that away"
LOG_LEFT = "beside the file at {} lies a log of the one that was there before"
MOVED = (
    "SQLite's file {} was moved while it was open: it is {} now. What was written until this moment is in it, and nothing more "
    "will be. Callbacks go into the spool until there is a database of Wrapup's at its place."
)
DELETED = (
    "SQLite's file {} was deleted while it was open. While this process lives, what was written until this moment can be had by "
    "cp /proc/{}/fd/{} FILE. Callbacks go into the spool until there is a database of Wrapup's at its place."
)
GONE = (
    "SQLite's file {} was moved or deleted while it was open. What was written until this moment is in it, and nothing more will "
    "be. Callbacks go into the spool until there is a database of Wrapup's at its place."
)
LOG_GONE = (
    "SQLite's log {}-wal was moved or deleted while it was open. What stood in it is brought into the database. Whoever took it "
    "away must not do so again."
)
BACK = "SQLite's file is at its place again."
ANOTHER = "Another database is at the place of SQLite's file, and is used from now on."

log = structlog.get_logger(__name__)

Id = tuple[int, int]  # of a file: its device, and its number there


class _Pin:
    """A file that is open: no other one gets its number."""

    def __init__(self, path: str):
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def __del__(self) -> None:
        if (file := getattr(self, "_file", None)) is not None:
            os.close(file)


@dataclass(frozen=True)
class Opened:
    """Which files a connection has open: the database, its log and the index of that."""

    file: Id | None
    log: Id | None
    index: Id | None


class Place:
    """Of the connections of one engine; any thread may use it. ``hold`` gives the lock of who writes, see
    ``Database.hold_write_lock``."""

    def __init__(self, path: str, hold: Callable[[], AbstractContextManager[bool]]):
        self._path = path
        self._log = f"{path}{LOG}"  # beside the file that a link leads to: ``_note``
        self._hold = hold
        # By the connection that was made last; and its log, which is known again for as long as that is open here.
        self._known: tuple[Opened, _Pin | None] | None = None
        self._told: set[Id | None] = set()  # of which files the log was told that they were left
        self._is_left = False
        self._kept: list[int] = []  # open files that were deleted

    def watch(self, engine: Engine, prepare: Callable[[sqlite3.Connection, ConnectionPoolEntry], None]) -> None:
        """``prepare``: what is done with each new connection to a file that may be used."""
        event.listen(engine, "do_connect", self._expect)
        event.listen(engine, "connect", self._refuse_others)
        event.listen(engine, "connect", prepare)
        event.listen(engine, "connect", self._note)
        event.listen(engine, "checkout", self._look)
        event.listen(engine, "close", self._leave)

    def make(self, anew: bool) -> None:
        """Make an empty file where there is none, at a start (``anew``) also where there was one. Raises OperationalError where
        that cannot be, or must not: the file may have been moved from under those who run, and they would go on in this one."""
        path = self._file()
        try:
            if _id(path) is not None:
                return
            if _size(f"{path}{LOG}"):
                raise sqlite3.OperationalError(LOG_ALONE.format(path))
            if not anew and _id(f"{path}{LOG}") is not None:
                raise sqlite3.OperationalError(ABSENT.format(path))
            private.make_file(path)
        except (OSError, sqlite3.Error) as error:
            raise OperationalError("make", {}, error) from error

    def is_of(self, opened: Opened) -> bool:
        """Whether the file that is open is the one at the place, and its log with it: SQLite leaves that there while anybody has
        the file open. What is written into one that was deleted is gone with the last who has it open."""
        return self._has_file(opened) and self._has_log(opened)

    def _has_file(self, opened: Opened) -> bool:
        try:
            return _id(self._path) == opened.file
        except OSError:  # nobody may look: that is no reason to leave it
            return True

    def _has_log(self, opened: Opened) -> bool:
        try:
            return opened.log is None or _id(self._log) == opened.log
        except OSError:
            return True

    def opened(self, connection: PoolProxiedConnection) -> Opened:
        """What a connection of the engine has open."""
        found: Opened = connection.info[_OPENED]
        return found

    def leave(self, connection: sqlite3.Connection, opened: Opened) -> None:
        """Bring what stands in the log into the file that was moved, and say that it was. The connection is to be closed then.
        Raises nothing: what cannot be brought stays in the log."""
        self._tell(opened)
        with suppress(sqlite3.Error, OSError), self._hold() as mine:
            if not mine:  # two who copy the log at once may lose what it has: the other one does it
                return
            if self._has_file(opened) and _size(self._log):  # another log has begun: ours is in the database
                return
            connection.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            if not busy:
                self._part(opened)

    # As the pool asks ------------------------------------------------------------------------------------------------------
    def _expect(self, *_: object) -> None:
        """Raises sqlite3.OperationalError where there is no file, or a log lies beside it that is not its own."""
        path = self._file()
        try:
            there = _id(path)
        except OSError:  # the driver will say so itself
            return
        if there is None:
            raise sqlite3.OperationalError(ABSENT.format(path))
        known, pin = self._known or (None, None)
        if known is not None and pin is not None and there != known.file:
            with self._hold():
                if not _size(f"{path}{LOG}"):
                    self._part(known)
            if _id(f"{path}{LOG}") == known.log:
                raise sqlite3.OperationalError(LOG_LEFT.format(path))

    def _refuse_others(self, connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
        if self._known is None or self._has_file(self._known[0]):
            return
        try:
            found = connection.execute(f"SELECT version_num FROM {schema.VERSION_TABLE}").fetchone()
        except sqlite3.Error:
            found = None
        if found is None or found[0] != max(schema.known()):
            connection.close()
            raise sqlite3.OperationalError(OTHER.format(self._path))

    def _note(self, _connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        with suppress(OSError):
            path = self._file()
            self._log = f"{path}{LOG}"
            opened = Opened(_id(path), _id(self._log), _id(f"{path}{INDEX}"))
            known, pin = self._known or (None, None)
            if known is None or known.log != opened.log:
                pin = _pin(f"{path}{LOG}")
            record.info[_OPENED], self._known = opened, (opened, pin)
            if self._is_left:
                log.warning("database_file_there", said=BACK if opened.file in self._told else ANOTHER)
                self._told.discard(opened.file)
                self._is_left = False

    def _look(self, connection: sqlite3.Connection, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
        opened = record.info.get(_OPENED)
        if opened is not None and not self.is_of(opened):
            raise InvalidatePoolError

    def _leave(self, connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        opened = record.info.get(_OPENED)
        if opened is not None and not self.is_of(opened):
            self.leave(connection, opened)

    # ----------------------------------------------------------------------------------------------------------------------
    def _file(self) -> Path:
        """SQLite follows links, and its log is beside the file that they lead to."""
        return Path(os.path.realpath(self._path))

    def _part(self, opened: Opened) -> None:
        """Where another file is at the place, take away the empty log of the one that was there: SQLite would take it for that
        file's own. Who has it open still, has it."""
        path = self._file()
        if _id(path) in (None, opened.file):
            return
        if opened.log is None or _id(f"{path}{LOG}") != opened.log:
            return
        os.unlink(f"{path}{LOG}")
        if opened.index is not None and _id(f"{path}{INDEX}") == opened.index:
            os.unlink(f"{path}{INDEX}")

    def _tell(self, opened: Opened) -> None:
        if self._has_file(opened):
            if opened.log not in self._told:
                self._told.add(opened.log)
                log.error("database_log_left", said=LOG_GONE.format(self._path))
            return
        if opened.file in self._told:
            return
        self._told.add(opened.file)
        self._is_left = True
        log.error("database_file_left", said=self._said(opened))

    def _said(self, opened: Opened) -> str:
        with suppress(OSError):
            for file in map(int, os.listdir(_OPEN_FILES)):
                with suppress(OSError):
                    found = os.fstat(file)
                    if (found.st_dev, found.st_ino) != opened.file:
                        continue
                    if found.st_nlink:
                        return MOVED.format(self._path, os.readlink(_OPEN_FILES / str(file)))
                    self._kept.append(os.dup(file))  # never closed: with it would go what was deleted
                    return DELETED.format(self._path, os.getpid(), self._kept[-1])
        return GONE.format(self._path)


def _id(path: str | Path) -> Id | None:
    """None where nothing is. Raises OSError where nobody can say."""
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


def _pin(path: str) -> _Pin | None:
    try:
        return _Pin(path)
    except OSError:
        return None


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0
