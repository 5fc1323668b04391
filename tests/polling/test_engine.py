"""Polling against the sandbox: what a walk keeps, when the cursor moves, and what an error leaves."""

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import DataError, OperationalError

import polling
from dialers import clients
from dialers.asking import Layer, Record, Report, ReportPage
from polling import cursors
from polling.tasks import Task
from polling.walk import Walk
from tests.dialers.qvoice.portal import START, portal, row
from tests.evidence import RYNG
from tests.polling.polls import (
    NOW,
    Clock,
    cursor,
    failing,
    keys,
    on_one_database,
    poll,
    poll_all_due,
    polled_portal,
    poller,
    receipts,
    with_settings,
)


@pytest.fixture
def filled():
    """(portal, clock): seven calls of the last two hours, three per page."""
    with polled_portal() as (found, clock):
        found.qvoice.now = lambda: clock().timestamp()
        for number in range(1, 8):
            found.qvoice.add(row(number))
        yield found, clock


SEVEN = [f"call:call-{number}" for number in range(1, 8)]


def test_a_walk_keeps_its_records_and_moves_its_cursor(database, filled):
    polled = poll(database, *filled)
    assert (polled.pages, polled.kept.seen, polled.kept.new, polled.error) == (3, 7, 7, None)
    assert keys(database) == SEVEN
    now = cursor(database)
    assert now.complete_to == now.last_ok_at == NOW
    assert (now.records_seen, now.records_new, now.failures, now.error, now.lease_owner) == (7, 7, 0, None, None)


def test_polling_again_adds_nothing(database, filled):
    poll(database, *filled)
    filled[1].pass_(minutes=1)
    polled = poll(database, *filled)
    assert (polled.kept.seen, polled.kept.new) == (7, 0)
    assert len(receipts(database)) == 7
    assert cursor(database).complete_to == NOW + timedelta(minutes=1)


def test_the_cursor_moves_in_the_transaction_of_the_last_page(database, filled):
    """Promise 5. A database that fails exactly there leaves neither the last page nor the move."""
    error = OperationalError("UPDATE", {}, Exception("gone"))
    with failing(database, "complete_to=", error), pytest.raises(OperationalError):
        poll(database, *filled)
    assert keys(database) == SEVEN[1:]  # two pages of three; the seventh record went with the cursor
    assert cursor(database).complete_to is None
    assert cursor(database).lease_owner is None  # given back: nobody waits for the lease to end
    poll(database, *filled)
    assert keys(database) == SEVEN


def test_an_error_in_mid_walk_keeps_what_came_and_the_cursor_where_it_was(database, filled):
    found, clock = filled
    found.fault(server_error={"after": 2, "path": "history"})
    polled = poll(database, found, clock)
    assert (polled.pages, polled.kept.new, polled.error_id) == (2, 6, "unavailable")
    assert keys(database) == SEVEN[1:]
    now = cursor(database)
    assert (now.complete_to, now.last_ok_at, now.failures, now.error_id) == (None, None, 1, "unavailable")
    assert now.error == polled.error and "(500" in now.error
    assert now.due_at == NOW + timedelta(seconds=30)
    found.fault()
    clock.pass_(seconds=30)
    assert poll(database, found, clock).kept.new == 1
    now = cursor(database)
    assert (now.complete_to, now.failures, now.error, now.error_id) == (clock(), 0, None, None)


@on_one_database
def test_a_repeated_page_is_an_error_and_its_records_stay(database, filled):
    found, clock = filled
    found.fault(repeated_key=True)
    assert poll(database, found, clock).error_id == "walk_stuck"
    assert len(receipts(database)) == 6
    assert cursor(database).complete_to is None


@on_one_database
def test_a_token_that_expires_in_mid_walk_is_no_error(database, filled):
    found, clock = filled
    found.fault(expired={"after": 1, "times": 1, "path": "history"})
    assert poll(database, found, clock).error is None
    assert keys(database) == SEVEN


@on_one_database
def test_an_answer_that_was_taken_with_doubt_leaves_a_warning(database, filled):
    found, clock = filled
    found.fault(array=True, no_window=True)
    assert poll(database, found, clock).error is None
    assert "some calls may be missing" in cursor(database).warning
    found.fault()
    poll(database, found, clock)
    assert cursor(database).warning is None


@on_one_database
def test_a_portal_that_asks_us_to_wait_is_given_the_time(database, filled):
    found, clock = filled
    found.fault(too_many={"path": "history", "value": 95})
    poll(database, found, clock)
    assert cursor(database).due_at == NOW + timedelta(seconds=95)


@on_one_database
def test_duplicates_across_pages_are_kept_once(database, filled):
    found, clock = filled
    found.fault(duplicates=True)
    polled = poll(database, found, clock)
    assert (polled.kept.seen, polled.kept.new) == (9, 7)


@on_one_database
# What is due ----------------------------------------------------------------------------------------------------------
def test_everything_is_due_at_first_and_then_by_its_interval(database, filled):
    found, clock = filled
    found.qvoice.furnish(leads=1, past_calls=0)
    assert sorted(poll_all_due(database, found, clock)) == [
        ("campaign_status", "now"),
        ("lead_history", "recent"),
        ("lead_history", "week"),
        ("lead_history", "yesterday"),
        ("leads", "now"),
        ("queue_status", "now"),
    ]
    assert poll_all_due(database, found, clock) == []
    counts = {}
    for _ in range(30):
        clock.pass_(minutes=1)
        for walk in poll_all_due(database, found, clock):
            counts[walk] = counts.get(walk, 0) + 1
    assert counts == {
        ("campaign_status", "now"): 30,
        ("lead_history", "recent"): 30,
        ("queue_status", "now"): 30,
        ("lead_history", "yesterday"): 3,
        ("leads", "now"): 3,
        ("lead_history", "week"): 1,
    }


@on_one_database
def test_poll_seconds_stretches_all_intervals_alike(database, filled):
    found, clock = filled
    found = with_settings(found, poll_seconds=6)
    poll_all_due(database, found, clock)
    clock.pass_(seconds=6)
    assert ("lead_history", "recent") in poll_all_due(database, found, clock)
    clock.pass_(seconds=54)  # 60 s: a tenth of ten minutes
    assert ("lead_history", "yesterday") in poll_all_due(database, found, clock)


@on_one_database
def test_a_failing_report_does_not_hold_up_the_others(database, filled):
    found, clock = filled
    found.fault(server_error={"path": "history"})
    found.qvoice.furnish(leads=1, past_calls=0)
    poll_all_due(database, found, clock)
    assert cursor(database, "now", "campaign_status").last_ok_at == NOW
    assert cursor(database, "now", "leads").last_ok_at == NOW
    assert cursor(database).error_id == "unavailable"


@on_one_database
def test_wrong_credentials_are_tried_once_for_all_reports(database, filled):
    found, clock = filled
    found.fault(login_refused=True)
    for _ in range(20):
        poll_all_due(database, found, clock)
        clock.pass_(minutes=1)
    assert found.qvoice.requests and [request.status for request in found.asked("login")] == [401]
    assert {cursor(database, *key).error_id for key in (("recent",), ("now", "leads"))} == {"credentials_refused"}


def test_between_the_pages_of_a_wide_layer_the_frequent_ones_are_walked(database, filled):
    found, clock = filled
    poll_all_due(database, found, clock)
    clock.pass_(minutes=31)
    found.qvoice.requests.clear()
    walker = poller(database, found, clock)
    week = next(task for task in walker.tasks if task.key == ("lead_history", "week"))
    assert walker.walk_due([week]).pages == 3
    spans = [int(r.query["endDate"]) - int(r.query["startDate"]) for r in found.asked()]
    # The week's first two pages, the last hours in between, the week's last page.
    assert spans == [7 * 86_400] * 2 + [4 * 3600] * 3 + [7 * 86_400]
    assert cursor(database).complete_to == clock()


@on_one_database
def test_connections_without_reports_have_nothing_to_poll(database):
    assert polling.poll_due(database, RYNG) is False
    assert polling.poll_connection(database, RYNG) == []


# Several workers ------------------------------------------------------------------------------------------------------
def test_many_workers_walk_each_cursor_once(database, filled):
    found, clock = filled
    found.qvoice.furnish(leads=2, past_calls=0)
    together = threading.Barrier(5)
    walks = []

    def work():
        together.wait()
        walks.extend(poll_all_due(database, found, clock))

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(walks) == len(set(walks)) == 6
    assert keys(database) == SEVEN


def test_connections_are_polled_beside_each_other(database):
    """One portal hangs; the other's calls come all the same."""
    with portal() as slow, portal() as quick:
        slow.fault(hang={"value": 0.3})
        quick.connection = replace(quick.connection, name="qvoice-other")
        quick.qvoice.add(row(1))
        clock = Clock()
        waiting = threading.Thread(target=poll, args=(database, slow, clock))
        waiting.start()
        assert poll(database, quick, clock).kept.new == 1
        assert waiting.is_alive()
        waiting.join(10)
    assert [receipt.connection for receipt in receipts(database)] == ["qvoice-other"]


def test_a_walk_that_lost_its_lease_stops_and_leaves_the_cursor_to_the_other(database, filled):
    found, clock = filled
    walker = poller(database, found, clock)
    (task,) = [task for task in walker.tasks if task.key == ("lead_history", "recent")]

    def walk(client, connection, window):
        yield ReportPage([Record(b'{"call_id":"1"}', "call:1")])
        clock.pass_(minutes=6)  # the machine slept
        assert poll(database, found, clock).error is None  # and another worker has walked meanwhile
        yield ReportPage([Record(b'{"call_id":"2"}', "call:2")])

    slept = replace(task, report=replace(task.report, walk=walk))
    assert walker.walk_now(slept, 0).error_id == "busy"
    assert keys(database) == SEVEN  # the page in hand went with the lease; the other worker has its record or will
    assert cursor(database).complete_to == clock()


def test_stopping_ends_a_walk_after_the_page_at_hand(database, filled):
    found, clock = filled
    stop = threading.Event()
    stop.set()
    walker = poller(database, found, clock, stop=stop)
    (task,) = [task for task in walker.tasks if task.key == ("lead_history", "recent")]
    assert walker.walk_now(task, 0).pages == 1
    now = cursor(database)
    assert (now.complete_to, now.lease_owner, now.error) == (None, None, None)
    assert len(receipts(database)) == 3
    assert ("lead_history", "recent") in poll_all_due(database, found, clock)  # at once, by whoever comes


@on_one_database
# Polling now ----------------------------------------------------------------------------------------------------------
def test_poll_connection_polls_everything_now(database):
    with portal() as found:
        found.qvoice.furnish(leads=1, past_calls=4)
        first = polling.poll_connection(database, found.connection)
        again = polling.poll_connection(database, found.connection)  # nothing is due, and it does not matter
    assert [(p.report, p.layer, p.error) for p in first] == [(p.report, p.layer, p.error) for p in again]
    assert {p.report: p.kept.new for p in first if p.layer in ("recent", "now")} == {
        "lead_history": 4,
        "campaign_status": 2,
        "queue_status": 2,
        "leads": 2,
    }
    assert {p.kept.new for p in again} == {0}


def test_poll_connection_waits_for_a_running_worker(database):
    with portal() as found:
        polling.poll_connection(database, found.connection)
        found.qvoice.add(row(1, at=START.fromtimestamp(time.time() - 60, START.tzinfo)))
        found.fault(hang={"times": 1, "path": "history", "value": 1})
        worker = threading.Thread(target=polling.poll_connection, args=(database, found.connection))
        worker.start()
        time.sleep(0.3)
        polled = polling.poll_connection(database, found.connection, patience=10)
        worker.join(10)
    assert {p.error for p in polled} == {None}
    assert keys(database) == ["call:call-1"]


@on_one_database
def test_poll_connection_does_not_wait_for_ever(database, filled):
    found, clock = filled
    walker = poller(database, found, clock)
    (task,) = [task for task in walker.tasks if task.key == ("lead_history", "recent")]
    poll_all_due(database, found, clock)
    with database.write() as session:
        assert cursors.claim(session, cursor(database), task, clock())
    polled = walker.walk_now(task, patience=0)
    assert (polled.error_id, polled.pages) == ("busy", 0)


@on_one_database
def test_poll_due_keeps_one_client_per_connection(database):
    with portal() as found:
        found.qvoice.furnish(leads=1, past_calls=2)
        while polling.poll_due(database, found.connection):
            pass
        assert found.qvoice.logins == 1
        mine = clients.known(found.connection, NOW)
        assert clients.known(found.connection, NOW) is mine
        assert clients.known(with_settings(found, password="new").connection, NOW) is not mine


# Our own failures -----------------------------------------------------------------------------------------------------
def own_walk(database, filled, walk):
    found, clock = filled
    task = Task(
        Report("lead_history", (Layer("recent", timedelta(minutes=1)),), walk),
        Layer("recent", timedelta(0)),
        timedelta(minutes=1),
        None,
    )
    with database.write() as session:
        cursors.make(session, "qvoice-main", [task], clock())
        held = cursors.claim(session, cursors.read(session, "qvoice-main", [task])[task.key], task, clock())
    return Walk(database, found.connection, None, held, clock).run(None)


@on_one_database
def test_a_fault_of_ours_is_shown_and_does_not_end_the_worker(database, filled):
    def walk(client, connection, window):
        yield ReportPage([Record(b"{}", "call:1")])
        raise KeyError("Confidential Person")

    polled = own_walk(database, filled, walk)
    assert (polled.error_id, polled.pages) == ("internal_error", 1)
    assert cursor(database).error == "Reading it failed: KeyError. This is a fault of Wrapup."
    assert cursor(database).due_at > NOW


def test_what_the_database_refuses_is_shown_and_not_tried_at_once(database, filled):
    def walk(client, connection, window):
        yield ReportPage([Record(b"{}", "call:1")])

    with failing(database, "INSERT INTO receipts", DataError("INSERT", {}, Exception("refused"))):
        polled = own_walk(database, filled, walk)
    assert polled.error_id == "internal_error"
    assert cursor(database).due_at == NOW + timedelta(seconds=30)


@on_one_database
def test_an_empty_walk_moves_the_cursor(database, filled):
    assert own_walk(database, filled, lambda client, connection, window: iter(())).error is None
    assert cursor(database).complete_to == NOW
