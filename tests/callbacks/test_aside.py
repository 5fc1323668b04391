"""A callback does not wait for SQLite's one writer: it is put aside, and in the database soon after. With a real writer."""

import threading
import time

import pytest

from callbacks.ladder.aside import PATIENCE_SECONDS
from callbacks.ladder.inbox import Inbox
from models.database import Database
from rig.waiting import until
from service.settings import config
from tests.callbacks.drafts import draft, kept
from tests.callbacks.test_inbox import put

LONG = 0.6  # less than the second after which a database counts as away


@pytest.fixture
def database(sqlite_url):
    database = Database(sqlite_url)
    yield database
    database.close()


@pytest.fixture
def open_inbox(database, tmp_path):
    opened = []

    def begin():
        opened.append(Inbox(database, config.load({"WRAPUP_DATA_DIR": str(tmp_path / "data")})))
        put(opened[-1], [draft(0)])  # its threads have begun
        return opened[-1]

    yield begin
    for inbox in opened:
        inbox.close()


@pytest.fixture
def writer(database):
    """Somebody who writes for so many seconds; returns when they have begun."""
    threads = []

    def write(seconds: float) -> None:
        begun = threading.Event()

        def hold():
            with database.write():
                begun.set()
                time.sleep(seconds)

        threads.append(threading.Thread(target=hold))
        threads[-1].start()
        begun.wait(5)

    yield write
    for thread in threads:
        thread.join()


def test_who_comes_while_another_writes_is_answered_and_stored_when_they_have_done(database, open_inbox, writer):
    inbox = open_inbox()
    writer(LONG)
    began = time.monotonic()
    put(inbox, [draft(number) for number in range(1, 9)])
    assert time.monotonic() - began < LONG / 2
    assert inbox.spool.waiting() and kept(database) == [0]
    until(lambda: kept(database) == list(range(9)) and not inbox.spool.waiting(), LONG + 1)
    assert time.monotonic() - began < LONG + 0.5, "sooner than the keeper's next look"
    put(inbox, [draft(9)])
    assert kept(database) == list(range(10))
    assert not inbox.database.tripped


def test_who_would_wait_for_a_moment_waits(database, open_inbox, writer):
    inbox = open_inbox()
    writer(PATIENCE_SECONDS / 10)
    put(inbox, [draft(1)])
    assert kept(database) == [0, 1]


def test_where_there_is_no_spool_they_wait(database, open_inbox, writer):
    inbox = open_inbox()
    writer(LONG)
    inbox.spool.folder.write_text("")  # a file where the folder would be
    put(inbox, [draft(1)])
    assert kept(database) == [0, 1] and not inbox.database.tripped


def test_strangers_wait(database, open_inbox, writer):
    inbox = open_inbox()
    writer(LONG / 3)
    put(inbox, [draft(1, stranger=True, reason="unknown_connection")])
    assert kept(database) == [0, 1] and not inbox.spool.waiting()


def test_each_of_several_receivers_puts_aside_and_all_are_stored_once(database, open_inbox, writer):
    inboxes = [open_inbox(), open_inbox()]
    writer(LONG)
    for at, inbox in enumerate(inboxes, 1):
        put(inbox, [draft(10 * at + number) for number in range(9)])
    assert inboxes[0].spool.waiting()
    until(lambda: kept(database) == [0, 0, *range(10, 19), *range(20, 29)] and not inboxes[0].spool.waiting(), LONG + 3)
