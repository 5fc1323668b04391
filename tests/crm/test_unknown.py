"""What nobody knows of is looked up before anything is sent again. On both databases."""

from dataclasses import replace

import pytest

from crm import steering
from crm.destination import Rule
from models import Delivery

NUMBER = "+919810012345"
UPSERT, READ = "calls/batch/upsert", "calls/batch/read"
# What the sandbox asks of calls that nobody answered, so that one of several is refused.
RULE = {"object": "calls", "when": {"hs_call_status": "NO_ANSWER"}, "need": ["hs_call_recording_url"]}


@pytest.mark.parametrize("fault", ["drop_after", "error_after", "garbled_after", "cut_after", "results_missing"])
def test_what_is_unknown_is_looked_up_before_it_is_sent_again(engine, hubspot, sales, fault):
    engine.made(customer_number=NUMBER)
    hubspot.faults.set({fault: {"times": 1, "path": UPSERT}})
    assert engine.run(sales)[0].state == "unknown"
    assert engine.run(sales)[0].state == "unknown"  # not before its search can show it
    looked = hubspot.requests[f"POST /crm/objects/2026-09/{READ}"]
    engine.later(60)
    assert engine.run(sales)[0].state == "done"
    assert hubspot.requests[f"POST /crm/objects/2026-09/{READ}"] > looked
    assert [one["contacts"] for one in hubspot.calls()] == [["101"]]
    assert hubspot.counted["calls made"] == 1


def test_what_was_found_as_it_should_be_is_not_written_again(engine, hubspot, sales):
    engine.made(customer_number=NUMBER)
    hubspot.faults.set({"drop_after": {"times": 1, "after": 1, "path": "associations"}})
    assert engine.run(sales)[0].state == "unknown"
    engine.later(60)
    (row,) = engine.run(sales)
    assert (row.state, row.answer, row.remote_id) == ("done", "It was found there.", hubspot.calls()[0]["id"])
    assert hubspot.calls()[0]["written"] == 1


def test_it_stays_unknown_while_it_cannot_be_looked_up(engine, hubspot, sales):
    engine.made(customer_number=NUMBER)
    hubspot.faults.set({"drop_after": {"times": 1, "path": UPSERT}})
    engine.run(sales)
    for fault in ("unavailable", "token_revoked"):
        hubspot.faults.set({fault: {}})
        engine.later(60)
        assert engine.run(sales)[0].state == "unknown"
    hubspot.faults.set({})
    steering.resume(engine.database, sales.name, engine.now())
    engine.later(60)
    assert engine.run(sales)[0].state == "done"


def test_of_what_a_process_left_behind_none_waits_for_the_other(engine, hubspot, sales):
    sales = replace(sales, status=(Rule("connect_outcome", "connected", {"hs_lead_status": "CONNECTED"}),))
    engine.made(customer_number=NUMBER)
    engine.follow(sales)
    engine.set(Delivery, Delivery.state == "pending", state="sending", attempts=1)  # and there it died
    assert [row.state for row in engine.run(sales)] == ["unknown", "unknown"]
    engine.later(60)
    assert [row.state for row in engine.run(sales)] == ["done", "done"]
    assert hubspot.statuses("101") == ["NEW", "CONNECTED"]


def test_an_event_that_fails_alone_is_not_posted_again_at_once(engine, receiver, hook):
    engine.made()
    receiver.faults.set({"server_error": {}})
    for _ in range(3):
        engine.run(hook)
    assert receiver.requests == 1


def test_an_event_posted_again_has_its_id_and_what_is_later_another(engine, receiver, hook):
    call = engine.made()
    receiver.faults.set({"drop_after": {"times": 1}})
    engine.run(hook)
    engine.changed(call, notes="two")
    engine.later(60)
    engine.run(hook)
    receiver.faults.set({"error_after": {"times": 1}})
    engine.changed(call, notes="three")
    for _ in range(2):
        engine.run(hook)
        engine.later(60)
    assert [event.revision for event in receiver.by_outcome()[str(call)]] == [1, 2, 3]
    assert (receiver.altered, receiver.backwards, receiver.repeats()) == ([], [], 1)


def test_a_revision_that_was_not_taken_gives_way_to_a_later_one(engine, receiver, hook):
    """The later one was noted while the earlier one was being sent."""
    call = engine.made()
    engine.follow(hook)
    engine.set(Delivery, Delivery.outcome_id == call, state="sending")
    engine.changed(call, disposition="Sold")
    engine.changed(call, notes="three")
    engine.follow(hook)
    engine.set(Delivery, Delivery.revision == 1, state="pending", changed_fields=["disposition"])
    rows = engine.run(hook)
    assert [(row.revision, row.state, row.reason) for row in rows] == [(1, "undone", "replaced"), (3, "done", None)]
    (event,) = receiver.events
    assert (event.revision, event.changed_fields) == (3, ["disposition", "notes"])
