"""Polling against the sandbox: what a walk keeps, when the cursor moves, and what an error leaves."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import DataError, OperationalError

from dialers.asking import Layer, Record, Report, ReportPage
from polling import cursors
from polling.tasks import Task
from polling.walk import Walk
from tests.polling.polls import (
    NOW,
    SEVEN,
    cursor,
    failing,
    keys,
    on_one_database,
    poll,
    receipts,
)


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
