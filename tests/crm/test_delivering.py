"""What becomes of deliveries when the other side refuses, fails, is slow, or nobody knows. On both databases."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from crm import desk, steering
from crm.following import follow
from models import CallOutcome, DestinationState
from models.leases import LeaseLost
from outcomes.feed_place import FeedPlace
from rig.waiting import until
from service import worker
from service.duties import Duties
from tests.crm.engine import hubspot_of, told, webhook_of
from tests.crm.mapping import RULES, sale

NUMBER = "+919810012345"
UPSERT, READ = "calls/batch/upsert", "calls/batch/read"
# What the sandbox asks of calls that nobody answered, so that one of several is refused.
RULE = {"object": "calls", "when": {"hs_call_status": "NO_ANSWER"}, "need": ["hs_call_recording_url"]}


def test_a_call_stands_on_its_contact_and_the_delivery_says_where(engine, hubspot, sales):
    call = engine.made(customer_number=NUMBER, notes="Wants two.")
    (row,) = engine.run(sales)
    (there,) = hubspot.calls()
    assert (there["mark"], there["contacts"]) == (str(call), ["101"])
    assert "Wants two." in there["properties"]["hs_call_body"]
    assert (row.state, row.remote_id, row.record_id, row.revision) == ("done", there["id"], "101", 1)
    assert row.remote_url.endswith(there["id"])


# The account as a whole -------------------------------------------------------------------------------------------------
def test_refused_credentials_park_all_and_say_so_until_somebody_resumes(engine, hubspot, sales):
    call = engine.made(customer_number=NUMBER)
    hubspot.faults.set({"token_revoked": {}})
    assert told(engine.run(sales)) == [("log_call", "parked", "credentials_refused")]
    state = engine.desk(sales)
    assert (state.error_id, "token" in state.error) == ("credentials_refused", True)
    asked = hubspot.requests.total()
    engine.later(1800)
    engine.run(sales)
    assert hubspot.requests.total() == asked
    hubspot.faults.set({})
    steering.resume(engine.database, sales.name, engine.now())
    assert told(engine.run(sales)) == [("log_call", "done", None)]
    assert engine.desk(sales).error is None
    assert [one["mark"] for one in hubspot.calls()] == [str(call)]


def test_whoever_starts_anew_tries_the_credentials_that_it_was_given(engine, hubspot, sales):
    engine.made(customer_number=NUMBER)
    assert told(engine.run(hubspot_of(hubspot, settings={"access_token": "old"}))) == [
        ("log_call", "parked", "credentials_refused")
    ]
    assert told(engine.run(sales)) == [("log_call", "done", None)]


def test_a_start_with_the_same_refused_credentials_asks_once_and_a_spent_day_stays_spent(engine, hubspot, sales):
    engine.made(customer_number=NUMBER)
    hubspot.faults.set({"token_revoked": {}})
    engine.run(sales)
    asked = hubspot.requests.total()
    again = engine.deliverer(sales)
    while again.step():
        pass
    assert (engine.desk(sales).error_id, again.step()) == ("credentials_refused", False)
    assert hubspot.requests.total() == 2 * asked
    steering.resume(engine.database, sales.name, engine.now())
    hubspot.faults.set({"daily_spent": {}})
    engine.run(sales)
    asked = hubspot.requests.total()
    assert engine.deliverer(sales).step() is False
    assert hubspot.requests.total() == asked


def test_a_spent_day_parks_every_destination_of_the_account(engine, hubspot, sales):
    other = hubspot_of(hubspot, "other")
    engine.started(other)
    engine.made(customer_number=NUMBER)
    hubspot.faults.set({"daily_spent": {}})
    assert told(engine.run(sales)) == [("log_call", "parked", "quota_spent")]
    asked = hubspot.requests.total()
    assert told(engine.run(other)) == [("log_call", "parked", "quota_spent")]
    assert hubspot.requests.total() == asked  # it knows without asking
    hubspot.faults.set({})
    engine.later(86_400)
    assert told([*engine.run(sales), *engine.run(other)]) == [("log_call", "done", None)] * 2
    assert len(hubspot.calls()) == 1


def test_whoever_wants_nothing_more_is_left_alone(engine, receiver, hook):
    engine.made()
    receiver.faults.set({"gone": {}})
    assert told(engine.run(hook)) == [("post_event", "pending", "switched_off")]
    assert "410" in engine.desk(hook).paused_by
    receiver.faults.set({})
    engine.later(86_400)
    engine.run(hook)
    assert receiver.events == []
    steering.resume(engine.database, hook.name, engine.now())
    assert told(engine.run(hook)) == [("post_event", "done", None)]


def test_an_account_that_lacks_our_property_refuses_no_call_for_good(engine, hubspot):
    sales = hubspot_of(hubspot, settings={"unique_property": "not_there"})
    engine.started(sales)
    engine.made(customer_number=NUMBER)
    (row,) = engine.run(sales)
    assert row.state in ("pending", "parked")
    assert "not_there" in engine.desk(sales).error


@pytest.mark.parametrize("fault", ["ten_secondly", "server_error", "html", "drop", "error_in_200", "locked"])
def test_a_failure_is_waited_out_and_nothing_is_doubled(engine, hubspot, sales, fault):
    engine.made(customer_number=NUMBER)
    hubspot.faults.set({fault: {"times": 1, "path": UPSERT}})
    (row,) = engine.run(sales)
    assert row.state in ("pending", "unknown")
    assert engine.desk(sales).error is not None
    engine.later(60)
    assert told(engine.run(sales))[0][:2] == ("log_call", "done")
    assert [one["contacts"] for one in hubspot.calls()] == [["101"]]


def test_a_limit_that_was_met_is_waited_for_as_long_as_the_answer_says(engine, hubspot, sales):
    """No longer, however often it is met, and nothing is sent in smaller batches for it."""
    for _ in range(3):
        engine.made(customer_number=NUMBER)
    hubspot.faults.set({"ten_secondly": {"times": 3, "path": UPSERT, "value": "90"}})
    for _ in range(3):
        assert {row.state for row in engine.run(sales)} == {"pending"}
        assert "too often" in engine.desk(sales).error
        engine.later(45)
        asked = hubspot.requests.total()
        engine.run(sales)
        assert hubspot.requests.total() == asked
        engine.later(50)
    assert {row.state for row in engine.run(sales)} == {"done"}
    assert hubspot.requests["POST /crm/objects/2026-09/calls/batch/upsert"] == 4


# Single records ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("whole", [False, True])
def test_one_bad_record_stops_nobody_else(engine, hubspot, sales, whole):
    hubspot.required.append(RULE)
    hubspot.faults.set({"whole_batch": {}} if whole else {})
    good = {str(engine.made(customer_number=NUMBER)) for _ in range(3)}
    bad = engine.made(customer_number=NUMBER, connect_outcome="no_answer")
    good |= {str(engine.made(customer_number=NUMBER)) for _ in range(3)}
    rows = {str(row.outcome_id): row for row in engine.run(sales)}
    assert {one["mark"] for one in hubspot.calls()} == good
    refused = rows.pop(str(bad))
    assert (refused.state, refused.reason) == ("refused", "required_field")
    assert "hs_call_recording_url" in refused.answer
    assert {row.state for row in rows.values()} == {"done"}


def test_what_is_not_told_of_is_not_believed(engine, hubspot, sales):
    hubspot.faults.set({"no_association": {"times": 1, "path": "associations/2026-09/calls/contacts/batch/create"}})
    engine.made(customer_number=NUMBER)
    assert told(engine.run(sales)) == [("log_call", "unknown", None)]
    engine.later(60)
    assert told(engine.run(sales)) == [("log_call", "done", None)]
    assert [one["contacts"] for one in hubspot.calls()] == [["101"]]


def test_content_that_did_not_change_is_not_sent_again(engine, hubspot, sales):
    call = engine.made(customer_number=NUMBER, notes="one")
    engine.run(sales)
    engine.changed(call, lead_status="Closed")
    assert told(engine.run(sales)) == [("log_call", "done", None), ("log_call", "done", "unchanged")]
    engine.changed(call, notes="two")
    engine.run(sales)
    (there,) = hubspot.calls()
    assert (there["written"], "two" in there["properties"]["hs_call_body"]) == (2, True)


def test_content_that_may_stand_there_is_written_over(engine, hubspot, sales):
    """One, then two of which nobody knows whether it was taken, then one again: which is not what was sent last."""
    call = engine.made(customer_number=NUMBER, notes="one")
    engine.run(sales)
    engine.changed(call, notes="two")
    hubspot.faults.set({"drop_after": {"times": 1, "path": UPSERT}})
    engine.run(sales)
    engine.changed(call, notes="one")
    hubspot.faults.set({"ten_secondly": {"times": 1, "path": UPSERT}})
    for _ in range(3):
        engine.later(60)
        engine.run(sales)
    assert "Notes:</strong> one" in hubspot.calls()[0]["properties"]["hs_call_body"]


# Side by side -----------------------------------------------------------------------------------------------------------
def test_who_has_lost_the_lease_writes_nothing_and_nothing_is_sent_twice(engine, hubspot, sales):
    engine.made(customer_number=NUMBER)
    engine.follow(sales)
    hubspot.faults.set({"hang_after": {"times": 1, "path": "associations", "value": 1.5}})
    slow, sent = engine.deliverer(sales), []
    thread = threading.Thread(target=lambda: sent.append(slow.step()))
    thread.start()
    until(hubspot.calls, 5)
    engine.later(desk.SPAN.total_seconds() + 1)  # it has stood still for so long
    assert [row.state for row in engine.run(sales)] == ["unknown"]
    thread.join()
    assert sent == [False]
    assert [row.state for row in engine.rows(sales)] == ["unknown"]
    engine.later(60)
    assert [row.state for row in engine.run(sales)] == ["done"]
    assert (hubspot.counted["calls made"], hubspot.calls()[0]["written"]) == (1, 1)


def test_a_lease_is_held_for_as_long_as_others_know(engine, sales):
    """A commit that fails has told nobody."""
    with engine.database.write() as session:
        held = desk.claim(session, sales, engine.now())
    ends = held.ends
    with pytest.raises(ZeroDivisionError), engine.database.write() as session:
        desk.renew(session, held, engine.now())
        _ = 1 / 0
    assert held.ends == ends
    with engine.database.write() as session:
        desk.renew(session, held, engine.now())
    assert held.ends > ends


def test_who_learns_that_the_lease_is_lost_sends_nothing_more(engine, sales, monkeypatch):
    monkeypatch.setattr(desk, "SPAN", timedelta(seconds=0.4))
    with engine.database.write() as session:
        held = desk.claim(session, sales, engine.now())
    with desk.kept(engine.database, held, engine.now):
        held.check()
        engine.set(DestinationState, DestinationState.name == sales.name, lease_owner="another")
        held.ends += 60
        until(lambda: held.ends == 0, 5)
        with pytest.raises(LeaseLost):
            held.check()


@pytest.mark.parametrize("hanging", ["hubspot", "webhook"])
def test_one_that_hangs_holds_up_no_other(engine, hubspot, receiver, hanging, tmp_path):
    """Nor those that are at the same account, or of the same kind."""
    kinds = {"hubspot": (hubspot, hubspot_of), "webhook": (receiver, webhook_of)}
    hangs = kinds[hanging][1](kinds[hanging][0], "hangs")
    others = [of(crm, kind, log_calls=kind != hanging, status=RULES) for kind, (crm, of) in kinds.items()]
    engine.started(hangs, *others)
    kinds[hanging][0].faults.set({"hang_after": {"times": 1, "path": UPSERT if hanging == "hubspot" else ""}})
    engine.made(**sale())
    engine.follow(hangs)
    stop = threading.Event()
    place = FeedPlace(engine.database, tmp_path, starts=True)
    first = worker.start(engine.database, {}, {}, place, tmp_path, stop, Duties(destinations={"hangs": hangs}))
    second: list[threading.Thread] = []
    try:
        until(lambda: hubspot.calls() or receiver.events, 30)
        second = worker.start(
            engine.database, {}, {}, place, tmp_path, stop, Duties(destinations={one.name: one for one in others})
        )
        engine.made(**sale(1))
        until(lambda: all([row.state for row in engine.rows(one)].count("done") >= 2 for one in others), 30)
        assert [row.state for row in engine.rows(hangs)][0] == "sending"
    finally:
        stop.set()
        kinds[hanging][0].faults.release()
        for thread in first + second:
            thread.join(10)


def test_the_outcome_as_it_is_when_it_is_sent_and_not_twice(engine, hubspot, sales):
    """It changes after the feed was followed and before it is sent."""
    call = engine.made(customer_number=NUMBER, notes="one")
    engine.follow(sales)
    with engine.database.write() as session:
        session.execute(update(CallOutcome).values(notes="two", changed_at=datetime.now(UTC)))
    engine.changed(call)
    rows = engine.run(sales)
    assert [(row.revision, row.state) for row in rows] == [(2, "done")]
    assert not follow(engine.database, sales, engine.now)
    assert hubspot.calls()[0]["written"] == 1
