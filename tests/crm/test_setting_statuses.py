"""The status of a call's record: read, compared, then set. On both databases."""

from dataclasses import replace

import pytest

from crm.destination import Rule
from models import Delivery
from rig.waiting import until
from tests.crm.engine import told, undone
from tests.crm.mapping import ORDER, RULES, UPDATE, sale, unanswered
from tests.factories import NOON, minutes


def test_a_status_is_set_and_what_stood_before_is_kept(engine, hubspot, mapped):
    engine.made(**sale())
    (row,) = engine.run(mapped)
    assert (row.state, row.reason, row.before, row.after) == (
        "done",
        None,
        {"hs_lead_status": "NEW"},
        {"hs_lead_status": "CONNECTED"},
    )


@pytest.mark.parametrize(
    ("stands", "call", "reason"),
    [
        ("CONNECTED", sale(), "already"),
        ("IN_PROGRESS", unanswered(), "not_from"),
        ("CONNECTED", {**unanswered(), "connect_outcome": "busy"}, "backwards"),
    ],
)
def test_why_nothing_was_set(engine, hubspot, mapped, stands, call, reason):
    busy = Rule("connect_outcome", "busy", {"hs_lead_status": "ATTEMPTED_TO_CONTACT"})
    mapped = replace(mapped, status=(*RULES, busy), never_back=ORDER)
    hubspot.add_contact("101", hs_lead_status=stands)
    engine.made(**call)
    assert told(engine.run(mapped)) == [("set_status", "done", reason)]
    assert hubspot.statuses("101") == ["NEW", stands]


@pytest.mark.parametrize("together", [True, False])
def test_the_latest_call_decides_in_whatever_order_they_come(engine, hubspot, mapped, together):
    engine.made(**sale(5))
    if not together:
        engine.run(mapped)
    engine.made(**sale(0, flags=[], disposition="Wrong number"))
    assert told(engine.run(mapped)) == [("set_status", "done", None), ("set_status", "done", "overtaken")]
    assert hubspot.statuses("101") == ["NEW", "CONNECTED"]


def test_a_later_call_that_may_set_nothing_stands_in_nobodys_way(engine, hubspot, mapped):
    hubspot.add_contact("101", hs_lead_status="IN_PROGRESS")
    engine.made(**sale(0))
    engine.made(**unanswered(5))
    assert told(engine.run(mapped)) == [("set_status", "done", None), ("set_status", "done", "not_from")]
    assert hubspot.statuses("101") == ["NEW", "IN_PROGRESS", "CONNECTED"]


def test_a_call_of_which_it_was_known_late_when_it_was(engine, hubspot, mapped):
    call = engine.made(**sale(5))
    engine.follow(mapped)
    engine.changed(call, started_at=NOON + minutes(20), occurred_at=NOON + minutes(20))
    engine.run(mapped)
    engine.made(**sale(10, flags=[], disposition="Wrong number"))
    assert told(engine.run(mapped))[-1] == ("set_status", "done", "overtaken")
    assert hubspot.statuses("101") == ["NEW", "CONNECTED"]


def test_an_older_call_waits_while_nobody_knows_of_a_later_one(engine, hubspot, mapped):
    hubspot.faults.set({"drop_after": {"times": 1, "path": UPDATE}})
    engine.made(**sale(5))
    assert told(engine.run(mapped))[0][1] == "unknown"
    engine.made(**sale(0, flags=[], disposition="Wrong number"))
    engine.later(4)
    engine.run(mapped)
    assert hubspot.statuses("101") == ["NEW", "CONNECTED"]
    for _ in range(3):
        engine.later(60)
        rows = engine.run(mapped)
    assert told(rows) == [("set_status", "done", None), ("set_status", "done", "overtaken")]
    assert hubspot.statuses("101") == ["NEW", "CONNECTED"]


def test_a_later_call_waits_while_an_older_one_may_still_be_at_work(engine, hubspot, mapped):
    """The CRM does it when we have given up waiting."""
    mapped = replace(mapped, settings={**mapped.settings, "timeout_seconds": 2.0})
    hubspot.faults.set({"late": {"times": 1, "path": UPDATE, "value": 4}})
    engine.made(**sale(0, flags=[], disposition="Wrong number"))
    assert told(engine.run(mapped))[0][1] == "unknown"
    engine.made(**sale(5))
    engine.later(4)  # so that the destination has rested
    engine.run(mapped)
    until(lambda: hubspot.statuses("101")[1:], 10)
    for _ in range(3):
        engine.later(60)
        rows = engine.run(mapped)
    assert told(rows) == [("set_status", "done", "overtaken"), ("set_status", "done", None)]
    assert hubspot.statuses("101") == ["NEW", "BAD_TIMING", "CONNECTED"]


def test_a_correction_sets_another_status(engine, hubspot, mapped):
    call = engine.made(**sale())
    engine.run(mapped)
    engine.changed(call, flags=[], disposition="Wrong number")
    engine.run(mapped)
    assert hubspot.statuses("101") == ["NEW", "CONNECTED", "BAD_TIMING"]


def test_a_status_stands_on_its_record_and_its_call_elsewhere(engine, hubspot, mapped):
    call = engine.made(**sale(flags=[]))
    engine.run(both := replace(mapped, log_calls=True))
    engine.changed(call, flags=["sale"])
    (logged, *_, status) = engine.run(both)
    assert (status.operation, status.remote_id, status.remote_url[-8:]) == ("set_status", "101", "/0-1/101")
    assert logged.remote_id != "101"


def test_a_correction_is_not_guarded_against_what_we_set_ourselves(engine, hubspot, mapped):
    call = engine.made(**sale())
    engine.run(mapped)
    engine.changed(call, flags=[], connect_outcome="no_answer")  # only from NEW or OPEN: so it was before the call
    rows = engine.run(mapped)
    assert told(rows) == [("set_status", "done", None)] * 2
    assert hubspot.statuses("101") == ["NEW", "CONNECTED", "ATTEMPTED_TO_CONTACT"]


def test_a_correction_is_guarded_against_what_people_have_set(engine, hubspot, mapped):
    call = engine.made(**sale())
    engine.run(mapped)
    hubspot.add_contact("101", hs_lead_status="IN_PROGRESS")
    engine.changed(call, flags=[], connect_outcome="no_answer")
    assert told(engine.run(mapped))[-1] == ("set_status", "done", "not_from")
    assert hubspot.statuses("101")[-1] == "IN_PROGRESS"


def test_a_status_that_was_set_without_an_answer_can_be_taken_back(engine, hubspot, mapped):
    engine.made(**sale())
    hubspot.faults.set({"drop_after": {"times": 1, "path": UPDATE}})
    assert told(engine.run(mapped)) == [("set_status", "unknown", "uncertain")]
    engine.later(60)
    (row,) = engine.run(mapped)
    assert (row.state, row.reason, row.before, row.answer) == (
        "done",
        None,
        {"hs_lead_status": "NEW"},
        "It was found there.",
    )
    assert undone(engine, mapped) == ["put_back"]
    assert hubspot.statuses("101") == ["NEW", "CONNECTED", "NEW"]


def test_a_status_that_the_account_does_not_know_is_refused_with_its_words(engine, hubspot, mapped):
    mapped = replace(mapped, status=(Rule("flag", "sale", {"hs_lead_status": "SOLD"}),))
    engine.made(**sale())
    (row,) = engine.run(mapped)
    assert (row.state, row.reason, "SOLD" in row.answer) == ("refused", "validation", True)


def test_an_older_call_waits_also_while_a_correction_of_what_was_set_is_put_off(engine, hubspot, mapped):
    """Nobody knows that the later call's status was set; its correction then fails for now."""
    hubspot.faults.set({"drop_after": {"times": 1, "path": UPDATE}})
    later = engine.made(**sale(5))
    engine.run(mapped)
    engine.changed(later, flags=[], disposition="Wrong number")
    hubspot.add_contact("102", phone="+919810099999")
    engine.made(**sale(9, customer_number="+919810099999"))
    engine.later(60)
    hubspot.faults.set({"partial": {"times": 1, "path": UPDATE}})
    engine.run(mapped)
    hubspot.faults.set({})
    older = engine.made(**sale(0, flags=[], connect_outcome="no_answer", disposition="wrong number"))
    for _ in range(3):
        rows = engine.run(mapped)
        engine.later(60)
    assert [row.reason for row in rows if row.outcome_id == older] == ["overtaken"]
    assert hubspot.statuses("101") == ["NEW", "CONNECTED", "BAD_TIMING"]


@pytest.mark.parametrize("followed", [False, True])
def test_a_row_that_was_merged_decides_until_the_other_has_spoken(engine, hubspot, mapped, followed):
    """An earlier call, which is sent between, would set the status back, and the other row forward again."""
    kept, twin = engine.made(**sale(9)), engine.made(**sale(9.1))
    engine.run(mapped)
    engine.made(**sale(6, flags=[], disposition="Wrong number"))
    engine.follow(mapped)
    engine.changed(twin, merged_into=kept)
    engine.changed(kept, notes="both")
    if followed:
        engine.follow(mapped)
        engine.set(Delivery, Delivery.outcome_id == kept, Delivery.state == "pending", due_at=engine.now() + minutes(9))
    while engine.deliverer(mapped).step():
        pass
    assert [row.reason for row in engine.rows(mapped) if row.outcome_id not in (kept, twin)] == ["overtaken"]
    engine.later(600)
    engine.run(mapped)
    assert hubspot.statuses("101") == ["NEW", "CONNECTED"]


def test_a_row_that_was_merged_into_one_that_sets_nothing_is_no_call(engine, hubspot, mapped):
    kept, twin = engine.made(**sale(9)), engine.made(**sale(9.1))
    engine.run(mapped)
    engine.changed(twin, merged_into=kept)
    engine.changed(kept, flags=[])
    engine.run(mapped)
    engine.made(**sale(6, flags=[], disposition="Wrong number"))
    engine.run(mapped)
    assert hubspot.statuses("101")[-1] == "BAD_TIMING"


@pytest.mark.parametrize("together", [True, False])
def test_calls_that_wait_together_come_to_what_each_in_its_turn_would(engine, hubspot, mapped, together):
    """A sale, and then a call that nobody answered, which may be said of new ones only: after an outage both are due at once."""
    engine.made(**sale(0))
    if not together:
        engine.run(mapped)
    engine.made(**unanswered(5))
    assert told(engine.run(mapped)) == [("set_status", "done", None), ("set_status", "done", "not_from")]
    assert hubspot.statuses("101") == ["NEW", "CONNECTED"]


def test_of_three_that_wait_together_the_one_in_the_middle_is_kept_off(engine, hubspot, mapped):
    for call in (sale(0), unanswered(5), sale(10, flags=[], disposition="Wrong number")):
        engine.made(**call)
    assert [reason for *_, reason in told(engine.run(mapped))] == ["overtaken", "overtaken", None]
    assert hubspot.statuses("101") == ["NEW", "BAD_TIMING"]


def test_a_call_that_waits_with_the_one_that_lets_it_set_its_status_sets_it(engine, hubspot, mapped):
    busy = Rule("connect_outcome", "busy", {"hs_lead_status": "OPEN_DEAL"}, ("CONNECTED",))
    mapped = replace(mapped, status=(*RULES, busy))
    engine.made(**sale(0))
    engine.made(**{**unanswered(5), "connect_outcome": "busy"})
    assert [reason for *_, reason in told(engine.run(mapped))] == [None, None]
    assert hubspot.statuses("101") == ["NEW", "CONNECTED", "OPEN_DEAL"]
