"""A call is corrected to one that sets no status: what it had set is put back where nobody has moved it."""

from dataclasses import replace

import pytest

from crm.destination import Rule
from tests.crm.engine import on_one_database, told, undone
from tests.crm.mapping import ORDER, RULES, UPDATE, sale, unanswered

NOTHING = {"flags": [], "disposition": "Asked for a brochure"}
WRONG = {"flags": [], "disposition": "Wrong number"}
REOPENED = {"flags": [], "disposition": "Reopened"}


@pytest.mark.parametrize(
    ("moved", "reason", "stands"),
    [(None, "put_back", "NEW"), ("IN_PROGRESS", "moved_on", "IN_PROGRESS"), ("NEW", "unmapped", "NEW")],
)
def test_what_a_call_had_set_is_put_back_unless_somebody_has_moved_it(engine, hubspot, mapped, moved, reason, stands):
    call = engine.made(**sale())
    engine.run(mapped)
    if moved:
        hubspot.add_contact("101", hs_lead_status=moved)
    engine.changed(call, **NOTHING)
    state = "undone" if reason == "unmapped" else "done"
    assert told(engine.run(mapped)) == [("set_status", "done", None), ("set_status", state, reason)]
    assert hubspot.statuses("101")[-1] == stands
    engine.changed(call, notes="more")
    assert len(engine.run(mapped)) == 2  # and that is that
    engine.changed(call, flags=["sale"])
    assert told(engine.run(mapped))[-1] == ("set_status", "done", None)
    assert hubspot.statuses("101")[-1] == "CONNECTED"


def test_what_stood_before_all_of_its_revisions_is_put_back_and_that_can_be_taken_back(engine, hubspot, mapped):
    call = engine.made(**sale())
    engine.run(mapped)
    engine.changed(call, **WRONG)
    engine.run(mapped)
    engine.changed(call, **NOTHING)
    row = engine.run(mapped)[-1]
    assert (row.before, row.after) == ({"hs_lead_status": "BAD_TIMING"}, {"hs_lead_status": "NEW"})
    assert hubspot.statuses("101") == ["NEW", "CONNECTED", "BAD_TIMING", "NEW"]
    assert undone(engine, mapped) == ["put_back"] * 3
    assert hubspot.statuses("101")[-1] == "NEW"


@on_one_database
def test_a_call_that_does_not_fit_any_more_sets_nothing_any_more(engine, hubspot, mapped):
    mapped = replace(mapped, flags=("sale",))
    call = engine.made(**sale())
    engine.run(mapped)
    engine.changed(call, **WRONG)
    assert told(engine.run(mapped))[-1] == ("set_status", "done", "put_back")
    assert hubspot.statuses("101") == ["NEW", "CONNECTED", "NEW"]


@on_one_database
def test_a_correction_that_may_set_nothing_puts_back_what_the_call_had_set(engine, hubspot, mapped):
    hubspot.add_contact("101", hs_lead_status="IN_PROGRESS")
    call = engine.made(**sale())
    engine.run(mapped)
    engine.changed(call, **{name: unanswered()[name] for name in ("flags", "connect_outcome")})
    assert told(engine.run(mapped))[-1] == ("set_status", "done", "put_back")
    assert hubspot.statuses("101") == ["NEW", "IN_PROGRESS", "CONNECTED", "IN_PROGRESS"]
    engine.changed(call, notes="more")
    assert told(engine.run(mapped))[-1] == ("set_status", "done", "not_from")
    assert hubspot.statuses("101")[-1] == "IN_PROGRESS"


@on_one_database
@pytest.mark.parametrize(("moved", "stands"), [(None, "NEW"), ("OPEN", "OPEN")])
def test_a_correction_that_sets_another_field_puts_the_first_one_back(engine, hubspot, mapped, moved, stands):
    rules = (RULES[0], Rule("disposition", "Wrong number", {"lifecyclestage": "lead"}))
    mapped = replace(mapped, status=rules)
    call = engine.made(**sale())
    engine.run(mapped)
    if moved:
        hubspot.add_contact("101", hs_lead_status=moved)
    engine.changed(call, **WRONG)
    engine.run(mapped)
    assert (hubspot.statuses("101")[-1], hubspot.statuses("101", "lifecyclestage")) == (stands, ["lead"])
    engine.changed(call, flags=["sale"])
    engine.run(mapped)
    assert (hubspot.statuses("101")[-1], hubspot.statuses("101", "lifecyclestage")[-1]) == ("CONNECTED", "")


def test_a_later_call_stands_and_an_earlier_one_decides_when_the_later_one_does_no_more(engine, hubspot, mapped):
    first, last = engine.made(**sale(0)), engine.made(**sale(9))
    engine.run(mapped)
    between = engine.made(**sale(5, **WRONG))
    engine.changed(first, **NOTHING)
    reasons = {row.outcome_id: row.reason for row in engine.run(mapped)}
    assert (reasons[first], reasons[between]) == ("overtaken", "overtaken")
    engine.changed(last, **NOTHING)
    engine.run(mapped)
    assert hubspot.statuses("101")[-1] == "BAD_TIMING"
    engine.changed(between, **NOTHING)
    engine.run(mapped)
    assert hubspot.statuses("101")[-1] == "NEW"


@pytest.mark.parametrize(
    ("later", "reason"),
    [(unanswered(5), "not_from"), ({**unanswered(5), "connect_outcome": "busy"}, "backwards")],
)
@pytest.mark.parametrize(
    ("corrected", "then"), [(NOTHING, ["NEW", "ATTEMPTED_TO_CONTACT"]), (REOPENED, ["OPEN", "ATTEMPTED_TO_CONTACT"])]
)
def test_a_later_call_that_was_kept_off_is_looked_at_anew(engine, hubspot, mapped, later, reason, corrected, then):
    rules = (
        *RULES,
        Rule("connect_outcome", "busy", {"hs_lead_status": "ATTEMPTED_TO_CONTACT"}),
        Rule("disposition", "Reopened", {"hs_lead_status": "OPEN"}),
    )
    mapped = replace(mapped, status=rules, never_back=ORDER)
    call = engine.made(**sale(0))
    engine.run(mapped)  # of two that come together the later one alone would set its status
    last = engine.made(**later)
    assert told(engine.run(mapped)) == [("set_status", "done", None), ("set_status", "done", reason)]
    engine.changed(last, notes="more")
    engine.run(mapped)  # of two revisions the last is looked at
    engine.changed(call, **corrected)
    engine.run(mapped)
    assert hubspot.statuses("101") == ["NEW", "CONNECTED", *then]
    engine.changed(last, **{**NOTHING, "connect_outcome": "connected"})
    engine.run(mapped)
    assert hubspot.statuses("101")[-1] == then[0]


@on_one_database
@pytest.mark.parametrize(
    ("fault", "doubted"),
    [("drop", "what was put back"), ("drop_after", "what was put back"), ("drop_after", "what was set")],
)
def test_also_where_nobody_knows_what_was_done(engine, hubspot, mapped, fault, doubted):
    call = engine.made(**sale())
    if doubted == "what was put back":
        engine.run(mapped)
        engine.changed(call, **NOTHING)
    hubspot.faults.set({fault: {"times": 1, "path": UPDATE}})
    assert told(engine.run(mapped))[-1][1] == "unknown"
    if doubted == "what was set":
        engine.changed(call, **NOTHING)
    engine.later(60)
    assert told(engine.run(mapped))[-1] == ("set_status", "done", "put_back")
    assert hubspot.statuses("101") == ["NEW", "CONNECTED", "NEW"]
