"""What is shown of workers on other hosts: by PostgreSQL's clock, however far the reader's own is off."""

import time
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import update

from dialers.base import Connection
from leads import desks, loads
from lib import clock, ids
from models import DestinationState, PollCursor, ScheduledSend, leases, shared_clock
from models.database import Database
from models.shared_clock import Seen
from queries import destinations, health, histories, schedules
from queries.delivery_counts import Counts
from service.cli.alerts import _KEPT
from tests import factories
from upkeep.alerts.keepers import InTable
from upkeep.beats import Beats, ages, silence

SPAN = timedelta(minutes=1)


@pytest.fixture(params=[-600, 600], ids=["behind", "ahead"])
def off(request):
    """How far the reader's clock is off."""
    return timedelta(seconds=request.param)


@pytest.fixture
def database(postgresql_url, off, monkeypatch):
    """As the reader has it, when it has a connection."""
    with closing(Database(postgresql_url)) as database:
        with database.read() as session:
            session.connection()
        yield database


@pytest.fixture
def reads(database, off, monkeypatch):
    """reads(what, later) asks ``what(session, now)`` as the reader does, so much later."""

    def reads(what, later=timedelta()):
        monkeypatch.setattr(shared_clock, "_seen", Seen(off, time.monotonic()))
        with database.read() as session:
            found = what(session, clock.now() + off + later)
        monkeypatch.setattr(shared_clock, "_seen", Seen(timedelta(), time.monotonic()))
        return found

    return reads


def test_a_worker_lives_as_long_as_it_beats(database, reads):
    Beats(database).write()
    assert 0 <= reads(ages)["beats"] < 30 and silence(reads(ages)) is None
    assert silence(reads(ages, SPAN * 2)) is not None


def test_a_worker_of_a_host_that_is_off_lives_too(database, off, monkeypatch):
    """It dates its beats by its own clock, and said so."""
    monkeypatch.setattr(shared_clock, "_seen", Seen(off, time.monotonic()))
    Beats(database, lambda: clock.now() + off).write()
    monkeypatch.setattr(shared_clock, "_seen", Seen(timedelta(), time.monotonic()))
    with database.read() as session:
        assert silence(found := ages(session, clock.now())) is None and found["beats"] < 30


def test_whoever_asks_a_dialer_is_shown_to_ask(database, reads):
    now = clock.now()
    with database.write() as session:
        session.add(PollCursor(connection="qvoice-main", report="calls", layer="recent", due_at=now))
        session.add(
            PollCursor(connection="qvoice-main", report="calls", layer="history 2026-01-01/2026-02-01", due_at=now)
        )
        session.flush()
        held = {"lease_owner": "a", "lease_until": leases.until(now, SPAN), "last_started_at": now}
        session.execute(update(PollCursor).values(held))
    for later, asks in ((timedelta(), True), (SPAN * 2, False)):
        found = reads(lambda session, now: health.poll_states(session, {}, now), later)["qvoice-main"]
        assert any(one["asked_since"] for one in found) is asks
        assert reads(lambda session, now: histories.is_asked(session.query(PollCursor).first(), now), later) is asks


def test_a_load_that_is_sent_waits_for_nobody(database, reads):
    with database.write() as session:
        load = factories.load(session, ("pending",), state="running", finished_at=None).id
        assert desks.claim(session, Connection("ryng-main", "ryng"), clock.now()) is not None
    assert reads(lambda session, now: loads.waiting_since(session, load, now)) is None
    assert reads(lambda session, now: loads.waiting_since(session, load, now), SPAN * 5) is not None


def test_what_a_worker_sends_by_a_schedule_waits_for_nobody(database, reads):
    now = clock.now()
    with database.write() as session:
        send = {"id": ids.new(), "schedule_id": ids.new(), "due_at": now, "trial": False, "state": "pending"}
        send |= {"created_at": now, "next_at": now, "lease_owner": "a", "lease_until": leases.until(now, SPAN)}
        session.add(ScheduledSend(**send))
    assert reads(schedules.oldest_waiting) is None
    assert reads(schedules.oldest_waiting, SPAN * 2) is not None


def test_a_destination_that_a_worker_has_is_not_said_to_stand_still(database, reads):
    now, ago = clock.now(), clock.now() - timedelta(hours=1)
    with database.write() as session:
        factories.destination(session)
        factories.delivery(session, state="pending", due_at=ago)
        held = {"lease_owner": "a", "lease_until": leases.until(now, SPAN), "sent_at": ago, "followed_at": now}
        session.execute(update(DestinationState).values(held))

    def said(session, now):
        (found,) = destinations.destinations(session, {"sales": "hubspot"}, {"sales": Counts()}, 0.0, now)
        return found["lag"]

    assert "is a worker running" not in reads(said)
    assert "is not sent: is a worker running" in reads(said, SPAN * 2)


def test_whoever_watches_is_known_to(database, reads):
    watch = InTable(database)
    assert watch.watches()

    def is_watched(session, now):
        return leases.is_held(session.execute(_KEPT).one().lease_until, now)

    assert reads(is_watched) is True
    assert reads(is_watched, SPAN * 2) is False
