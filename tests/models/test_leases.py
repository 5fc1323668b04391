"""Leases of hosts whose clocks differ, on both databases, and of a PostgreSQL whose clock jumps, as with another server."""

import time
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from crm.base import Limit
from crm.budgets import Turns
from dialers.base import Connection
from dialers.giving import Pace
from leads import desks
from lib import clock
from models import SendingDesk, leases, shared_clock
from models.database import Database
from models.shared_clock import OFF, Seen
from rig.waiting import until

DESK = Connection("ryng-main", "ryng")
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def same_clock(monkeypatch):
    monkeypatch.setattr(shared_clock, "_seen", Seen())


@pytest.fixture
def postgresql(postgresql_url):
    with closing(Database(postgresql_url)) as database:
        yield database


def look(database, now):
    """Compare the clocks, as each new connection does; ``now``: our clock."""
    if not database.is_sqlite:
        with database.engine.connect() as connection:
            assert shared_clock.compare(connection.connection.driver_connection, now)


def host(database, monkeypatch, off: timedelta):
    """A process of another host, as it begins; its clock."""
    monkeypatch.setattr(shared_clock, "_seen", Seen())
    look(database, now := lambda: clock.now() + off)
    monkeypatch.setattr(shared_clock, "_seen", Seen(shared_clock._seen.ahead, time.monotonic()))
    return now


@pytest.mark.parametrize("seconds", [-3_600, -90, 90, 3_600])
def test_who_is_ahead_or_behind_takes_nothing_that_another_host_holds(postgresql, monkeypatch, seconds):
    with postgresql.write() as session:
        desks.make(session, DESK.name, clock.EARLIEST)  # when it is due is said by the clock of whoever made it
    for offs in ((seconds, 0), (0, seconds)):
        first, second = (timedelta(seconds=off) for off in offs)
        now = host(postgresql, monkeypatch, first)
        with postgresql.write() as session:
            held = desks.claim(session, DESK, now())
        assert held is not None
        now = host(postgresql, monkeypatch, second)
        with postgresql.write() as session:
            assert desks.claim(session, DESK, now()) is None
        now = host(postgresql, monkeypatch, first)
        with postgresql.write() as session:
            desks.renew(session, held, now())
        now = host(postgresql, monkeypatch, second)
        with postgresql.write() as session:
            assert desks.claim(session, DESK, now()) is None
            taken = desks.claim(session, DESK, now() + held.span + SECOND)
            assert taken is not None
            desks.release(session, taken, until=clock.EARLIEST)


@pytest.mark.parametrize("seconds", [-120, 120])
def test_two_hosts_keep_a_dialers_pace_together(postgresql, monkeypatch, seconds):
    """The one that is behind waited for the clock of the other one, and an API's command was refused for as long."""
    waits = []
    for off in (seconds, 0, seconds):
        now = host(postgresql, monkeypatch, timedelta(seconds=off))
        with postgresql.write() as session:
            waits.append((desks.slot(session, DESK.name, Pace(1, 1.0), at := now()) - at).total_seconds())
    assert waits == sorted(waits) and waits[0] == pytest.approx(0, abs=1) and waits[-1] <= 3


@pytest.mark.parametrize("seconds", [-120, 120])
def test_two_hosts_share_what_an_account_allows(postgresql, monkeypatch, seconds):
    for off in (seconds, 0, seconds):
        now = host(postgresql, monkeypatch, timedelta(seconds=off))
        began = time.monotonic()
        Turns(postgresql, "an account", {"all": Limit(10, 1.0)}, now).take("all")
        assert time.monotonic() - began < 20


@pytest.mark.parametrize("seconds", [-120, 120])
def test_another_server_whose_clock_differs_frees_nothing_that_is_held(postgresql, monkeypatch, seconds):
    """What was held before it took over is of the old time, and is renewed by the new one while it lasts."""
    with postgresql.write() as session:
        desks.make(session, DESK.name, clock.EARLIEST)
    was = host(postgresql, monkeypatch, timedelta(seconds=seconds))  # its clock and ours are the same now
    with postgresql.write() as session:
        held = desks.claim(session, DESK, was())
    assert held is not None
    span = held.span
    look(postgresql, clock.now)
    assert abs(shared_clock._seen.ahead) < SECOND
    for at in (clock.now(), clock.now() + timedelta(hours=1)):
        with postgresql.write() as session:
            assert desks.claim(session, DESK, at) is None
            lease = session.get_one(SendingDesk, DESK.name, populate_existing=True).lease_until
            assert not leases.is_free(lease, at, span)
    with postgresql.write() as session:
        desks.renew(session, held, clock.now())
    monkeypatch.setattr(shared_clock, "_seen", Seen(looked_at=time.monotonic(), jumped_at=time.monotonic() - 3600))
    with postgresql.write() as session:
        assert desks.claim(session, DESK, clock.now()) is None
        assert desks.claim(session, DESK, clock.now() + span + SECOND) is not None


def test_a_statement_is_sent_by_the_clock_of_the_server_that_it_goes_to(postgresql_url, monkeypatch):
    """That is known only when there is a connection."""
    database = Database(postgresql_url)
    with database.write() as session:
        desks.make(session, DESK.name, clock.EARLIEST)
        held = desks.claim(session, DESK, clock.now())
        assert held is not None
    database.engine.dispose()
    monkeypatch.setattr(shared_clock, "_seen", Seen(-timedelta(minutes=2), time.monotonic()))
    desk = SendingDesk.__table__.c
    free = leases.free(desk.lease_until, clock.now(), held.span)
    with database.read() as session:
        assert session.scalar(select(func.count()).where(free)) == 0
    assert shared_clock.jumped_within(SECOND)
    database.close()


def test_the_clock_is_postgresqls(database, monkeypatch):
    look(database, lambda: clock.now() + timedelta(minutes=5))
    at = clock.now() + timedelta(minutes=5)
    off = leases.until(at, timedelta(minutes=1)) - (clock.now() + timedelta(minutes=1))
    expected = timedelta(minutes=5) if database.is_sqlite else timedelta()
    assert abs(off - expected) < timedelta(seconds=2)


def test_a_look_that_takes_long_says_nothing(database):
    moments = iter((clock.now(), clock.now() + timedelta(minutes=9)))
    look(database, lambda: next(moments))
    assert leases.until(clock.EARLIEST, timedelta()) == clock.EARLIEST


def test_each_connection_and_each_ten_seconds_of_use_compare_the_clocks(postgresql_url, monkeypatch):
    database = Database(postgresql_url, pool_size=1)
    wrong = Seen(timedelta(minutes=2), time.monotonic())
    monkeypatch.setattr(shared_clock, "_seen", wrong)

    def use():
        with database.read() as session:
            session.scalar(select(func.now()))

    use()
    assert shared_clock._seen.ahead == timedelta()
    monkeypatch.setattr(shared_clock, "_seen", wrong)
    use()
    assert shared_clock._seen == wrong
    monkeypatch.setattr(shared_clock, "EVERY_SECONDS", -1.0)
    use()
    assert shared_clock._seen.ahead == timedelta()
    database.close()


def test_a_standby_does_not_say_what_the_time_is(standby, postgresql_url, monkeypatch):
    database = Database(standby.url(Database(postgresql_url)))

    def use():
        with database.read() as session:
            return session.scalar(select(func.pg_is_in_recovery()))

    def is_there():
        try:
            return use()
        except OperationalError:  # it has not heard of the database yet
            return False

    until(is_there, 20)
    monkeypatch.setattr(shared_clock, "_seen", kept := Seen(timedelta(minutes=2), time.monotonic()))
    database.engine.dispose()
    assert use() is True
    assert shared_clock._seen == kept
    database.close()


@pytest.mark.parametrize(("ahead", "said"), [(120, "2 min ahead of"), (-120, "2 min behind"), (1, None)])
def test_a_clock_that_differs_is_told_once(monkeypatch, ahead, said):
    told = []
    monkeypatch.setattr(shared_clock.log, "warning", lambda name, said: told.append((name, said)))
    seen = Seen()
    for more in (0, 0.5, 0):
        seen = shared_clock._known(seen, timedelta(seconds=ahead + more), time.monotonic())
    assert len(told) == (said is not None)
    assert all(name == "clocks_differ" and said in words for name, words in told)
    assert abs(seen.ahead) < OFF or seen.told


@pytest.mark.parametrize("whose", ["ours", "of a host that is ahead", "of a host that is behind"])
def test_who_shows_it_goes_by_the_shared_clock(database, monkeypatch, whose):
    if database.is_sqlite and whose != "ours":
        pytest.skip("one machine's, with one clock")
    off = {"ours": 0, "of a host that is ahead": 600, "of a host that is behind": -600}[whose]
    with database.write() as session:
        desks.make(session, DESK.name, clock.EARLIEST)
        held = desks.claim(session, DESK, clock.now())
    assert held is not None
    now = host(database, monkeypatch, timedelta(seconds=off))
    desk = SendingDesk.__table__.c
    for later, expected in ((timedelta(), True), (held.span + SECOND, False)):
        with database.read() as session:
            lease = session.scalar(select(desk.lease_until))
            assert leases.is_held(lease, now() + later) is expected
            assert bool(session.scalar(select(leases.held(desk.lease_until, now() + later)))) is expected
