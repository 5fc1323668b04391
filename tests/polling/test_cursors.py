"""Cursors: who may walk, until when, and how long is waited after what."""

import threading
from datetime import timedelta

import pytest

from dialers.qvoice import DIALER
from lib.http.errors import AskedWrongly, CredentialsRefused, Garbled, Unavailable
from models import PollCursor
from models.leases import LeaseLost
from polling import cursors
from polling.cursors import LEASE, wait_after
from polling.keep import Kept
from polling.tasks import tasks
from tests.dialers.qvoice.portal import START
from tests.polling.polls import NOW, QVOICE, on_one_database

RECENT = next(task for task in tasks(QVOICE, DIALER) if task.key == ("lead_history", "recent"))
MINUTE = timedelta(minutes=1)


@pytest.fixture
def made(database):
    """A database with all cursors, due now."""
    with database.write() as session:
        cursors.make(session, QVOICE.name, tasks(QVOICE, DIALER), NOW)
    return database


def read(database) -> PollCursor:
    with database.read() as session:
        return cursors.read(session, QVOICE.name, [RECENT])[RECENT.key]


def claim(database, at=NOW, cursor=None):
    with database.write() as session:
        return cursors.claim(session, cursor or read(database), RECENT, at)


def is_due(database, at, since=START):
    return cursors.is_due(read(database), RECENT, at, since)


def change(database, **columns):
    with database.write() as session:
        row = session.get_one(PollCursor, (QVOICE.name, *RECENT.key))
        for name, value in columns.items():
            setattr(row, name, value)


def test_making_cursors_again_leaves_them_alone(made):
    claim(made)
    with made.write() as session:
        cursors.make(session, QVOICE.name, tasks(QVOICE, DIALER), NOW + MINUTE)
    assert read(made).lease_owner is not None


def test_of_many_that_claim_one_wins(made):
    seen = read(made)
    together = threading.Barrier(8)
    won = []

    def work():
        together.wait()
        won.append(claim(made, cursor=seen))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(won) == 8
    assert [held.lease for held in won if held] == [read(made).lease_owner]


def test_a_lease_that_nobody_renews_ends_by_itself(made):
    claim(made)
    assert not is_due(made, NOW + LEASE - MINUTE)
    assert is_due(made, NOW + LEASE + MINUTE)


def test_whoever_lost_the_lease_changes_nothing(made):
    lost = claim(made)
    won = claim(made, NOW + LEASE + MINUTE)
    for attempt in (
        lambda session: cursors.renew(session, lost, NOW, Kept(1, 1)),
        lambda session: cursors.finish(session, lost, NOW, {"complete_to": NOW}, Kept(1, 1)),
        lambda session: cursors.fail(session, lost, NOW, Unavailable("Gone."), Kept(1, 1)),
    ):
        with pytest.raises(LeaseLost), made.write() as session:
            attempt(session)
    with made.write() as session:
        cursors.release(session, lost)
    now = read(made)
    assert (now.lease_owner, now.complete_to, now.error, now.records_seen) == (won.lease, None, None, 0)


def test_a_finished_walk_is_due_again_after_its_interval(made):
    held = claim(made)
    with made.write() as session:
        cursors.finish(session, held, NOW + timedelta(seconds=5), {"complete_to": NOW}, Kept(7, 2))
    assert not is_due(made, NOW + timedelta(seconds=59))
    assert is_due(made, NOW + timedelta(seconds=60))
    row = read(made)
    assert (row.records_seen, row.records_new, row.lease_owner, row.last_started_at) == (7, 2, None, NOW)


@on_one_database
def test_a_walk_that_takes_longer_than_its_interval_leaves_a_pause(made):
    held = claim(made)
    with made.write() as session:
        cursors.finish(session, held, NOW + timedelta(seconds=120), {}, Kept())
    assert read(made).due_at == NOW + timedelta(seconds=120 + 15)  # a quarter of its interval


@on_one_database
@pytest.mark.parametrize(
    ("columns", "due"),
    [
        ({"due_at": NOW + MINUTE}, False),
        ({"due_at": NOW + 2 * MINUTE}, False),
        ({"due_at": NOW + 3 * MINUTE}, True),  # no poll waits so long: the clock was ahead when it was written
        ({"due_at": NOW + timedelta(days=365)}, True),
        ({"due_at": NOW + timedelta(minutes=59), "failures": 3}, False),  # after a failure it may
        ({"due_at": NOW + timedelta(hours=3), "failures": 3}, True),
        ({"due_at": NOW, "lease_owner": "x", "lease_until": NOW + LEASE}, False),
        ({"due_at": NOW, "lease_owner": "x", "lease_until": NOW - MINUTE}, True),
        ({"due_at": NOW, "lease_owner": "x", "lease_until": NOW + 3 * LEASE}, True),  # by a clock that was ahead
    ],
)
def test_a_clock_that_jumped_stops_no_poll(made, columns, due):
    change(made, **columns)
    assert is_due(made, NOW) is due
    if due:
        assert claim(made) is not None


def test_refused_credentials_wait_for_an_hour_or_for_another_start(made):
    held = claim(made)
    with made.write() as session:
        cursors.fail(session, held, NOW, CredentialsRefused("Refused."), Kept())
    later = NOW + timedelta(minutes=10)
    assert not is_due(made, later, since=START)
    assert is_due(made, later, since=NOW + MINUTE)  # a process that began after the refusal may know better ones
    assert is_due(made, NOW + timedelta(hours=1), since=START)


def waits(error, *failures, every=MINUTE):
    return [wait_after(error, number, every).total_seconds() for number in failures]


def asked_to_wait(seconds):
    error = Unavailable("Too often.")
    error.retry_after = seconds
    return error


def test_waits_after_failures():
    assert waits(Unavailable("x"), 1, 2, 3, 4, 5, 6, 100) == [30, 60, 120, 240, 480, 600, 600]
    assert waits(Garbled("x"), 1) == [30]
    assert waits(Unavailable("x"), 1, 2, 9, every=timedelta(seconds=5)) == [5, 10, 600]
    assert waits(Unavailable("x"), 1, 50, every=timedelta(minutes=30)) == [30, 1800]
    assert waits(AskedWrongly("x"), 1) == [600]
    assert waits(CredentialsRefused("x"), 1, 2) == [3600, 3600]
    assert waits(asked_to_wait(90), 1, 4) == [90, 240]
    assert waits(asked_to_wait(10**9), 1) == [3600]
