"""What the doctor says of a PostgreSQL that has run for years."""

from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import text

from models.database import Database
from service.doctor import database, postgresql
from service.doctor.line import FAIL, WARN
from tests.databases import scratch


@pytest.fixture
def there(postgresql_url):
    with closing(Database(postgresql_url)) as found:
        yield found


def told(there) -> list[tuple[str, str]]:
    with there.read() as session:
        return [(line.state, line.said) for line in postgresql.in_the_long_run(session)]


def test_an_order_of_texts_that_the_system_has_changed_is_told(postgresql_server):
    """As after an update of the distribution: a unique index takes what is there already, and does not find it."""
    with scratch(postgresql_server) as url:
        with closing(Database(url)) as there, there.write() as session:
            made = text("UPDATE pg_database SET datcollversion = '2.28' WHERE datname = :name")
            session.execute(made, {"name": there.url.database})
        (line,) = [line for line in database.database(url) if "sorts texts" in line.said]
    assert line.state == WARN and line.said.endswith("was made with 2.28.") and "REINDEX DATABASE wrapup_" in line.todo


@pytest.mark.parametrize(("too_old", "state"), [(10**10, WARN), (-1, FAIL)])
def test_transaction_ids_that_nobody_frees_are_told(there, monkeypatch, too_old, state):
    assert told(there) == []
    monkeypatch.setattr(postgresql, "OLD", -1)
    monkeypatch.setattr(postgresql, "TOO_OLD", too_old)
    ((found, said),) = told(there)
    assert found == state and " transactions old" in said


def test_who_holds_a_transaction_open_is_told(there, monkeypatch):
    monkeypatch.setattr(postgresql, "LONG", timedelta(seconds=-1))
    with there.read() as session:
        mine = session.scalar(text("SELECT pg_backend_pid()"))
        ((state, said),) = told(there)
    assert state == WARN and said.startswith(f"Process {mine} of ") and said.endswith("stays on the disk.")


def test_a_replication_slot_that_nobody_reads_is_told(there, monkeypatch):
    monkeypatch.setattr(postgresql, "MUCH_BYTES", -1)
    with there.write() as session:
        session.execute(text("SELECT pg_create_physical_replication_slot('forgotten', true)"))
    try:
        ((state, said),) = told(there)
    finally:
        with there.write() as session:
            session.execute(text("SELECT pg_drop_replication_slot('forgotten')"))
    assert state == WARN and "the replication slot forgotten" in said
