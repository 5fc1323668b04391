"""The database: is it there, can it be written, is it of this release, how fast does it answer, what is the time there, and are
receipts read?"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import inspect, make_url, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

import migrations
from lib import clock
from models import schema
from models.database import Database
from models.errors import is_locked, lacks_rights, said
from models.write_lock import Busy
from models.writing import takes_writes
from queries import receipt_counts
from service.doctor import postgresql, speed
from service.doctor.line import AS_ITS_USER, FAIL, OK, WARN, Line
from upkeep import beats
from upkeep.alerts.conditions import NAMED
from upkeep.backups.postgresql import server_version

SLOW_SECONDS = 0.05
PATIENCE_SECONDS = 8.0  # of one statement: less than a line may take
OFF_SECONDS, FAR_OFF_SECONDS = 2.0, 60.0
OLDEST, NEWEST = 15, 18  # PostgreSQL versions that are tried
ROUND_SECONDS = 120.0  # that a loop may take to go round
WRITE_SECONDS = 5.0
HELD = f"Somebody else has been writing for {WRITE_SECONDS:.0f} s."
LOOP_STUCK = NAMED["loop_stuck"]  # of loops that wait for others by their nature nobody says so
EMPTY = (
    "The first start makes them, or wrapup migrate. Were calls there before? Then stop Wrapup, and put them back first."
)
UP = "Is it up, and does WRAPUP_DATABASE_URL name it?"
ABSENT = "None is at work: the last was seen {} ago, and has ended, hangs or is stopped."
MUTE = "Nobody can say whether one lives: it could not write that into the database."
GRANT = "GRANT it the rights, or let it own the tables."
BEHIND = f"It is behind: what do the lines of processors, disk and commits say, and its log? {speed.LATE}."
DAMAGED = "Is the file whole, and Wrapup's? Else put back a backup: docs/backups.md."


def database(url: str) -> Iterator[Line]:
    """Nothing is changed, and nothing is made where there is no file yet."""
    where = make_url(url)
    is_sqlite = where.get_backend_name() == "sqlite"
    parent = Path(where.database or "").parent
    if is_sqlite and os.path.exists(parent) and not os.access(parent, os.X_OK):
        yield Line("database", WARN, f"This command's user may not look at {where.database}.", AS_ITS_USER)
        return
    if is_sqlite and not os.path.exists(where.database or ""):
        todo = (
            "The first start makes it, or wrapup migrate. If it was there before: who moved it, and is Wrapup stopped?"
        )
        yield Line("database", WARN, f"There is no {where.database}.", todo)
        return
    with closing(Database(url)) as found:
        found.limit(PATIENCE_SECONDS)
        try:
            migrations.refuse_other_than_unicode(found)  # first: its answers are not understood
            with found.read() as session:
                yield _latency(session, found)
                if not is_sqlite:
                    yield from _server(session)
                    yield from postgresql.in_the_long_run(session)
                has_schema = inspect(session.connection()).has_table(schema.VERSION_TABLE)
                revision = schema.revision(session) if has_schema else None
                yield _schema(revision) if revision or _may_make_tables(session) else _no_tables(found)
            yield (writing := _writable(found))
            if writing.state == OK and not is_sqlite:
                yield from speed.of_commits(found)
            if revision == max(schema.known()):
                with found.read() as session:
                    yield _worker(session, writing.state != FAIL and writing.said != HELD)
        except migrations.NotUnicode as error:
            yield Line(
                "PostgreSQL", FAIL, error.message, "Make another database so, and put the backup back into that."
            )
        except SQLAlchemyError as error:
            # It has no words of its own where SQLite says that the file is no database, or is malformed.
            is_damaged = is_sqlite and not isinstance(error, OperationalError)
            told = "SQLite cannot read the file" if is_damaged else f"It cannot be used: {said(error)}"
            todo = DAMAGED if is_damaged else GRANT if lacks_rights(error) else UP
            yield Line("database", FAIL, f"{told}.", todo)


def copy(url: str) -> Iterator[Line]:
    """That of WRAPUP_READER_URL."""
    with closing(Database(url)) as found:
        found.limit(PATIENCE_SECONDS)
        try:
            with found.read() as session:
                is_standby = session.scalar(text("SELECT pg_is_in_recovery()"))
        except SQLAlchemyError as error:
            told = f"It cannot be used, and the primary is asked: {said(error)}."
            yield Line("copy for readers", WARN, told, "Is it up, and does WRAPUP_READER_URL name it?")
            return
    which = "It is a standby, and answers." if is_standby else "It answers, and is no standby: the primary, perhaps."
    yield Line("copy for readers", OK, which)


def _latency(session: Session, database: Database) -> Line:
    session.execute(text("SELECT 1"))
    began = time.monotonic()
    for _ in range(3):
        session.execute(text("SELECT 1"))
    took = (time.monotonic() - began) / 3
    words = "SQLite" if database.is_sqlite else f"PostgreSQL {server_version(session)}"
    answer = f"{words} answers within {took * 1000:.1f} ms."
    if took > SLOW_SECONDS:
        return Line(
            "database", WARN, answer, "A callback waits for it several times: put it nearer, or see what keeps it busy."
        )
    return Line("database", OK, answer)


def _server(session: Session) -> Iterator[Line]:
    version = server_version(session)
    if not OLDEST <= version <= NEWEST:
        yield Line("PostgreSQL", WARN, f"Version {version}.", f"Wrapup is tried with {OLDEST} to {NEWEST}.")
    if session.scalar(text("SHOW fsync")) == "off":
        told = (
            "fsync is off: what it has committed, callbacks that were answered too, may be gone after a loss of power."
        )
        yield Line("PostgreSQL", WARN, told, "Set fsync = on in its postgresql.conf, and have it read that again.")
    before = datetime.now(UTC)
    there = session.scalar(text("SELECT clock_timestamp()"))
    yield clocks("the database's", there, before, datetime.now(UTC))


def clocks(whose: str, there: datetime, before: datetime, after: datetime) -> Line:
    """Ours against another's, which was asked between two moments of ours."""
    off = max(0.0, (before - there).total_seconds(), (there - after).total_seconds())
    told = f"It is {off:.0f} s away from {whose}." if off >= 1 else f"It is {whose}."
    todo = "Set it by NTP: times of calls are compared with the moment at which they were told."
    if off > FAR_OFF_SECONDS:
        return Line("clock", FAIL, told, todo)
    return Line("clock", WARN, told, todo) if off > OFF_SECONDS else Line("clock", OK, told)


def _schema(revision: str | None) -> Line:
    present = max(schema.known())
    if revision is None:
        return Line("schema", WARN, "It has no tables of Wrapup.", EMPTY)
    if schema.is_newer(revision):
        told = f"It is {revision}, of a newer release; this one knows up to {present}."
        return Line("schema", FAIL, told, "Start the newer release, or restore a backup from before it.")
    if revision != present:
        return Line("schema", WARN, f"It is {revision}, and this release has {present}.", "wrapup migrate")
    return Line("schema", OK, f"It is {revision}, the one of this release.")


def _may_make_tables(session: Session) -> bool:
    if session.get_bind().dialect.name == "sqlite":
        return True
    return bool(session.scalar(text("SELECT has_schema_privilege(current_schema(), 'CREATE')")))


def _no_tables(database: Database) -> Line:
    role = database.url.username or "Our role"
    todo = "Let it own the database, or GRANT CREATE ON SCHEMA public."
    return Line("schema", FAIL, f"It has no tables of Wrapup, and {role} may not make any.", todo)


def _writable(database: Database) -> Line:
    """A transaction that may write, and writes nothing."""
    if not database.is_sqlite:
        with database.read() as session:
            if session.scalar(text("SELECT pg_is_in_recovery()")):
                todo = "WRAPUP_DATABASE_URL must lead to the primary: target_session_attrs=read-write."
                return Line("writing", FAIL, "This is a standby: nothing can be written.", todo)
            if session.scalar(text("SHOW transaction_read_only")) == "on":
                todo = "Somebody set default_transaction_read_only, of the server, the database or our role: set it off there."
                return Line("writing", FAIL, "It takes no writing transactions.", todo)
            if not takes_writes(session):
                told = f"{database.url.username or 'Our role'} may not write to its tables."
                return Line("writing", FAIL, told, GRANT)
        return Line("writing", OK, "It can be written.")
    with database.read() as session:
        may = takes_writes(session)
    if not may:
        todo = "Is its disk full, or mounted read-only? Else give both to Wrapup's user."
        return Line("writing", FAIL, "The file or its folder cannot be written.", todo)
    try:
        with database.hold_write_lock(within=WRITE_SECONDS), database.engine.connect() as connection:
            connection.execution_options(sqlite_begin="BEGIN IMMEDIATE")
            connection.execute(text("SELECT 1"))
            connection.rollback()
    except (SQLAlchemyError, Busy) as error:
        if isinstance(error, Busy) or is_locked(error):
            return Line("writing", WARN, HELD, "Who? `fuser FILE` says.")
        return Line("writing", FAIL, f"It cannot be written: {said(error)}.", "Is the disk full, or mounted read-only?")
    path = database.file
    assert path is not None
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size > max(1_000_000_000, shutil.disk_usage(path.parent).free // 4):
        size = log.stat().st_size / 1e9
        return Line(
            "writing", WARN, f"The log in front of the file has {size:.1f} GB.", "Does an export or a backup hang?"
        )
    return Line("writing", OK, "It can be written.")


def _worker(session: Session, may_say: bool) -> Line:
    """Whether one lives, on whatever machine, and understands what comes. ``may_say``: whether workers can write that they do."""
    now = clock.now()
    oldest, loops = receipt_counts.oldest_pending(session), beats.ages(session, now)
    todo = "systemctl status wrapup, or wrapup-worker; what does its log say?"
    silent = beats.silence(loops)
    away = [ABSENT.format(clock.span(silent)) if may_say else MUTE] if silent else []
    if receipt_counts.waits_long(oldest, now, receipt_counts.LATE):
        waits = f"A receipt has been waiting to be read {receipt_counts.waited(oldest, now)}."
        return Line("worker", FAIL, " ".join([waits, *away]), todo if away or not loops else BEHIND)
    if away and may_say:
        return Line("worker", FAIL, away[0], todo)
    if not may_say and (silent or not loops):
        return Line("worker", WARN, MUTE, "Mend that first: a worker goes on by itself.")
    if not loops:
        return Line("worker", WARN, "None is known to run.", todo)
    if hanging := sorted(
        name for name, age in loops.items() if LOOP_STUCK.takes({"loop": name}) and age > ROUND_SECONDS
    ):
        since = max(loops[name] for name in hanging)
        have = "has" if len(hanging) == 1 else "have"
        told = f"{', '.join(hanging)} {have} not gone round for {clock.span(timedelta(seconds=since))}."
        return Line("worker", WARN, told, todo)
    if receipt_counts.waits_long(oldest, now, receipt_counts.READ):  # as in a burst
        waits = f"It lives; the oldest receipt has waited to be read {receipt_counts.waited(oldest, now)}."
        return Line("worker", WARN, waits, BEHIND)
    return Line("worker", OK, "It lives, and no receipt waits to be read for long.")
