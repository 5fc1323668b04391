"""Whether a database that can be read takes writes."""

import os
import sqlite3
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from lib import durable

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
        path = sqlite_file(bind.engine.url)
        return path is None or (
            os.access(path, os.W_OK, effective_ids=True) and durable.has_room(path.parent, anew=False)
        )
    return bool(session.scalar(_POSTGRESQL_TAKES_WRITES))


def refuses_writes(error: Exception) -> bool:
    """Whether the database could be read, and refused to be written to: by its driver's error, or SQLAlchemy's around it."""
    why = getattr(error, "orig", error)
    if getattr(why, "sqlite_errorcode", 0) & 0xFF in _REFUSED_BY_SQLITE:
        return True
    return getattr(why, "sqlstate", None) in _REFUSED


def sqlite_file(url: URL) -> Path | None:
    """The file of a SQLite database, where SQLite finds it: it follows links, and its log is beside the file that they lead to.
    None of another database, and of one in memory."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database.startswith((":", "file:")):
        return None
    return Path(os.path.realpath(url.database))
