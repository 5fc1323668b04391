"""The database as a store: a bad row costs itself alone, who hangs can be made to fail, and what is closed is gone."""

import gc
import os
import socket
import threading
import time
from contextlib import suppress

import psycopg
import pytest
from click import ClickException
from sqlalchemy import make_url, select, text
from sqlalchemy.exc import DBAPIError

import migrations
from callbacks.ladder.database import DatabaseStore
from callbacks.strangers import Strangers
from models import Receipt, StrangerQuota
from models.database import Database
from models.writing import takes_writes
from tests.callbacks.drafts import draft, kept
from tests.databases import drop


@pytest.fixture
def small_disk(disk_of):
    return disk_of("6m")


def test_where_a_full_disk_has_room_in_sqlites_log_alone_the_database_is_not_well(small_disk):
    database = Database(f"sqlite:///{small_disk}/wrapup.db")
    migrations.upgrade(database)
    store = DatabaseStore(database, Strangers(1000, 1_000_000))
    store.probe()
    with (small_disk / "fill").open("wb", buffering=0) as fill, suppress(OSError):
        while True:
            fill.write(bytes(4096))
    with pytest.raises(OSError, match="No space left"):
        store.probe()
    (small_disk / "fill").unlink()
    store.probe()
    store.close()
    database.close()


def test_where_no_more_files_can_be_made_the_database_is_well(disk_of):
    """It has its files, and they grow."""
    disk = disk_of("20m,nr_inodes=40")
    database = Database(f"sqlite:///{disk}/wrapup.db")
    migrations.upgrade(database)
    store = DatabaseStore(database, Strangers(1000, 1_000_000))
    with suppress(OSError):
        for number in range(100):
            (disk / str(number)).touch()
    with pytest.raises(OSError, match="No space left"):
        (disk / "another").touch()
    store.probe()
    store.keep([draft(1)])
    with database.read() as session:
        assert takes_writes(session)
    assert kept(database) == [1]
    store.close()
    database.close()


@pytest.fixture
def open_store():
    opened = []

    def begin(database, **options):
        opened.append(DatabaseStore(database, Strangers(1000, 1_000_000), **options))
        return opened[-1]

    yield begin
    for store in opened:
        store.close()


def stranger(number: int, **facts):
    return draft(number, **{"stranger": True, "reason": "unknown_connection"} | facts)


def test_a_strangers_bad_row_costs_no_other_its_place(database, open_store):
    store = open_store(database)
    store.keep([stranger(1), stranger(2, kind=None), draft(3), stranger(4)])
    store.keep([stranger(5)])  # it is of use afterwards
    assert kept(database) == [1, 2, 3, 4, 5]
    with database.read() as session:
        refused = session.scalars(select(Receipt).where(Receipt.reason == "refused_by_database")).one()
        quota = session.scalars(select(StrangerQuota)).one()
    assert (refused.body, refused.stranger, quota.receipts, quota.overflow) == (stranger(2).body, True, 4, 0)


def test_keeping_strangers_can_be_aborted(postgresql_url, open_store):
    database, ended = Database(postgresql_url), []

    def keep(store):
        with pytest.raises(DBAPIError):
            store.keep([stranger(1)])
        ended.append(store)

    store = open_store(database)
    with database.engine.begin() as other:
        other.execute(text("SELECT * FROM stranger_quota FOR UPDATE"))
        thread = threading.Thread(target=keep, args=[store])
        thread.start()
        time.sleep(0.3)
        store.abort()
        thread.join(5)
        assert ended == [store]
    thread.join()
    database.close()


def test_the_impatient_wait_for_no_lock_for_ever(postgresql_url, open_store):
    database = Database(postgresql_url)
    store = open_store(database, patient=False)
    with database.engine.begin() as other:
        other.execute(text("LOCK TABLE receipts"))
        with pytest.raises(psycopg.errors.LockNotAvailable):
            store.keep([draft(1)])
    store.keep([draft(1)])
    assert kept(database) == [1]
    database.close()


def test_aborting_leaves_the_drivers_descriptor_to_the_driver(postgresql_url, open_store):
    database = Database(postgresql_url)
    store = open_store(database)
    file = store._driver.fileno()
    with socket.socket() as unconnected:
        os.dup2(unconnected.fileno(), file)  # shutting it down fails
    store.abort()
    os.fstat(file)
    database.close()


def test_what_is_closed_holds_no_file(database):
    def files():
        return len(os.listdir("/proc/self/fd"))

    DatabaseStore(database, Strangers(0, 0)).close()
    before = files()
    gc.disable()  # which would close them some day
    try:
        for _ in range(20):
            DatabaseStore(database, Strangers(0, 0)).close()
        assert files() <= before + 1
    finally:
        gc.enable()


@pytest.mark.parametrize("encoding", ["WIN1251", "SQL_ASCII"])
def test_a_database_that_cannot_hold_every_text_is_refused(postgresql_server, encoding):
    name = f"wrapup_{encoding.lower()}_{os.getpid()}"
    with psycopg.connect(postgresql_server, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    url = make_url(postgresql_server).set(database=name)
    database = Database(url.render_as_string(hide_password=False))
    try:
        with pytest.raises(ClickException, match=f"{encoding}; Wrapup needs UTF8"):
            migrations.upgrade(database)
    finally:
        database.close()
        drop(postgresql_server, name)


@pytest.mark.parametrize("what", ["moved", "deleted", "another one"])
def test_nothing_counts_as_kept_in_a_sqlite_file_that_is_not_there_any_more(sqlite_url, tmp_path, open_store, what):
    """SQLite writes on into the file that it has open, and says nothing."""
    database, place = Database(sqlite_url), tmp_path / "wrapup.db"
    store = open_store(database)
    store.keep([draft(1)])
    if what == "deleted":
        place.unlink()
    else:
        place.rename(tmp_path / "away.db")
    if what == "another one":
        place.touch()
    for refused in (lambda: store.keep([draft(2)]), lambda: store.keep([draft(3, stranger=True)]), store.probe):
        with pytest.raises(OSError):
            refused()
    if what == "moved":
        (tmp_path / "away.db").rename(place)
        store.probe()
        store.keep([draft(4)])
        assert {1, 4} <= set(kept(database))
    database.close()
