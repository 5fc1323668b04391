"""What is polled when: each report by its interval, none held up by another, the frequent ones between pages of a wide one."""

import polling
from tests.evidence import RYNG
from tests.polling.polls import (
    NOW,
    cursor,
    on_one_database,
    poll_all_due,
    poller,
    with_settings,
)


@on_one_database
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
