"""One has the lock of a file at a time; who waits for it gives up."""

import os
import threading
import time

import pytest

from lib import locks


@pytest.fixture
def two(tmp_path):
    """The same file, opened twice."""
    files = [os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT) for _ in range(2)]
    yield files
    for file in files:
        os.close(file)


def test_one_has_it_at_a_time(two):
    mine, theirs = two
    assert locks.take(mine) and not locks.take(theirs)
    locks.give_back(mine)
    assert locks.take(theirs) and not locks.take(mine)


def test_who_waits_gives_up(two):
    mine, theirs = two
    assert locks.take(mine)
    began = time.monotonic()
    assert not locks.take_within(theirs, 0.05)
    assert time.monotonic() - began >= 0.05
    assert not locks.take_within(theirs, 60, in_vain=lambda: True)


def test_who_waits_gets_it_when_it_is_given_back(two):
    mine, theirs = two
    assert locks.take(mine)
    giving = threading.Timer(0.05, locks.give_back, [mine])
    giving.start()
    assert locks.take_within(theirs, 60)
    giving.join()
