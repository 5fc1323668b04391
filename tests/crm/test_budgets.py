"""Turns under an account's limits: never more of them than the limit allows in any of its windows, on a clock that tests move."""

import threading
from bisect import bisect_right
from datetime import timedelta

import pytest

from crm.base import Limit
from crm.budgets import Turns
from tests.factories import NOON


class Clock(threading.Event):
    """Whoever waits for it finds that the time has passed."""

    def __init__(self):
        super().__init__()
        self.at = NOON

    def now(self):
        return self.at

    def wait(self, timeout=None):
        self.at += timedelta(seconds=timeout or 0)
        return False

    def passes(self, seconds):
        self.at += timedelta(seconds=seconds)


def turns(database, clock, **limits):
    return Turns(database, "an account", {name: Limit(*limit) for name, limit in limits.items()}, clock.now, clock)


def most_within(asked, seconds):
    """The most of these moments that lie in any span of so many seconds."""
    return max(bisect_right(asked, one + timedelta(seconds=seconds)) - at for at, one in enumerate(asked))


@pytest.mark.parametrize("takes", [(0.0,), (0.2,), (0.05, 0.3), (0.001, 0.001, 0.001, 0.6), (0.24, 0.26)])
def test_few_a_second_are_never_more_than_one_above_what_is_taken_of_the_limit(database, takes):
    """Of HubSpot's five searches a second four are taken."""
    clock, asked = Clock(), []
    some = turns(database, clock, searches=(4, 1.0))
    for number in range(40):
        some.take("searches")
        asked.append(clock.now())
        clock.passes(takes[number % len(takes)])
    assert most_within(asked, 0.999) <= 5


@pytest.mark.parametrize("takes", [0.0, 0.05, 0.3])
def test_many_in_ten_seconds_are_hardly_more_than_what_is_taken_of_the_limit(database, takes):
    clock, asked = Clock(), []
    some = turns(database, clock, requests=(180, 10.0))
    for number in range(400):
        some.take("requests")
        asked.append(clock.now())
        clock.passes(takes if number % 3 == 0 else 0.001)
    assert most_within(asked, 10) <= 190


def test_what_the_crm_says_of_its_limit_is_so_for_all_at_the_account(database):
    clock = Clock()
    one, other = (turns(database, clock, searches=(4, 1.0), requests=(90, 10.0)) for _ in range(2))
    one.take("searches")
    one.put_off("searches", 7.5)
    one.put_off("searches", 1.0)  # which says nothing against the other
    other.take("requests")
    assert clock.now() == NOON
    other.take("searches")
    assert clock.now() == NOON + timedelta(seconds=7.5)
    one.take("searches")
    assert clock.now() == NOON + timedelta(seconds=7.75)
