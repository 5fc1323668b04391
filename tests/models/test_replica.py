"""A real standby: who writes is found beside it, and how far it is behind is known and bounded."""

import pytest
from sqlalchemy import text

from models.database import Database
from models.replica import Replica
from rig.ports import free_port
from rig.waiting import until

COUNT = text("SELECT count(*) FROM portal_budgets")
ADD = text("INSERT INTO portal_budgets (portal, \"limit\", next_at) VALUES (gen_random_uuid()::text, 'b', now())")


@pytest.fixture
def database(postgresql_url, standby):
    with Database(postgresql_url).engine.connect() as line:
        written = line.execute(text("SELECT pg_current_wal_lsn()::text")).scalar()
    until(lambda: standby.ask(f"SELECT pg_last_wal_replay_lsn() >= '{written}'")[0], 30)
    database = Database(postgresql_url, pool_size=2)
    yield database
    database.close()


def place_of(database: Database) -> str:
    return database.url.query.get("host") or f"{database.url.host}:{database.url.port}"


def test_who_writes_is_found_behind_a_standby(database, standby):
    both = Database(standby.url(database, place_of(database)))
    for _ in range(2):
        with both.write() as session:
            session.execute(ADD)
        both.engine.dispose()
    both.close()


def test_a_copy_is_asked_and_says_how_far_it_is_behind(database, standby):
    replica = Replica(database, standby.url(database, place_of(database)), bound=30)
    with database.write() as session:
        session.execute(ADD)
    asked, behind = until(lambda: _copy(replica), 30)
    assert asked is not database
    assert 0 <= behind < 30
    with asked.read() as session:
        assert session.scalar(text("SELECT pg_is_in_recovery()"))
        assert session.scalar(COUNT) == 1
    replica.close()


def test_a_copy_that_is_too_far_behind_is_not_asked_until_it_has_caught_up(database, standby, monkeypatch):
    monkeypatch.setattr("models.replica.LOOK_SECONDS", 0.0)
    monkeypatch.setattr("models.replica.REST_SECONDS", 0.0)
    replica = Replica(database, standby.url(database), bound=1)
    until(lambda: _copy(replica), 30)
    standby.ask("SELECT pg_wal_replay_pause()")
    try:
        with database.write() as session:
            session.execute(ADD)
        until(lambda: replica.choose() == (database, None), 30)
    finally:
        standby.ask("SELECT pg_wal_replay_resume()")
    asked, _ = until(lambda: _copy(replica), 30)
    with asked.read() as session:
        assert session.scalar(COUNT) == 1
    replica.close()


def test_where_the_only_copy_is_the_database_itself_it_is_not_behind(database):
    replica = Replica(database, database.url.render_as_string(hide_password=False), bound=10)
    assert replica.choose() == (database, None)
    replica.close()


def test_a_copy_that_cannot_be_reached_is_left_alone_for_a_while(database, monkeypatch):
    replica = Replica(database, f"postgresql://postgres@127.0.0.1:{free_port()}/nowhere", bound=10)
    assert replica.choose() == (database, None)
    monkeypatch.setattr(replica, "_look", None)  # which would fail
    monkeypatch.setattr("models.replica.LOOK_SECONDS", 0.0)
    assert replica.choose() == (database, None)
    replica.close()


def _copy(replica: Replica):
    found = replica.choose()
    return found if found[1] is not None else None
