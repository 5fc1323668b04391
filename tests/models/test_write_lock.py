"""Who writes next on SQLite."""

import fcntl
import threading
import time

import pytest

from models.write_lock import YIELD_SECONDS, Busy, hold_write_lock
from rig.patience import stretched
from rig.waiting import until


@pytest.fixture
def paths(tmp_path):
    return str(tmp_path / "a.db-turn"), str(tmp_path / "a.db-first")


def begin(paths, order, name, first=False):
    """A thread that waits for its turn, and notes when it had it."""

    def run():
        with hold_write_lock(*paths, first):
            order.append(name)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_one_at_a_time(paths):
    inside, most = 0, 0

    def run():
        nonlocal inside, most
        for at in range(20):
            with hold_write_lock(*paths, at % 2 == 0):
                inside += 1
                most = max(most, inside)
                time.sleep(0.0005)
                inside -= 1

    threads = [threading.Thread(target=run) for _ in range(5)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert most == 1


@pytest.mark.parametrize("late", range(5))
def test_who_is_first_goes_before_all_that_wait_longer(paths, monkeypatch, late):
    monkeypatch.setattr("models.write_lock.YIELD_SECONDS", 30.0)
    order: list[str] = []
    with hold_write_lock(*paths):
        threads = [begin(paths, order, f"worker {at}") for at in range(6)]
        time.sleep(0.01 * late)
        threads.append(begin(paths, order, "callback", first=True))
        until(lambda: len(threading.enumerate()) > 7, 5, lambda: "that all have begun")
        time.sleep(0.05)
    for one in threads:
        one.join()
    assert order[0] == "callback"


def test_who_comes_when_it_is_free_leaves_it_to_one_who_is_first_and_waits(paths, monkeypatch):
    """Not even who need not wait goes before."""
    monkeypatch.setattr("models.write_lock.YIELD_SECONDS", 30.0)
    order: list[str] = []
    monkeypatch.setattr("models.write_lock.FIRST_LOOKS_SECONDS", 0.2)  # it sees late that its turn has come
    with hold_write_lock(*paths):
        callback = begin(paths, order, "callback", first=True)
        time.sleep(0.05)
    with hold_write_lock(*paths):
        order.append("worker")
    callback.join()
    assert order == ["callback", "worker"]


def test_who_is_not_first_waits_for_a_moment_and_not_for_ever(paths):
    over = threading.Event()

    def come_again():
        while not over.is_set():
            with hold_write_lock(*paths, first=True):
                time.sleep(0.001)

    callbacks = [threading.Thread(target=come_again) for _ in range(3)]
    for one in callbacks:
        one.start()
    try:
        began = time.monotonic()
        for _ in range(5):
            with hold_write_lock(*paths):
                pass
        assert time.monotonic() - began < stretched(5 * (YIELD_SECONDS + 2.0))
    finally:
        over.set()
        for one in callbacks:
            one.join()


def test_one_that_is_stopped_while_it_looks_holds_up_nobody_who_is_first(paths):
    """By SIGSTOP, by a frozen container, or because a low priority gets no processor for as long."""
    order: list[str] = []

    def patient_for_a_moment():
        with pytest.raises(Busy), hold_write_lock(*paths, first=True, within=0.01):
            pass
        order.append("busy")

    line = open(paths[1], "w")
    try:
        fcntl.flock(line, fcntl.LOCK_EX)
        with hold_write_lock(*paths):
            threads = [threading.Thread(target=patient_for_a_moment)]
            threads[0].start()
            until(lambda: order == ["busy"], 5, lambda: "that it is told that somebody else writes")
            threads.append(begin(paths, order, "callback", first=True))
        until(lambda: order == ["busy", "callback"], 5, lambda: "that its turn comes")
    finally:
        line.close()
        for one in threads:
            one.join()
