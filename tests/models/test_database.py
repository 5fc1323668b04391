"""How long a statement may take, and what comes of a connection that cannot be used."""

import sqlite3
import time
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from models.database import CHECKPOINT_PAGES, LOG_BYTES, Database
from models.errors import said, took_too_long

ENDLESS = """
    WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 2000000000)
    SELECT count(*) FROM counted
"""


@pytest.fixture
def limited(database):
    limited = Database(database.url.render_as_string(hide_password=False))
    with limited.read() as session:
        session.execute(text("SELECT 1"))
    limited.limit(0.3)
    yield limited
    limited.close()


def test_a_statement_that_takes_too_long_ends_and_says_why(limited):
    with limited.read() as session, pytest.raises(OperationalError) as raised:
        session.execute(text(ENDLESS)).all()
    assert took_too_long(raised.value)


def test_each_statement_has_the_whole_time_and_the_connection_goes_on(limited):
    for _ in range(2):
        with limited.read() as session, pytest.raises(OperationalError):
            session.execute(text(ENDLESS)).all()
        with limited.write() as session:
            for _ in range(4):
                assert session.execute(text("SELECT 7")).scalar() == 7
                time.sleep(0.1)


def test_on_sqlite_few_connections_are_in_use_however_many_were_at_once(database):
    """Each keeps pages and prepared statements of its own."""
    if not database.is_sqlite:
        pytest.skip("of SQLite alone")
    with ExitStack() as at_once:
        for _ in range(4):
            at_once.enter_context(database.engine.connect())
    used = set()
    for _ in range(8):
        with database.engine.connect() as connection:
            used.add(id(connection.connection.driver_connection))
    assert len(used) == 1


def test_another_error_is_not_the_time(database):
    with database.read() as session, pytest.raises(Exception) as raised:
        session.execute(text("SELECT nothing FROM nowhere"))
    assert not took_too_long(raised.value)


@pytest.mark.parametrize(
    "error, words",
    [
        (OperationalError("SELECT", {}, Exception("connection refused.\nIs it running?")), "connection refused"),
        (IntegrityError("INSERT", {}, Exception("key (number)=(+919812345678) exists")), "IntegrityError"),
        (PoolTimeout("QueuePool limit"), "all its connections are in use"),
        # The driver's own, as those have it who use it without SQLAlchemy.
        (sqlite3.OperationalError("disk I/O error"), "disk I/O error"),
        (psycopg.errors.AdminShutdown("terminating connection.\nDETAIL: x"), "terminating connection"),
        (psycopg.errors.ReadOnlySqlTransaction("cannot execute INSERT"), "cannot execute INSERT"),
        (psycopg.errors.UniqueViolation("key (number)=(+919812345678) exists"), "UniqueViolation"),
        (sqlite3.IntegrityError("+919812345678"), "IntegrityError"),
        # And the system's, of a disk.
        (OSError(28, "No space left on device", "/data/spool/+919812345678"), "No space left on device"),
        (OSError("+919812345678"), "OSError"),
    ],
)
def test_why_it_cannot_be_used_is_said_without_what_was_to_be_stored(error, words):
    assert said(error) == words


def test_connections_that_only_read_are_left_with_their_first_error(sqlite_url):
    """As those are that were made while the file could only be read."""
    database = Database(sqlite_url, pool_size=2)
    add = text(
        "INSERT INTO portal_budgets (portal, \"limit\", next_at) VALUES ('a', 'b', '2026-11-29 00:00:00.000000')"
    )
    lines = [database.engine.connect() for _ in range(2)]
    for line in lines:
        line.exec_driver_sql("PRAGMA query_only=ON")
        line.rollback()
        line.close()
    with pytest.raises(OperationalError, match="readonly"), database.write() as session:
        session.execute(add)
    for _ in range(2):  # the other one, too
        with database.write() as session:
            session.execute(text("DELETE FROM portal_budgets"))
            session.execute(add)
    database.close()


@pytest.mark.parametrize("turn", ["mine", "somebody's"])
def test_only_whose_turn_it_is_copies_the_log_into_the_database(sqlite_url, monkeypatch, turn):
    """Before 3.51.3, SQLite may lose what was committed where two copy at once."""
    monkeypatch.setattr("models.write_lock.LONGEST_SECONDS", 0.05)
    database = Database(sqlite_url, pool_size=1)
    path = Path(database.url.database)
    with database.write() as session:
        session.execute(text("CREATE TABLE large (bytes BLOB)"))
    with ExitStack() as stack:
        if turn != "mine":
            stack.enter_context(Database(sqlite_url).hold_write_lock())
        before = path.stat().st_size
        with database.write() as session:
            session.execute(text(f"INSERT INTO large VALUES (randomblob({(CHECKPOINT_PAGES + 100) * 4096}))"))
        grown = path.stat().st_size - before
        assert (grown > 0) == (turn == "mine")
    with database.write() as session:  # the same connection, when it is its turn again
        session.execute(text("INSERT INTO large VALUES (1)"))
    assert path.stat().st_size > before
    database.close()


def test_the_log_of_sqlite_becomes_short_again_after_somebody_has_read_for_long(sqlite_url):
    database = Database(sqlite_url)
    path = Path(f"{database.url.database}-wal")
    with database.write() as session:
        session.execute(text("CREATE TABLE large (bytes BLOB)"))
    with database.engine.connect() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM large").all()
        for _ in range(2):
            with database.write() as session:
                session.execute(text(f"INSERT INTO large VALUES (zeroblob({LOG_BYTES // 2 + 1024**2}))"))
        assert path.stat().st_size > LOG_BYTES
    for _ in range(3):  # the first copies, the next begins the log anew
        with database.write() as session:
            session.execute(text("DELETE FROM large"))
    assert path.stat().st_size <= LOG_BYTES
    database.close()
