"""What is tried in vain for three days is not tried any more by itself."""

from dataclasses import replace
from datetime import timedelta

import pytest

from crm import steering
from models import Delivery
from tests.crm.engine import on_one_database, told
from tests.crm.mapping import NUMBER, UPSERT, sale

DAYS = timedelta(days=3, hours=1).total_seconds()
HOUR = 3_600


def put_off(engine, seconds):
    """What is open is not due before, however slow the machine is."""
    due = engine.now() + timedelta(seconds=seconds)
    engine.set(Delivery, Delivery.state.in_(("pending", "unknown")), due_at=due)


def another_is_taken(engine, receiver, hook):
    """While what has failed before waits; then nothing is taken any more."""
    put_off(engine, HOUR)
    receiver.faults.set({})
    engine.made()
    assert [row.state for row in engine.run(hook)] == ["pending", "done"]
    receiver.faults.set({"server_error": {}})


def looked_up(hubspot):
    return sum(count for rule, count in hubspot.requests.items() if "objects" in rule and rule.endswith("/read"))


@on_one_database
def test_a_receiver_that_takes_nothing_for_three_days_is_left_alone_until_somebody_resumes(engine, receiver, hook):
    engine.made()
    engine.made()
    receiver.faults.set({"server_error": {}})
    engine.run(hook)
    engine.later(DAYS - 7200)
    assert {row.state for row in engine.run(hook)} == {"pending"}
    assert engine.desk(hook).paused_at is None
    engine.later(7200)
    assert {row.state for row in engine.run(hook)} == {"pending"}
    desk = engine.desk(hook)
    assert (desk.error_id, "three days" in desk.paused_by, "500" in desk.paused_by) == ("given_up", True, True)
    receiver.faults.set({})
    engine.later(7200)
    engine.run(hook)
    assert receiver.events == []
    receiver.faults.set({"server_error": {}})
    steering.resume(engine.database, hook.name, engine.now())
    assert {row.state for row in engine.run(hook)} == {"pending"}  # its three days begin anew
    assert engine.desk(hook).paused_at is None
    receiver.faults.set({})
    engine.later(7200)
    assert told(engine.run(hook)) == [("post_event", "done", None)] * 2


@on_one_database
def test_one_that_is_not_taken_while_others_are_is_refused_and_can_be_tried_again(engine, receiver, hook):
    engine.made()
    receiver.faults.set({"server_error": {}})
    engine.run(hook)
    another_is_taken(engine, receiver, hook)
    engine.later(DAYS)
    row = engine.run(hook)[0]
    assert (row.state, row.reason, "500" in row.answer) == ("refused", "given_up", True)
    steering.retry(engine.database, row.id, engine.now())
    assert engine.run(hook)[0].state == "pending"  # for another three days
    receiver.faults.set({})
    engine.later(7200)
    assert [row.state for row in engine.run(hook)] == ["done", "done"]


@pytest.mark.parametrize("others_are_taken", [False, True])
def test_time_in_which_no_worker_ran_does_not_count(engine, receiver, hook, others_are_taken):
    engine.made()
    receiver.faults.set({"server_error": {}})
    engine.run(hook)
    if others_are_taken:
        another_is_taken(engine, receiver, hook)
    engine.later(DAYS)
    started_anew = replace(hook, connections=("ryng-main",))
    row = engine.run(started_anew)[0]
    assert (row.state, row.attempts, engine.desk(hook).paused_at) == ("pending", 2, None)
    engine.later(DAYS)
    row = engine.run(started_anew)[0]
    assert "given_up" in (row.reason, engine.desk(hook).error_id)


@pytest.mark.parametrize("goes", [True, False])
def test_what_went_without_an_answer_is_tried_in_vain_no_more(engine, hubspot, mapped, goes):
    """Its call is corrected to one that sets nothing, and what fails days later does so for the first time."""
    hubspot.faults.set({"server_error": {"path": "contacts"}})
    call = engine.made(**sale())
    assert [row.state for row in engine.run(mapped)] == ["pending"]
    failing_since = engine.desk(mapped).failing_since
    assert failing_since is not None
    if goes:
        engine.changed(call, flags=[], disposition="Asked for a brochure")
        engine.later(HOUR)
        assert [row.state for row in engine.run(mapped)] == ["undone"]
    put_off(engine, 2 * DAYS)
    engine.later(DAYS)
    engine.made(**sale())
    last = engine.run(mapped)[-1]
    assert (last.state, last.attempts) == ("pending", 1)
    assert (engine.desk(mapped).paused_at is None, engine.desk(mapped).error_id) == (
        goes,
        "unavailable" if goes else "given_up",
    )


@pytest.mark.parametrize("corrected", [False, True])
def test_one_that_may_have_been_taken_is_looked_up_before_it_is_sent_again(engine, hubspot, sales, corrected):
    call = engine.made(customer_number=NUMBER)
    hubspot.faults.set({"drop": {"path": UPSERT}})
    engine.run(sales)
    put_off(engine, HOUR)
    hubspot.faults.set({})
    engine.made(customer_number=NUMBER)
    engine.later(4)  # so that the destination has rested
    assert [row.state for row in engine.run(sales)] == ["unknown", "done"]
    hubspot.faults.set({"drop_after": {"path": UPSERT}})
    engine.later(DAYS)
    row = engine.run(sales)[0]
    assert (row.state, row.reason) == ("refused", "in_doubt")
    hubspot.faults.set({})
    before = looked_up(hubspot)
    if corrected:
        engine.changed(call, lead_status="Closed")  # of which the CRM is shown nothing
    else:
        assert steering.retry(engine.database, row.id, engine.now()).state == "unknown"
    engine.later(7200)
    assert engine.run(sales)[-1 if corrected else 0].state == "done"
    assert looked_up(hubspot) > before
    assert hubspot.counted["calls made"] == 2


@on_one_database
def test_what_had_nothing_to_be_sent_is_no_sign_of_life(engine, hubspot, sales):
    quiet = engine.made(customer_number=NUMBER)
    engine.run(sales)
    engine.made(customer_number=NUMBER)
    hubspot.faults.set({"server_error": {"path": UPSERT}})
    engine.run(sales)
    put_off(engine, 0.7 * DAYS)
    engine.later(DAYS / 2)
    engine.changed(quiet, lead_status="Closed")
    assert told(engine.run(sales))[-1] == ("log_call", "done", "unchanged")
    engine.later(DAYS / 2)
    engine.run(sales)
    assert engine.desk(sales).error_id == "given_up"
    assert "refused" not in {row.state for row in engine.rows(sales)}
