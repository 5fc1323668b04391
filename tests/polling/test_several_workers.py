"""Several workers, several connections: each cursor is walked by one, and who has lost it stops."""

import threading
from dataclasses import replace

from dialers.asking import Record, ReportPage
from tests.dialers.qvoice.portal import portal, row
from tests.polling.polls import (
    SEVEN,
    Clock,
    cursor,
    keys,
    poll,
    poll_all_due,
    poller,
    receipts,
)


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
