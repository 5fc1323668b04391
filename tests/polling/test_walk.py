"""A page is kept while the next one is asked for: what that changes, and what it must not."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy.exc import DataError, OperationalError

from dialers.asking import Record, ReportPage
from dialers.base import Connection
from dialers.clients import Known
from lib.http.errors import Unavailable
from polling.engine import Poller
from rig.waiting import until
from tests.dialers.qvoice.portal import row
from tests.polling.polls import NOW, Clock, cursor, failing, keys, poll, polled_portal, poller, receipts

AWAY = OperationalError("INSERT", {}, Exception("gone"))
REFUSED = DataError("INSERT", {}, Exception("refused"))
INSERT = "INSERT INTO receipts"
SETTINGS = {"portal_url": "http://127.0.0.1:1", "account_id": "demo", "username": "a", "password": "b", "domain": "c"}


def page(number: int, more: bool = True) -> ReportPage:
    return ReportPage([Record(b'{"call_id":"%d"}' % number, f"call:{number}")], more=more)


def walk(database, pages, clock: Clock | None = None, stop: threading.Event | None = None):
    """Walk these pages, ``pages()``, as if a dialer had given them."""
    connection, clock = Connection("qvoice-main", "qvoice", settings=SETTINGS), clock or Clock()
    walker = Poller(database, connection, Known(None, clock()), clock, stop)
    (task,) = [task for task in walker.tasks if task.key == ("lead_history", "recent")]
    report = replace(task.report, walk=lambda client, connection, window: pages())
    return walker.walk_now(replace(task, report=report), patience=0)


@pytest.fixture
def filled():
    """(portal, clock): seven calls, three per page."""
    with polled_portal() as (found, clock):
        for number in range(1, 8):
            found.qvoice.add(row(number))
        yield found, clock


SEVEN = [f"call:call-{number}" for number in range(1, 8)]


def test_a_page_is_kept_while_the_next_one_is_asked_for(database):
    def pages():
        for number in (1, 2):
            yield page(number)
            # What asks for the next one does not come back before that.
            until(lambda: len(receipts(database)) == number, 30)  # noqa: B023
        yield page(3, more=False)
        assert len(receipts(database)) == 2  # which may be the last: it waits for the cursor

    polled = walk(database, pages)
    assert (polled.error, polled.pages, polled.kept.new) == (None, 3, 3)
    assert cursor(database).complete_to == polled.complete_to == NOW
    assert (cursor(database).records_seen, cursor(database).lease_owner) == (3, None)


def test_an_error_of_the_next_page_leaves_what_was_being_kept(database):
    def pages():
        yield page(1)
        raise Unavailable("It cannot answer now.")

    polled = walk(database, pages)
    assert (polled.error_id, polled.pages, polled.kept.new) == ("unavailable", 1, 1)
    now = cursor(database)
    assert (now.complete_to, now.error, now.records_new, now.lease_owner) == (None, "It cannot answer now.", 1, None)
    assert keys(database) == ["call:1"]


@pytest.mark.parametrize(
    "fault", [{"server_error": {"after": 2, "path": "history"}}, {"cut": {"after": 2, "path": "history"}}]
)
def test_a_dialer_that_fails_on_a_later_page_is_gone_on_with(database, filled, fault):
    found, clock = filled
    found.faults(fault)
    assert poll(database, found, clock).pages == 2
    assert keys(database) == SEVEN[1:]
    found.fault()
    clock.pass_(minutes=1)
    assert (poll(database, found, clock).kept.new, cursor(database).complete_to) == (1, clock())
    assert keys(database) == SEVEN


def test_a_page_that_repeats_stops_the_walk_and_what_came_stays(database, filled):
    found, clock = filled
    found.fault(repeated_key=True)
    assert poll(database, found, clock).error_id == "walk_stuck"
    assert len(receipts(database)) == 6
    assert cursor(database).complete_to is None


def test_a_walk_that_is_stopped_keeps_what_it_has_and_asks_for_no_more(database, filled):
    found, clock = filled
    stop = threading.Event()
    walker = poller(database, found, clock, stop=stop)
    (task,) = [task for task in walker.tasks if task.key == ("lead_history", "recent")]

    def stopped(client, connection, window):
        for number, page in enumerate(task.report.walk(client, connection, window), 1):
            if number == 2:
                stop.set()
            yield page

    polled = walker.walk_now(replace(task, report=replace(task.report, walk=stopped)), patience=0)
    assert (polled.pages, polled.error, len(found.asked())) == (2, None, 2)
    now = cursor(database)
    assert (now.complete_to, now.lease_owner, len(receipts(database))) == (None, None, 6)
    assert poll(database, found, clock).kept.new == 1


def test_what_the_database_refuses_is_said_and_no_more_is_asked_for(database, filled):
    found, clock = filled
    with failing(database, INSERT, REFUSED):
        polled = poll(database, found, clock)
    assert (polled.error_id, polled.pages, len(found.asked())) == ("internal_error", 0, 2)
    assert (cursor(database).failures, cursor(database).lease_owner) == (1, None)


def test_a_database_that_goes_away_while_the_next_page_is_asked_for_is_raised(database, filled):
    found, clock = filled
    with failing(database, INSERT, AWAY), pytest.raises(OperationalError):
        poll(database, found, clock)
    assert len(found.asked()) == 2
    assert (cursor(database).failures, cursor(database).lease_owner) == (0, None)
    assert poll(database, found, clock).kept.new == 7


@pytest.mark.parametrize("error", [Unavailable("It cannot answer now."), KeyError("x")])
def test_where_dialer_and_database_fail_at_once_the_database_counts(database, error):
    def pages():
        yield page(1)
        raise error

    with failing(database, INSERT, AWAY), pytest.raises(OperationalError):
        walk(database, pages)
    assert (cursor(database).failures, receipts(database)) == (0, [])


def test_a_walk_that_lost_its_lease_keeps_nothing_and_asks_for_no_more(database, filled):
    found, clock = filled
    asked = []

    def pages():
        clock.pass_(minutes=6)  # the machine slept
        assert poll(database, found, clock).error is None  # and another worker has walked meanwhile
        for number in (1, 2, 3):
            asked.append(number)
            yield page(number)

    assert walk(database, pages, clock).error_id == "busy"
    assert (asked, keys(database)) == ([1, 2], SEVEN)
    assert cursor(database).complete_to == clock()


def test_a_page_that_said_more_and_was_the_last_is_kept_and_the_cursor_moves(database):
    polled = walk(database, lambda: iter([page(1)]))
    assert (polled.error, polled.kept.new, keys(database)) == (None, 1, ["call:1"])
    assert cursor(database).complete_to == NOW


def test_a_record_on_two_pages_in_other_words_makes_no_old_words_news(database):
    """What a walk has met is known to whoever keeps the next page."""
    words = [Record(b'{"a":1}', "call:1"), Record(b'{"a":2}', "call:1")]
    for turn in range(4):
        clock = Clock()
        clock.pass_(minutes=turn)
        found = walk(database, lambda: iter([ReportPage(words[:1], more=True), ReportPage(words[1:])]), clock)
    assert (found.kept.seen, found.kept.new, len(receipts(database))) == (2, 0, 2)
