"""Whatever a PostgreSQL has set for who comes: Wrapup's own connections are as it is written for."""

import threading
import time
from contextlib import closing, contextmanager

import pytest
from sqlalchemy import text

import migrations
from callbacks.ladder.database import DatabaseStore
from callbacks.strangers import Strangers
from models import Receipt, parting
from models.building import Builder
from models.database import Database
from models.parting import Parting
from tests import factories
from tests.callbacks.drafts import draft, kept
from tests.databases import administer, scratch

OTHERWISE = {
    "synchronous_commit": "off",
    "default_transaction_isolation": "serializable",
    "DateStyle": "German, DMY",
    "TimeZone": "Asia/Kathmandu",
    "bytea_output": "escape",
    "standard_conforming_strings": "off",
    "IntervalStyle": "sql_standard",
    "quote_all_identifiers": "on",
    "idle_session_timeout": "300ms",
}
LIMIT_SECONDS = 0.5
ASKED = text("SELECT current_setting('synchronous_commit'), current_setting('transaction_isolation')")


@pytest.fixture
def otherwise(postgresql_server):
    """A URL whose database has everything set otherwise."""
    with scratch(postgresql_server) as url:
        with closing(Database(url)) as database:
            name = database.url.database
        for setting, value in OTHERWISE.items():
            administer(postgresql_server, f"ALTER DATABASE {name} SET {setting} = '{value}'")
        yield url


def test_a_commit_is_on_the_disk_before_it_is_answered(otherwise):
    """Also that of a callback, on a connection which no pool ever sees."""
    with closing(Database(otherwise)) as database:
        migrations.upgrade(database)
        with database.write() as session:
            assert session.execute(ASKED).one() == ("on", "read committed")
        with database.read() as session:  # the connection that has been back in the pool
            assert session.execute(ASKED).one() == ("on", "read committed")
        with database.snapshot() as session:
            assert session.execute(ASKED).one() == ("on", "repeatable read")
        store = DatabaseStore(database, Strangers(10, 10**6))
        assert store._driver.execute("SHOW synchronous_commit").fetchone() == ("on",)
        store.close()


def test_a_session_that_is_idle_goes_on(otherwise):
    with closing(Database(otherwise)) as database:
        migrations.upgrade(database)
        store = DatabaseStore(database, Strangers(10, 10**6))
        time.sleep(0.8)
        store.keep([draft(1)])
        store.close()
        assert kept(database) == [1]


@pytest.mark.parametrize("value", ["local", "remote_write", "remote_apply"])
def test_who_waits_for_its_standbys_or_not_is_the_servers_matter(postgresql_server, value):
    with scratch(postgresql_server) as url, closing(Database(url)) as database:
        administer(postgresql_server, f"ALTER DATABASE {database.url.database} SET synchronous_commit = '{value}'")
        with database.read() as session:
            assert session.scalar(text("SHOW synchronous_commit")) == value


def test_what_is_kept_is_read_as_it_was(otherwise):
    with closing(Database(otherwise)) as database:
        migrations.upgrade(database)
        with database.write() as session:
            said = factories.receipt(session, body=b'\\x00 \\ "quoted" \xff')
            session.execute(text("UPDATE receipts SET reason = '\\a'"))
        with database.read() as session:
            kept = session.get(Receipt, said.id)
            assert kept.reason == "\\a"
            assert (kept.received_at, kept.body) == (said.received_at, b'\\x00 \\ "quoted" \xff')


@contextmanager
def in_its_way(database, statement: str):
    """Somebody else has begun with the statement, and ends when the limit of time has long passed."""
    with database.engine.connect() as connection:
        connection.execute(text(statement))
        timer = threading.Timer(2 * LIMIT_SECONDS, connection.rollback)
        timer.start()
        yield
        timer.join()


@pytest.fixture
def hurried(postgresql_server):
    """A database that ends whatever takes longer than half a second, migrated, and somebody who looks on without that limit."""
    with scratch(postgresql_server) as url, closing(Database(url)) as onlooker:
        migrations.upgrade(onlooker)
        milliseconds = int(LIMIT_SECONDS * 1000)
        administer(
            postgresql_server, f"ALTER DATABASE {onlooker.url.database} SET statement_timeout = '{milliseconds}ms'"
        )
        with closing(Database(url)) as database:
            yield database, onlooker


def limit(database) -> str:
    with database.read() as session:
        return session.scalar(text("SHOW statement_timeout"))


def test_an_index_is_built_however_long_it_takes(hurried):
    database, onlooker = hurried
    with onlooker.engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_call_outcomes_by_sale"))
    with in_its_way(onlooker, "LOCK TABLE call_outcomes IN ROW EXCLUSIVE MODE"):
        began = time.monotonic()
        assert Builder(database).step()
        assert time.monotonic() - began > LIMIT_SECONDS
    assert limit(database) == "500ms"  # of whatever else the connection is used for


def test_a_large_table_is_looked_at_however_long_it_takes(hurried):
    database, onlooker = hurried
    with onlooker.engine.begin() as connection:
        parting.unite(connection)
    with onlooker.engine.begin() as connection:
        parting.bind(connection, parting.clock.now())
    with in_its_way(onlooker, "LOCK TABLE receipts IN SHARE UPDATE EXCLUSIVE MODE"):
        assert Parting(database).step()
    with onlooker.engine.connect() as connection:
        assert parting._stage(connection)[0] == "seen"
    assert limit(database) == "500ms"
