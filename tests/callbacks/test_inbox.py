"""The ladder: database, spool, log and memory; and the way back up. With real faults of real stores."""

import logging
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from uuid import uuid4

import orjson
import pytest
from sqlalchemy import event, select, text

from callbacks.draft import Draft
from callbacks.ladder.inbox import Inbox
from callbacks.ladder.keeper import LOOK_SECONDS
from callbacks.ladder.last import Memory, size_of
from callbacks.ladder.tickets import Ticket
from callbacks.readiness import Readiness
from models import Receipt, StrangerQuota
from models.database import Database
from rig.waiting import until
from service import logs
from service.settings import config
from tests.callbacks.drafts import draft, kept


@pytest.fixture
def settings(tmp_path):
    return config.load({"WRAPUP_DATA_DIR": str(tmp_path / "data"), "WRAPUP_STRANGER_RECEIPTS": "5"})


@pytest.fixture
def logged(tmp_path, monkeypatch):
    """What is logged, line by line, with what it holds."""
    with open(tmp_path / "log", "w") as file:
        monkeypatch.setattr(sys, "stderr", file)
        logs.configure("info")
        yield lambda name: [
            line for line in map(orjson.loads, (tmp_path / "log").read_text().splitlines()) if line["event"] == name
        ]
        logging.getLogger().handlers.clear()


@pytest.fixture
def open_inbox(settings):
    opened = []

    def begin(database, settings=settings):
        opened.append(Inbox(database, settings))
        return opened[-1]

    yield begin
    for inbox in opened:
        inbox.close()


def put(inbox: Inbox, drafts) -> float:
    """Put them all at once, each from a thread of its own; returns how long the slowest waited."""
    began = time.monotonic()
    threads = [threading.Thread(target=inbox.put, args=[Ticket(one)]) for one in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive(), "a callback hangs"
    return time.monotonic() - began


@contextmanager
def held(database: Database):
    """Another one holds what an insert needs, and does not let go."""
    other = Database(database.url.render_as_string(hide_password=False))
    with other.engine.connect().execution_options(sqlite_begin="BEGIN EXCLUSIVE") as connection, connection.begin():
        if not other.is_sqlite:
            connection.execute(text("LOCK TABLE receipts IN ACCESS EXCLUSIVE MODE"))
        yield
    other.close()


@contextmanager
def spool_refused(settings):
    """The spool's folder cannot be made: a file lies where it should be."""
    folder = settings.data_dir / "spool"
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("")
    yield
    folder.unlink()


def test_one_transaction_carries_all_that_wait(database, settings, open_inbox):
    inbox, inserts = open_inbox(database), []
    put(inbox, [draft(-1)])

    @event.listens_for(database.engine, "before_cursor_execute")
    def count(connection, cursor, statement, parameters, context, executemany):
        if statement.startswith("INSERT INTO receipts"):
            inserts.append(parameters)

    put(inbox, [draft(n) for n in range(100)])
    assert kept(database) == list(range(-1, 100))
    assert len(inserts) < 60  # the first goes alone, and while it is written the others gather


def test_a_poisonous_row_costs_no_other_its_place_and_its_own_body_is_kept(database, settings, open_inbox):
    inbox = open_inbox(database)
    with held(database):  # so that all of them gather in one batch
        waiting = threading.Thread(
            target=put, args=[inbox, [draft(n, kind=None if n == 7 else "x") for n in range(20)]]
        )
        waiting.start()
        time.sleep(0.3)
    waiting.join()
    until(lambda: len(kept(database)) == 20, 10)
    with database.read() as session:
        states = {orjson.loads(one.body)["callID"]: (one.state, one.reason) for one in session.scalars(select(Receipt))}
    assert states.pop(7) == ("quarantined", "refused_by_database")
    assert set(states.values()) == {("pending", None)}
    assert not inbox.database.tripped  # no fault of the database's


def test_a_database_that_hangs_costs_a_second_once_and_everything_is_there_once_when_it_goes_on(
    database, settings, open_inbox
):
    inbox = open_inbox(database)
    with held(database):
        first = put(inbox, [draft(n) for n in range(5)])
        assert inbox.database.tripped
        assert inbox.spool.waiting()
        # The breaker: ten callbacks, one after the other, wait for less than the first ones did.
        assert sum(put(inbox, [draft(n)]) for n in range(5, 15)) < first
        assert Readiness(inbox).ask(Ticket(None)) == "spool"
        # Whoever looks meanwhile does not find it well: callbacks would wait for their second again and again.
        time.sleep(2 * LOOK_SECONDS)
        assert inbox.database.tripped
    until(lambda: kept(database) == list(range(15)), 20)
    until(lambda: not inbox.database.tripped and not inbox.spool.waiting(), 20)
    put(inbox, [draft(15)])
    assert kept(database) == list(range(16))


def test_a_database_that_is_away_costs_no_200_and_no_receipt(database, settings, open_inbox):
    away = Database("postgresql://nobody@127.0.0.1:1/nothing")
    inbox = open_inbox(away)
    put(inbox, [draft(n, query="a=1", headers={"user-agent": "x"}) for n in range(20)])
    assert inbox.spool.waiting()
    well = open_inbox(database)  # another process, say, that finds the database well
    well.start()
    until(lambda: kept(database) == list(range(20)), 20)
    with database.read() as session:
        one = session.scalars(select(Receipt).limit(1)).one()
    assert (one.query, one.headers, one.kind, one.state) == ("a=1", {"user-agent": "x"}, "terminal", "pending")


def test_what_no_store_takes_stands_in_the_log_and_comes_back_from_memory(database, settings, open_inbox, logged):
    inbox = open_inbox(database)
    with spool_refused(settings):
        with held(database):
            put(inbox, [draft(n) for n in range(5)])
            assert Readiness(inbox).ask(Ticket(None)) is None
            lines = logged("receipt_not_stored")
            assert len(lines) == len(inbox.memory) == 5
        until(lambda: kept(database) == list(range(5)), 20)
    until(lambda: not inbox.memory, 20)
    assert {Draft.from_record(line["receipt"]).body for line in lines} == {draft(n).body for n in range(5)}


def test_why_a_store_fails_is_said_and_no_secret_with_it(settings, open_inbox, logged):
    away = Database("postgresql://nobody:hunter2@127.0.0.1:1/nothing")
    inbox = open_inbox(away, settings)
    with spool_refused(settings):
        assert Readiness(inbox).ask(Ticket(None)) is None
        put(inbox, [draft(1), draft(2, stranger=True)])
    for name in ("store_not_ready", "store_fails"):
        said = {line["store"]: line["said"] for line in logged(name)}
        assert "127.0.0.1" in said["database"] and "refused" in said["database"], name
        assert said["spool"] == "Not a directory"
    assert said.keys() == {"database", "strangers", "spool"} and said["strangers"] == said["database"]
    assert "hunter2" not in str(logged("store_fails") + logged("store_not_ready"))


def test_what_is_in_memory_goes_into_the_spool_when_only_that_is_well_again(settings, open_inbox):
    inbox = open_inbox(Database("postgresql://nobody@127.0.0.1:1/nothing"), settings)
    with spool_refused(settings):
        put(inbox, [draft(n) for n in range(5)])
        assert len(inbox.memory) == 5
    until(lambda: not inbox.memory, 20)
    assert inbox.spool.waiting()


def test_memory_is_bounded_and_what_is_beyond_stands_in_the_log(settings, open_inbox, logged):
    settings = replace(settings, memory_bytes=3 * size_of(draft()))
    inbox = open_inbox(Database("postgresql://nobody@127.0.0.1:1/nothing"), settings)
    with spool_refused(settings):
        put(inbox, [draft(n) for n in range(5)])
        assert len(inbox.memory) == 3
    assert len(logged("receipt_not_stored")) == 5
    assert sum(line["receipts"] for line in logged("memory_full")) == 2


def test_memory_is_bounded_whatever_a_receipt_is_large_with():
    memory = Memory(100_000)
    large = [
        draft(n, body=b"", **facts) for n, facts in enumerate([{"query": "q" * 8000}, {"headers": {"a": "h" * 8000}}])
    ]
    held = [replace(one, id=uuid4()) for one in large * 100]
    beyond = memory.hold(held)
    assert len(memory) == 11  # 11 * (8000 + 1024) and some bytes more
    assert len(beyond) == 189
    memory.forget(held)
    assert not memory.hold(held[:11])  # all of it was given back
    empty = Memory(100_000)
    empty.hold([draft(n, body=b"") for n in range(1000)])
    assert len(empty) < 100


def test_strangers_are_capped_and_counted_once_by_whatever_way_they_come(database, settings, open_inbox):
    inbox = open_inbox(database)
    drafts = [draft(n, stranger=True, reason="wrong_token") for n in range(8)]
    put(inbox, drafts[:3])
    inbox.spool.append([one.line() for one in drafts])  # three of them again, as a former release spooled them
    until(lambda: not inbox.spool.waiting(), 20)
    assert len(kept(database)) == 5
    with database.read() as session:
        quota = session.scalars(select(StrangerQuota)).one()
    assert (quota.receipts, quota.bytes) == (5, 5 * drafts[0].kept_bytes)
    assert quota.overflow >= 3


def test_a_size_that_no_column_holds_is_kept_as_the_largest(database, settings, open_inbox):
    put(open_inbox(database), [draft(1, body_size=10**30)])
    with database.read() as session:
        assert session.scalars(select(Receipt)).one().body_size == 2**63 - 1


def test_it_says_where_it_would_store_when_the_database_can_only_be_read(database, open_inbox):
    """As on a standby, or on a disk that was mounted anew for reading after a fault."""
    inbox = open_inbox(database)
    assert Readiness(inbox).ask(Ticket(None)) == "database"
    if database.is_sqlite:
        event.listen(database.engine, "connect", lambda connection, _: connection.execute("PRAGMA query_only=ON"))
    else:
        with database.engine.connect() as connection, connection.begin():
            connection.execute(text(f'ALTER DATABASE "{database.url.database}" SET default_transaction_read_only = on'))
    database.engine.dispose()
    assert Readiness(inbox).ask(Ticket(None)) == "spool"


def test_a_draft_survives_being_written_down():
    one = draft(3, query="ä=%00", headers={"x": "ü"}, body=bytes(range(256)), stranger=True, reason="wrong_token")
    assert Draft.from_line(one.line()) == one
