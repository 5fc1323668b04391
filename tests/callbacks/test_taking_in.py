"""The worker takes in what receivers have put aside."""

import threading

import pytest
from sqlalchemy import text

from callbacks.ladder.taking_in import TakingIn
from callbacks.spool import Spool
from callbacks.strangers import Strangers
from models.database import Database
from outcomes.feed_place import FeedPlace
from rig.waiting import until
from service import worker
from service.duties import Duties
from tests.callbacks.drafts import draft, kept


@pytest.fixture
def database(sqlite_url):
    database = Database(sqlite_url)
    yield database
    database.close()


@pytest.fixture
def spool(folder):
    return Spool(folder)


@pytest.fixture
def taking_in(database, spool):
    own = TakingIn(database, spool, Strangers(2, 10**6))
    yield own
    own.close()


def put_aside(spool: Spool, *drafts) -> None:
    for one in drafts:
        spool.append([one.line()])


def test_it_is_in_the_database_after_a_step_and_the_spool_is_empty(database, spool, taking_in):
    taking_in.step()
    put_aside(spool, *map(draft, range(9)))
    taking_in.step()
    assert kept(database) == list(range(9)) and not spool.waiting()
    again = draft(9)
    put_aside(spool, again, again)
    taking_in.step()
    assert kept(database) == list(range(10)) and not spool.waiting()


def test_what_it_cannot_store_stays_until_it_can(database, spool, taking_in):
    put_aside(spool, draft(0))
    taking_in.step()
    put_aside(spool, draft(1))
    with database.engine.connect() as connection:
        connection.execute(text("ALTER TABLE receipts RENAME TO gone"))
        taking_in.step()
        assert spool.waiting()
        connection.execute(text("ALTER TABLE gone RENAME TO receipts"))
    until(taking_in.step, 10)
    assert kept(database) == [0, 1] and not spool.waiting()


def test_strangers_from_below_keep_to_their_caps(database, spool, taking_in):
    put_aside(spool, draft(0), *(draft(n, stranger=True, reason="wrong_token", connection="ryng") for n in range(1, 6)))
    taking_in.step()
    assert len(kept(database)) == 3 and 0 in kept(database) and not spool.waiting()


def test_what_a_drainer_takes_away_meanwhile_is_no_trouble(spool):
    put_aside(spool, draft(1))
    (spool.folder / "000000000000.spool").symlink_to("gone")  # listed, and not there any more
    assert spool.oldest() is not None


def test_a_worker_takes_in_what_lies_there(database, spool, taking_in, tmp_path):
    put_aside(spool, draft(1))
    stop = threading.Event()
    threads = worker.start(database, {}, {}, FeedPlace(database, tmp_path), tmp_path, stop, Duties(taking_in=taking_in))
    try:
        until(lambda: kept(database) == [1] and not spool.waiting(), 10)
    finally:
        stop.set()
        for thread in threads:
            thread.join(10)


def test_a_segment_that_cannot_be_read_holds_up_no_other(database, spool, taking_in):
    """One of another user's, as after a start with sudo, or a bad sector: root may read all else."""
    (spool.folder / "000000000001.spool").mkdir(parents=True)
    put_aside(spool, draft(1))
    taking_in.step()
    assert kept(database) == [1] and [path.name for path in spool.folder.iterdir()] == ["000000000001.spool"]
