"""Giving space back on SQLite: the pages that are free are taken out of the file, some at a time.

PostgreSQL has autovacuum for what was deleted row by row, and a part that is dropped is gone from the disk. A file of SQLite
gives pages back where it was made so (``models.database``); one that an earlier release has made does so after ``compact``.
Until then what is free in it is filled with what comes next."""

import sqlite3
from typing import cast

from models import rewriting
from models.database import Database
from models.driver import driver_of
from upkeep.retention.pace import Pace

PAGES = 200  # in one transaction; of 4 KiB each
INCREMENTAL = 2


def free_pages(database: Database) -> int:
    with database.read() as session:
        return int(session.connection().exec_driver_sql("PRAGMA freelist_count").scalar_one())


def gives_back(database: Database) -> bool:
    """Whether free pages can be given back."""
    with database.read() as session:
        return bool(session.connection().exec_driver_sql("PRAGMA auto_vacuum").scalar_one() == INCREMENTAL)


def give_back(database: Database, pace: Pace) -> None:
    """Raises Stopped and SQLAlchemyError."""
    if not database.is_sqlite or not gives_back(database):
        return
    left = free_pages(database)
    while left:
        with pace.turn(), database.write() as session, driver_of(session.connection(), "incremental_vacuum") as driver:
            # A page a row, and the rows have no columns.
            driver.execute(f"PRAGMA incremental_vacuum({PAGES})").fetchall()
        before, left = left, free_pages(database)
        if left >= before:  # somebody else frees as many
            return


def compact(database: Database) -> None:
    """Write the file anew, once: it is as small as can be then, and gives pages back from then on. Nobody else writes into it
    meanwhile; callbacks are kept in the spool. Raises NoRoom and sqlite3.Error."""
    assert database.file is not None
    with database.hold_write_lock(), database.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute(f"PRAGMA auto_vacuum = {INCREMENTAL}")
        rewriting.rewrite(cast(sqlite3.Connection, driver), database.file)
