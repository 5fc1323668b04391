"""When the mirror is to be followed, as the worker sees it."""

import time

import pytest

from queries.mirror import behind, forgetting
from queries.mirror.behind import Behind
from queries.mirror.follower import Follower
from tests import factories


@pytest.fixture
def followed(database, folder):
    """A mirror of all there is; what is called brings it there again."""
    follower = Follower(database, folder, patience=0)

    def follow() -> Follower:
        while follower.step():
            pass
        return follower

    with database.write() as session:
        factories.outcome(session)
    follow()
    return follow


def add(database):
    with database.write() as session:
        factories.outcome(session)


def test_where_there_is_none_one_is_needed(database, folder):
    assert Behind(database, folder).look()


def test_few_changes_wait_and_many_do_not(database, folder, followed, monkeypatch):
    look = Behind(database, folder).look
    assert not look()
    add(database)
    assert not look()
    monkeypatch.setattr(behind, "FEW", 2)
    add(database)
    assert look()
    followed()
    assert not look()


def test_few_changes_wait_no_longer_than_that(database, folder, followed):
    patient = Behind(database, folder, longest=0.2)
    add(database)
    assert not patient.look()
    time.sleep(0.3)
    assert patient.look()
    followed()
    assert not patient.look()
    add(database)
    assert not patient.look()  # the time counts from this one


def test_what_was_erased_or_damaged_does_not_wait(database, folder, followed):
    look = Behind(database, folder).look
    forgetting.ask(folder)
    assert look()
    followed()
    assert not look()
    (segment,) = folder.glob("*.parquet")
    segment.write_bytes(b"x" + segment.read_bytes()[1:])
    assert look()
    followed()
    assert not look()


def test_who_follows_has_rested_since_the_last_change_but_few(database, folder, followed, monkeypatch):
    follower = followed()
    add(database)
    began = time.monotonic()
    follower.step()
    assert follower.rested() > time.monotonic() - began  # it was mirrored, and is nothing to stay for
    assert not Behind(database, folder).look()
    monkeypatch.setattr("queries.mirror.follower.FEW", 1)
    add(database)
    began = time.monotonic()
    follower.step()
    assert follower.rested() <= time.monotonic() - began
