"""What an error of the database means, and what may be said of it."""

import sqlite3

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from models.writing import refuses_writes

_NAMING_THE_PLACE = ("OperationalError", "InterfaceError")  # of drivers (PEP 249), by which SQLAlchemy names its own


def took_too_long(error: DBAPIError) -> bool:
    """Whether the statement was ended for the time that it took (``Database.limit``)."""
    why = error.orig
    return getattr(why, "sqlstate", "") == "57014" or getattr(why, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT


def is_locked(error: Exception) -> bool:
    """Whether SQLite could be read, and another process held it too long for whoever wanted to write."""
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)  # the rest of it says more exactly why


def lacks_table(error: Exception) -> bool:
    """Whether it has no such table: nobody has prepared it for this release yet."""
    why = getattr(error, "orig", None)
    return getattr(why, "sqlstate", "") == "42P01" or (
        isinstance(why, sqlite3.OperationalError) and str(why).startswith("no such table")
    )


def lacks_column(error: Exception) -> bool:
    """Whether a table has no such column: it is as another release has made it, or our question is wrong."""
    why = getattr(error, "orig", None)
    return getattr(why, "sqlstate", "") == "42703" or (
        isinstance(why, sqlite3.OperationalError) and str(why).startswith("no such column")
    )


def lacks_rights(error: Exception) -> bool:
    """Whether PostgreSQL knows the role that we come as, and refuses it this: to read or write a table, or to make one."""
    return getattr(getattr(error, "orig", error), "sqlstate", "") == "42501"


def is_damaged(error: Exception) -> bool:
    """Whether what the database has on its disk is not what it wrote there: nobody mends that by asking again."""
    why = getattr(error, "orig", error)
    damaged = getattr(why, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return damaged or getattr(why, "sqlstate", "") in ("XX001", "XX002")


def refuses(error: Exception) -> bool:
    """Whether the database is there, and refuses what was asked of it to whoever asks so: it takes no writes, or the role lacks a
    right. Nothing is wrong with the question."""
    return refuses_writes(error) or lacks_rights(error)


def said(error: Exception) -> str:
    """Why the database, or what else stores, cannot be used, for the log and the terminal. Of the words of its driver, whose own
    error it may be or SQLAlchemy's around it, the first line, which names the place and never a password; of the system's what is
    wrong, without the path. Of other errors the kind alone: the driver may repeat what was to be stored."""
    if isinstance(error, PoolTimeout):
        return "all its connections are in use"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    kinds = {one.__name__ for one in type(error).__mro__}
    if kinds.isdisjoint(_NAMING_THE_PLACE) and not refuses(error) and not is_damaged(error):
        return type(error).__name__
    return str(getattr(error, "orig", error)).strip().partition("\n")[0].removesuffix(".")
