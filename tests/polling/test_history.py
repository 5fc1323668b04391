"""The past of a dialer: a day at a time, beside the running polls, and on from where it was interrupted."""

import threading
from datetime import timedelta

import pytest

from dialers.base import Connection
from lib.clock import iso
from models import PollCursor
from polling import Busy, History, NoHistory, unfinished
from polling.history import MOST_FAILURES
from queries import health, histories
from tests.dialers.qvoice.portal import row
from tests.polling.polls import NOW, cursor, poll_all_due, polled_portal, receipts

LONG_AGO = NOW - timedelta(days=40)


@pytest.fixture
def found():
    with polled_portal() as (portal, clock):
        for days in (400, 40, 39.5, 30.2, 8, 1):
            at = (NOW - timedelta(days=days)).timestamp()
            portal.qvoice.add(row(int(days * 10), timestamp=at), timestamp=at)
        yield portal, clock


def history(database, portal, clock, since=LONG_AGO, until=NOW, **options) -> History:
    return History(database, portal.connection, since, until, now=clock, pause=0, **options)


def test_all_of_it_is_asked_for_once_a_day_at_a_time(database, found):
    portal, clock = found
    slices = list(history(database, portal, clock).slices())
    assert len(slices) == 40
    assert [slices[0].since, slices[-1].until] == [LONG_AGO, NOW]
    assert all(before.until == after.since for before, after in zip(slices, slices[1:], strict=False))
    assert len(receipts(database)) == 5  # those of that time
    assert sum(walked.polled.kept.new for walked in slices) == 5
    assert unfinished(database, portal.connection.name, LONG_AGO) is None
    again = list(history(database, portal, clock).slices())
    assert sum(walked.polled.kept.new for walked in again) == 0


def test_it_goes_on_where_it_was_interrupted(database, found):
    portal, clock = found
    stop = threading.Event()
    done = []
    for walked in history(database, portal, clock, stop=stop).slices():
        done.append(walked)
        if len(done) == 12:
            stop.set()
    assert unfinished(database, portal.connection.name, LONG_AGO) == NOW
    portal.qvoice.requests.clear()
    left = list(history(database, portal, clock).slices())
    assert (left[0].since, len(left)) == (done[-1].until, 40 - 12)


def test_the_running_polls_go_on_beside_it_and_say_nothing_of_it(database, found):
    portal, clock = found
    walk = history(database, portal, clock).slices()
    next(walk)
    assert ("lead_history", "recent") in poll_all_due(database, portal, clock)
    assert cursor(database).complete_to == NOW
    with database.read() as session:
        (said,) = health.connections(session, {portal.connection.name: portal.connection}, clock())
    assert [one["complete_to"] for one in said["freshness"] if one["report"] == "lead_history"] == [iso(NOW)]
    assert {poll["layer"] for poll in said["polls"]} == {"recent", "yesterday", "week", "awaiting", "now"}
    (begun,) = said["histories"]
    assert (begun["since"], begun["until"]) == (iso(LONG_AGO), iso(NOW))
    assert begun["complete_to"] == iso(LONG_AGO + timedelta(days=1))
    list(walk)
    with database.read() as session:
        assert histories.begun(session, clock()) == {}


def test_a_history_that_nobody_asks_for_any_more_is_not_called_under_way(database, found):
    portal, clock = found
    walk = history(database, portal, clock).slices()
    next(walk)
    walk.close()  # interrupted
    for later, under_way in ((timedelta(minutes=1), True), (timedelta(minutes=4), False)):
        with database.read() as session:
            ((begun,),) = histories.begun(session, NOW + later).values()
        assert (begun["under_way"], begun["asked_at"]) == (under_way, iso(NOW))
    with database.write() as session:
        held = session.get_one(PollCursor, ("qvoice-main", "lead_history", f"history {iso(LONG_AGO)}/{iso(NOW)}"))
        held.lease_owner, held.lease_until = "w", NOW + timedelta(minutes=9)
    with database.read() as session:
        ((begun,),) = histories.begun(session, NOW + timedelta(minutes=4)).values()
    assert begun["under_way"]


def test_a_dialer_that_fails_is_waited_for_as_it_wishes_and_then_left(database, found):
    portal, clock = found
    portal.fault(server_error=True)
    walk = history(database, portal, clock).slices()
    waits = []
    for walked in walk:
        assert walked.polled.error_id == "unavailable"
        waits.append(walked.wait)
        if walked.wait is None:
            break
        break
    assert waits[0] == 30.0
    walk.close()
    with database.write() as session:
        held = session.get_one(PollCursor, ("qvoice-main", "lead_history", f"history {iso(LONG_AGO)}/{iso(NOW)}"))
        held.failures = MOST_FAILURES - 1
    (last,) = history(database, portal, clock).slices()
    assert (last.wait, last.polled.error_id) == (None, "unavailable")
    portal.faults({})
    assert len(list(history(database, portal, clock).slices())) == 40


def test_refused_credentials_end_it_at_once(database, found):
    portal, clock = found
    portal.fault(login_refused=True)
    (walked,) = history(database, portal, clock).slices()
    assert (walked.wait, walked.polled.error_id) == (None, "credentials_refused")


def test_two_at_once_do_not_ask_for_the_same(database, found):
    portal, clock = found
    with database.write() as session:
        session.add(
            PollCursor(
                connection="qvoice-main",
                report="lead_history",
                layer=f"history {iso(LONG_AGO)}/{iso(NOW)}",
                due_at=NOW,
                lease_owner="another",
                lease_until=NOW + timedelta(minutes=4),
            )
        )
    with pytest.raises(Busy):
        list(history(database, portal, clock).slices())
    assert portal.asked() == []


def test_a_dialer_without_a_past_says_so(database):
    jaicp = Connection("jaicp-bot", "jaicp", settings={"api_url": "http://127.0.0.1:9", "campaigns": {"a": "t"}})
    with pytest.raises(NoHistory):
        History(database, jaicp, LONG_AGO, NOW)
