"""Leases of hosts whose clocks differ, on both databases."""

from datetime import timedelta

import pytest

from dialers.base import Connection
from leads import desks
from lib import clock
from models import leases

DESK = Connection("ryng-main", "ryng")


@pytest.fixture(autouse=True)
def same_clock(monkeypatch):
    monkeypatch.setattr(leases, "_ahead", timedelta())


def host(database, monkeypatch, off: timedelta):
    """A process of another host, as it begins; its clock."""
    monkeypatch.setattr(leases, "_ahead", timedelta())
    leases.compare(database, now := lambda: clock.now() + off)
    return now


@pytest.mark.parametrize("seconds", [-3_600, -90, 90, 3_600])
def test_who_is_ahead_or_behind_takes_nothing_that_another_host_holds(database, monkeypatch, seconds):
    if database.is_sqlite:
        pytest.skip("one machine's, with one clock")
    with database.write() as session:
        desks.make(session, DESK.name, clock.EARLIEST)  # when it is due is said by the clock of whoever made it
    for offs in ((seconds, 0), (0, seconds)):
        first, second = (timedelta(seconds=off) for off in offs)
        now = host(database, monkeypatch, first)
        with database.write() as session:
            held = desks.claim(session, DESK, now())
        assert held is not None
        now = host(database, monkeypatch, second)
        with database.write() as session:
            assert desks.claim(session, DESK, now()) is None
        now = host(database, monkeypatch, first)
        with database.write() as session:
            desks.renew(session, held, now())
        now = host(database, monkeypatch, second)
        with database.write() as session:
            assert desks.claim(session, DESK, now()) is None
            taken = desks.claim(session, DESK, now() + held.span + timedelta(seconds=1))
            assert taken is not None
            desks.release(session, taken, next_at=clock.EARLIEST)


def test_the_clock_is_postgresqls(database, monkeypatch):
    leases.compare(database, lambda: clock.now() + timedelta(minutes=5))
    at = clock.now() + timedelta(minutes=5)
    off = leases.until(at, timedelta(minutes=1)) - (clock.now() + timedelta(minutes=1))
    expected = timedelta(minutes=5) if database.is_sqlite else timedelta()
    assert abs(off - expected) < timedelta(seconds=2)


def test_a_look_that_takes_long_says_nothing(database):
    moments = iter((clock.now(), clock.now() + timedelta(minutes=9)))
    leases.compare(database, lambda: next(moments))
    assert leases.until(clock.EARLIEST, timedelta()) == clock.EARLIEST
