"""What the doctor says of a database: one that is away, empty, of another release, no database, or not to be written."""

import os
import re
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import delete, text, update

import migrations
from lib import clock
from models import WorkerBeat
from models.database import Database
from rig.ports import free_port
from service.doctor import database, machine
from service.doctor.line import AS_ITS_USER, FAIL, OK, WARN, Line
from service.settings.config import Places
from tests.factories import receipt
from tests.forks import end_of, forked
from tests.service.doctor.looking import SECRET, looked
from upkeep.beats import Beats


def test_an_empty_database_and_one_of_another_release_are_told(untouched, tmp_path):
    url = untouched.url.render_as_string(hide_password=False)
    untouched.make()
    (line,) = (line for line in database.database(url) if line.what == "schema")
    assert line.state == WARN and line.todo.startswith("The first start makes them, or wrapup migrate.")
    migrations.upgrade(untouched)
    for revision, state in (("0001", WARN), ("9999", FAIL)):
        with untouched.write() as session:
            session.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
        (line,) = (line for line in database.database(url) if line.what == "schema")
        assert line.state == state and revision in line.said


def test_a_file_that_is_no_database_is_told_with_what_to_do(tmp_path):
    (tmp_path / "wrapup.db").write_bytes(b"no database " * 99)
    (line,) = database.database(f"sqlite:///{tmp_path}/wrapup.db")
    assert (line.state, line.said, line.todo) == (FAIL, "SQLite cannot read the file.", database.DAMAGED)


def test_a_database_that_is_away_or_cannot_be_written_is_a_line(environ, tmp_path):
    (tmp_path / "wrapup.toml").write_text("")
    away = f"postgresql://somebody:{SECRET}@127.0.0.1:{free_port()}/nowhere"
    found = looked(environ | {"WRAPUP_DATABASE_URL": away})
    assert found["database"].state == FAIL and found["settings"].state == OK
    if environ["WRAPUP_DATABASE_URL"].startswith("postgresql"):
        server = Database(environ["WRAPUP_DATABASE_URL"])
        Beats(server, lambda: clock.now() - timedelta(minutes=5)).write()
        with server.write() as session:
            session.execute(text(f"ALTER DATABASE {server.url.database} SET default_transaction_read_only = on"))
        server.close()
        found = looked(environ)
        assert found["writing"].state == FAIL
        assert found["worker"] == Line("worker", WARN, database.MUTE, found["worker"].todo), (
            "it cannot say that it lives"
        )


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes somebody else")
def test_of_a_sqlite_that_cannot_be_written_nobody_says_that_no_worker_lives(sqlite_url, tmp_path):
    with closing(Database(sqlite_url)) as there:
        Beats(there, lambda: clock.now() - timedelta(minutes=5)).write()
    (tmp_path / "wrapup.db").chmod(0o644)
    for above in [*tmp_path.parents][:-1]:  # pytest's own are closed to others
        if above.stat().st_mode & 0o011 == 0:
            above.chmod(0o711)
    tmp_path.chmod(0o777)

    def asked() -> None:
        os.seteuid(65534)
        found = {line.what: (line.state, line.said) for line in database.database(sqlite_url)}
        assert found["writing"][0] == FAIL
        assert found["worker"] == (WARN, database.MUTE)

    assert end_of(forked(asked)) == 0
    with closing(Database(sqlite_url)) as there, there.write() as session:
        session.execute(delete(WorkerBeat))  # one that was started since has said nothing yet
    (tmp_path / "wrapup.db").chmod(0o644)
    assert end_of(forked(asked)) == 0


def test_the_disk_of_sqlites_file_is_looked_at_where_it_is_another_one(tmp_path, another_disk):
    both = [line.what for line in machine.disks(tmp_path, another_disk / "wrapup.db")]
    assert both[0] == "disk" and "database disk" in both
    assert [line.what for line in machine.disks(tmp_path, tmp_path / "wrapup.db")] == [
        what for what in both if not what.startswith("database")
    ]
    unmade = another_disk / "made" / "at the first start" / "wrapup.db"
    (line,) = [line for line in machine.disks(tmp_path, unmade) if line.what == "database disk"]
    assert line.said.endswith(" free where SQLite's file is.")


@pytest.mark.parametrize(("off", "state"), [(0.5, OK), (5, WARN), (-5, WARN), (600, FAIL)])
def test_the_clock_is_compared(off, state):
    now = clock.now()
    line = database.clocks("that of a dialer", now + timedelta(seconds=off), now, now)
    assert line.state == state


@pytest.mark.parametrize(
    ("found", "bug"),
    [
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 52, 0), False),
    ],
)
def test_the_versions_of_sqlite_with_the_fault_are_known(found, bug):
    assert machine.has_wal_reset_bug(found) is bug


def test_an_encoding_that_holds_not_every_text_is_told(postgresql_url):
    name = "ascii_alone"
    with closing(Database(postgresql_url)) as server, server.engine.connect() as line:
        line = line.execution_options(isolation_level="AUTOCOMMIT")
        line.execute(
            text(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
        )
        try:
            url = server.url.set(database=name).render_as_string(hide_password=False)
            (told,) = database.database(url)
        finally:
            line.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    assert (told.what, told.state) == ("PostgreSQL", FAIL) and "SQL_ASCII" in told.said


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes somebody else")
def test_who_may_not_look_is_told_so_and_not_that_something_is_broken(sqlite_url, tmp_path):
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    for above in [tmp_path, *tmp_path.parents][:-1]:
        if above.stat().st_mode & 0o011 == 0:
            above.chmod(0o711)

    def asked() -> None:
        os.setuid(65534)
        (folder,) = machine.folders(Places(data, f"sqlite:///{data}/wrapup.db", data / "wrapup.toml"))
        (file,) = database.database(f"sqlite:///{data}/wrapup.db")
        assert {folder.state, file.state} == {WARN} and {folder.todo, file.todo} == {AS_ITS_USER}

    assert end_of(forked(asked)) == 0


def test_a_server_that_does_not_wait_for_its_disk_is_told(postgresql_url):
    with closing(Database(postgresql_url)) as there, there.read() as session:
        waits = session.scalar(text("SHOW fsync")) == "on"  # that of tests does not
    told = [line for line in database.database(postgresql_url) if "fsync" in line.said]
    assert [line.state for line in told] == ([] if waits else [WARN])


@pytest.fixture
def migrated(database_url):
    with closing(Database(database_url)) as found:
        yield found


def test_a_loop_that_waits_for_others_by_its_nature_does_not_hang(migrated):
    """As for the alert ``loop_stuck``."""
    now = clock.now()
    with migrated.write() as session:
        loops = {"beats": 0.0, "poll qvoice-main": 500.0, "build indexes": 5_000.0}
        session.add(WorkerBeat(worker="here:1:a", started_at=now, beat_at=now, loops=loops))
    assert worker_of(migrated).state == OK
    with migrated.write() as session:
        session.execute(update(WorkerBeat).values(loops=loops | {"settle": 130.0, "erase": 121.0}))
    assert worker_of(migrated).said == "erase, settle have not gone round for 2 min."


def test_a_receipt_that_waits_since_before_the_clock_was_set_back_is_told(migrated):
    Beats(migrated).write()
    with migrated.write() as session:
        at = clock.now() + timedelta(hours=1)
        receipt(session, state="pending", received_at=at, seen_at=at)
    found = worker_of(migrated)
    assert found.state == FAIL and "since before the clock was set back" in found.said


def test_that_receipts_wait_is_told_before_it_is_a_trouble(migrated):
    """As in a burst, which the worker reads."""
    Beats(migrated).write()
    assert worker_of(migrated).said == "It lives, and no receipt waits to be read for long."
    with migrated.write() as session:
        receipt(session, state="pending", received_at=clock.now() - timedelta(seconds=60))
    found = worker_of(migrated)
    assert found.state == WARN and re.fullmatch(
        r"It lives; the oldest receipt has waited to be read for \d+ s\.", found.said
    )


def test_while_somebody_else_writes_for_long_nobody_says_that_no_worker_lives(sqlite_url, monkeypatch):
    """It cannot write that it does, and goes on by itself."""
    monkeypatch.setattr(database, "WRITE_SECONDS", 0.2)
    with closing(Database(sqlite_url)) as there:
        Beats(there, lambda: clock.now() - timedelta(minutes=5)).write()
        assert worker_of(there) == Line("worker", FAIL, database.ABSENT.format("5 min"), worker_of(there).todo)
        with closing(sqlite3.connect(there.file, timeout=0, isolation_level=None)) as somebody:
            somebody.execute("BEGIN IMMEDIATE")
            found = {line.what: (line.state, line.said) for line in database.database(sqlite_url)}
            assert found["writing"] == (WARN, database.HELD) and found["worker"] == (WARN, database.MUTE)
            somebody.execute("ROLLBACK")
            with there.write() as session:
                receipt(session, state="pending", received_at=clock.now() - timedelta(minutes=9))
            somebody.execute("BEGIN IMMEDIATE")
            waits = f"A receipt has been waiting to be read for 9 min. {database.MUTE}"
            assert (worker_of(there).state, worker_of(there).said) == (FAIL, waits)


def worker_of(migrated) -> Line:
    url = migrated.url.render_as_string(hide_password=False)
    return next(line for line in database.database(url) if line.what == "worker")
