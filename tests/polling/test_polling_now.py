"""``wrapup poll``: everything now, also beside a worker."""

import threading
import time

import polling
from dialers import clients
from polling import cursors
from tests.dialers.qvoice.portal import START, portal, row
from tests.polling.polls import (
    NOW,
    cursor,
    keys,
    on_one_database,
    poll_all_due,
    poller,
    with_settings,
)


@on_one_database
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
