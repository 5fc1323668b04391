"""Whether a database that can be read takes writes."""

import os
import sqlite3
import tempfile
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

ROOM = 64 * 1024  # bytes: more than the log of a small transaction
# "cannot execute ... in a read-only transaction", and a disk that is full.
_REFUSED = ("25006", "53100")
_POSTGRESQL_TAKES_WRITES = text(
    "SELECT current_setting('transaction_read_only') = 'off'"
    " AND coalesce(has_table_privilege(to_regclass('receipts'), 'INSERT'), true)"  # there may be no table yet
)
_REFUSED_BY_SQLITE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL)


def takes_writes(session: Session) -> bool:
    """As far as it can be told without writing to it: not where SQLite's file or its folder is read-only or has no room, nor on
    a PostgreSQL that is a standby, was told to be read-only, or has taken our right to write away."""
    bind = session.get_bind()
    if bind.dialect.name == "sqlite":
        path = Path(bind.engine.url.database or "").absolute()
        return os.access(path, os.W_OK, effective_ids=True) and _can_grow(path.parent)
    return bool(session.scalar(_POSTGRESQL_TAKES_WRITES))


def refuses_writes(error: Exception) -> bool:
    """Whether the database could be read, and refused to be written to."""
    why = getattr(error, "orig", None)
    if getattr(why, "sqlite_errorcode", 0) & 0xFF in _REFUSED_BY_SQLITE:
        return True
    return isinstance(error, DBAPIError) and getattr(why, "sqlstate", None) in _REFUSED


def _can_grow(folder: Path) -> bool:
    """Tried with a file without a name, which is gone at once: after an error of the disk the system refuses to write and still
    says that everybody may, and a full disk says so nowhere else."""
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            return file.write(bytes(ROOM)) == ROOM
    except OSError:
        return False
