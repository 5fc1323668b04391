"""What is done about a call: whom it belongs to, its status, its end in another row, and the way back. On both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest

from crm import steering
from crm.destination import SKIP, Rule
from crm.history import send
from crm.previewing import preview
from tests.crm.engine import hubspot_of, told, undone, webhook_of
from tests.crm.mapping import NUMBER, RULES, UPSERT, sale, unanswered
from tests.factories import NOON


# Whom it belongs to -----------------------------------------------------------------------------------------------------
def test_a_call_of_several_is_held_until_a_person_picks_one(engine, hubspot, sales):
    hubspot.add_contact("102", firstname="Bharat", mobilephone="+91 98100-12345")
    sales = replace(sales, status=RULES)
    engine.made(**sale())
    rows = engine.run(sales)
    assert told(rows) == [("log_call", "held", "several_found"), ("set_status", "held", "several_found")]
    assert [one["id"] for one in rows[0].candidates] == ["101", "102"]
    assert (rows[0].candidates[1]["name"], hubspot.calls()) == ("Bharat", [])
    steering.choose(engine.database, rows[0].id, "102", engine.now())
    assert told(engine.run(sales)) == [("log_call", "done", None), ("set_status", "done", None)]
    assert [one["contacts"] for one in hubspot.calls()] == [["102"]]
    assert (hubspot.contact("101")["hs_lead_status"], hubspot.statuses("102")) == ("NEW", ["CONNECTED"])


def test_a_call_of_nobody_is_held_or_skipped(engine, hubspot, sales):
    skipping = hubspot_of(hubspot, "skipping", not_found=SKIP)
    engine.started(skipping)
    engine.made(customer_number="+919810099999")
    assert told(engine.run(sales)) == [("log_call", "held", "nobody_found")]
    assert told(engine.run(skipping)) == [("log_call", "refused", "nobody_found")]


def test_a_call_that_may_stand_on_a_record_is_looked_for_on_no_other(engine, hubspot, sales):
    """Its number is somebody else's, too, by the time that it is looked up."""
    engine.made(customer_number=NUMBER)
    hubspot.faults.set({"drop_after": {"times": 1, "path": UPSERT}})
    engine.run(sales)
    hubspot.add_contact("102", phone=NUMBER)
    engine.later(60)
    assert told(engine.run(sales)) == [("log_call", "done", None)]
    assert [one["contacts"] for one in hubspot.calls()] == [["101"]]


def test_whom_it_belongs_to_is_asked_for_once(engine, hubspot, sales):
    sales = replace(sales, status=RULES)
    engine.made(**sale())
    engine.run(sales)
    assert hubspot.requests["POST /crm/objects/2026-09/contacts/search"] == 1


# Merged -----------------------------------------------------------------------------------------------------------------
def test_a_row_that_was_merged_before_it_was_sent_is_not_sent(engine, hubspot, sales):
    kept, gone = engine.made(customer_number=NUMBER), engine.made(customer_number=NUMBER)
    engine.follow(sales)
    engine.changed(gone, merged_into=kept)
    rows = engine.run(sales)
    assert [one["mark"] for one in hubspot.calls()] == [str(kept)]
    assert told(rows) == [("log_call", "done", None), ("log_call", "undone", "merged")]


def test_a_row_that_was_merged_afterwards_takes_its_call_with_it(engine, hubspot, sales):
    kept, gone = engine.made(customer_number=NUMBER), engine.made(customer_number=NUMBER)
    engine.run(sales)
    engine.changed(gone, merged_into=kept)
    assert told(engine.run(sales))[-1] == ("remove_call", "done", None)
    assert [one["mark"] for one in hubspot.calls()] == [str(kept)]


@pytest.mark.parametrize("followed_first", [True, False])
def test_a_row_that_was_merged_while_nobody_knew_leaves_nothing_behind(engine, hubspot, sales, followed_first):
    kept, gone = engine.made(customer_number=NUMBER), engine.made(customer_number=NUMBER)
    hubspot.faults.set({"drop_after": {"times": 1, "path": UPSERT}})
    engine.run(sales)
    engine.changed(gone, merged_into=kept)
    if followed_first:
        engine.follow(sales)
    else:
        engine.later(60)
        engine.deliverer(sales).step()  # which sees it before the feed is followed
    for _ in range(3):
        engine.later(60)
        engine.run(sales)
    assert [one["mark"] for one in hubspot.calls()] == [str(kept)]


def test_a_row_that_was_merged_after_it_was_found_and_put_off_leaves_nothing_behind(engine, hubspot, sales):
    kept, gone = engine.made(customer_number=NUMBER), engine.made(customer_number=NUMBER)
    hubspot.faults.set({"drop_after": {"times": 1, "path": UPSERT}})
    engine.run(sales)
    engine.changed(gone, notes="two")
    hubspot.faults.set({"partial": {"times": 1, "path": UPSERT}})
    engine.later(60)
    engine.run(sales)
    engine.changed(gone, merged_into=kept)
    for _ in range(3):
        engine.later(60)
        engine.run(sales)
    assert [one["mark"] for one in hubspot.calls()] == [str(kept)]


def test_a_row_that_was_merged_is_no_later_call(engine, hubspot, mapped):
    kept = engine.made(**sale(0, flags=[], disposition="Wrong number"))
    gone = engine.made(**sale(5))
    engine.run(mapped)
    engine.changed(gone, merged_into=kept)
    engine.changed(kept, notes="It was the same call.")
    engine.run(mapped)
    assert hubspot.contact("101")["hs_lead_status"] == "BAD_TIMING"


def test_a_webhook_is_told_of_a_merging(engine, receiver):
    hook = webhook_of(receiver)
    engine.started(hook)
    kept, gone = engine.made(), engine.made()
    engine.run(hook)
    engine.changed(gone, merged_into=kept)
    engine.run(hook)
    last = receiver.last(str(gone))
    assert (last.type, last.revision, last.outcome["merged_into"]) == ("call.outcome.merged", 2, str(kept))


# There and back ---------------------------------------------------------------------------------------------------------
def test_preview_counts_and_writes_nothing(engine, hubspot, sales):
    sales = replace(sales, status=RULES)
    engine.made(**sale())
    engine.made(**unanswered(5))
    engine.made(customer_number="+919810099999")
    found = preview(engine.database, sales, NOON - timedelta(hours=1))
    assert dict(found.counts) == {
        ("log_call", "new"): 2,
        ("log_call", "nobody_found"): 1,
        ("set_status", "set"): 1,
        ("set_status", "overtaken"): 1,
    }
    assert (hubspot.calls(), hubspot.statuses("101")) == ([], ["NEW"])
    assert engine.rows(sales) == []
    later = replace(sales, since=NOON + timedelta(days=9))  # of before it, only what `send` is told to send
    assert preview(engine.database, later, NOON - timedelta(hours=1)).counts == found.counts


def test_undo_removes_and_puts_back_what_still_is_ours(engine, hubspot, sales):
    sales = replace(sales, status=RULES)
    hubspot.add_contact("102", phone="+919810099999", hs_lead_status="OPEN")
    engine.made(**sale())
    engine.made(**sale(1, customer_number="+919810099999"))
    engine.run(sales)
    hubspot.add_contact("102", hs_lead_status="IN_PROGRESS")
    undone(engine, sales, apply=False)
    assert (len(hubspot.calls()), hubspot.contact("101")["hs_lead_status"]) == (2, "CONNECTED")
    assert sorted(undone(engine, sales)) == ["moved_on", "put_back", "removed", "removed"]
    assert hubspot.calls() == []
    assert [hubspot.contact(one)["hs_lead_status"] for one in ("101", "102")] == ["NEW", "IN_PROGRESS"]
    assert sorted(row.state for row in engine.rows(sales)) == ["done", "undone", "undone", "undone"]


def test_what_undo_shows_is_what_it_does(engine, hubspot, mapped):
    engine.made(**unanswered())
    engine.run(mapped)
    engine.made(**sale(5))
    engine.run(mapped)
    shown = undone(engine, mapped, apply=False)
    assert (shown, undone(engine, mapped)) == (["put_back"] * 2, ["put_back"] * 2)
    assert hubspot.contact("101")["hs_lead_status"] == "NEW"


def test_what_was_taken_back_is_sent_again_as_history(engine, hubspot, sales):
    """As after a mapping that was wrong: undo, mend, send."""
    wrong = replace(sales, status=(Rule("flag", "sale", {"hs_lead_status": "BAD_TIMING"}),))
    call = engine.made(**sale())
    engine.run(wrong)
    undone(engine, wrong)
    assert told(engine.run(wrong)) == [("log_call", "undone", None), ("set_status", "undone", None)]
    mended = replace(sales, status=RULES)
    span = (NOON - timedelta(hours=1), NOON + timedelta(hours=1))
    assert [step.made for step in send(engine.database, mended, *span, engine.now)] == [2]
    assert [step.made for step in send(engine.database, mended, *span, engine.now)] == [0]
    assert told(engine.run(mended)) == [("log_call", "done", None), ("set_status", "done", None)]
    assert [one["mark"] for one in hubspot.calls()] == [str(call)]
    assert hubspot.statuses("101") == ["NEW", "BAD_TIMING", "NEW", "CONNECTED"]


def test_an_event_that_was_posted_is_not_new(engine, receiver, hook):
    same, corrected = engine.made(), engine.made()
    engine.run(hook)
    engine.changed(corrected, notes="more")
    engine.made()
    found = preview(engine.database, hook, NOON - timedelta(hours=1))
    assert found.counts == {("post_event", what): 1 for what in ("same", "renewed", "new")}
    assert str(same) in found.samples["post_event", "same"][0]
    assert len(receiver.events) == 2
