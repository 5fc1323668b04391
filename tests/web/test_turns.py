"""Heavy reading: one at a time, and a rest after each that is as long as the work was."""

import threading
import time

import pytest

from web.turns import Turns


def worked(turns: Turns, seconds: float) -> tuple[float, float]:
    with turns.turn():
        began = time.monotonic()
        time.sleep(seconds)
        return began, time.monotonic()


def test_a_turn_begins_when_the_one_before_has_ended_and_rested():
    turns, found = Turns(), []
    threads = [threading.Thread(target=lambda: found.append(worked(turns, 0.1))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.sort()
    for (_, ended), (began, _) in zip(found, found[1:], strict=False):
        assert began - ended >= 0.09


def test_the_first_does_not_wait_and_rest_is_over_by_itself():
    turns = Turns()
    asked = time.monotonic()
    assert worked(turns, 0.05)[0] - asked < 0.04
    time.sleep(0.1)
    asked = time.monotonic()
    assert worked(turns, 0)[0] - asked < 0.04


def test_a_turn_that_fails_is_given_back():
    turns = Turns()
    with pytest.raises(ValueError), turns.turn():
        raise ValueError
    assert worked(turns, 0)
