"""What a database keeps of rows that are gone: pages that are free, versions that are dead, its log.

SQLite overwrites what is deleted (``PRAGMA secure_delete``), but a page that was split keeps copies of rows that went to another
one. So its file is looked through as bytes, and where the number stands there still, all of it is written anew. PostgreSQL's dead
versions go with VACUUM, and the values that it has noted for its planner with ANALYZE; what is left on its pages, and in archived
write-ahead logs, is said in docs/erasure.md."""

import os
import sqlite3
from pathlib import Path

import structlog
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from lib.phone_spellings import Spellings
from models import Base
from models.database import Database, no_limit_of_time
from models.rewriting import NoRoom, rewrite
from upkeep.retention.parts import drop_taken_off

log = structlog.get_logger(__name__)

LARGEST = 2 * 1024**3  # bytes of a SQLite database that is written anew by itself: nobody else can write meanwhile
PIECE, OVERLAP = 8 * 1024 * 1024, 4096
TOO_LARGE = (
    "The database file may still hold the number on pages that are free, and has {} MB: have it written anew in a quiet hour, "
    "with `wrapup erase --vacuum`."
)
NO_ROOM = (
    "The database file may still hold the number on pages that are free. {} Make room, and have it written anew in a quiet hour, "
    "with `wrapup erase --vacuum`."
)
BUSY = "The database's log could not be emptied because somebody reads: it is overwritten as it is used."


def scrub(database: Database, spellings: Spellings | None) -> list[str]:
    """Have nothing left of what was erased. What could not be done, in sentences."""
    if not database.is_sqlite:
        drop_taken_off(database)  # months that whoever deletes has left when it was stopped, and nobody looks through
        vacuum(database)
        return []
    left = [] if _empty_log(database) else [BUSY]
    path = Path(str(database.url.database))
    if spellings is not None and not file_holds(path, spellings):
        return left
    if path.stat().st_size > LARGEST:
        return [*left, TOO_LARGE.format(path.stat().st_size // 1024**2)]
    try:
        vacuum(database)
    except NoRoom as error:
        return [*left, NO_ROOM.format(error)]
    return left if _empty_log(database) else [BUSY]


def vacuum(database: Database) -> None:
    """Write the database anew, on PostgreSQL have dead rows taken away. Long for a large one. Raises NoRoom, where SQLite's disk
    has none for it, and sqlite3.Error."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not database.is_sqlite:
            with no_limit_of_time(connection):
                for table in Base.metadata.sorted_tables:
                    connection.execute(text(f"VACUUM (ANALYZE) {table.name}"))
            return
    assert database.file is not None
    with database.hold_write_lock():
        own = _opened(database, 60)
        try:
            rewrite(own, database.file)
        finally:
            own.close()


def file_holds(path: Path, spellings: Spellings) -> bool:
    """Whether the number stands in the file, as bytes, those of UTF-16 among them."""
    with path.open("rb") as file:
        rest = b""
        while piece := file.read(PIECE):
            text = (rest + piece).decode("latin-1")
            if spellings.within(text) or spellings.within(text.replace("\0", "")):
                return True
            rest = piece[-OVERLAP:]
    return False


def _empty_log(database: Database) -> bool:
    """Write SQLite's log into the database, and cut it."""
    path = str(database.url.database)
    try:
        own = _opened(database, 10)
        try:
            busy, _, _ = own.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            own.close()
    except (sqlite3.OperationalError, OperationalError):
        return False
    return not busy and not (os.path.exists(path + "-wal") and os.path.getsize(path + "-wal"))


def _opened(database: Database, seconds: float) -> sqlite3.Connection:
    """The file that is there: SQLite would make one. Raises sqlite3.OperationalError."""
    path = Path(str(database.url.database)).absolute()
    return sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=seconds, isolation_level=None)
