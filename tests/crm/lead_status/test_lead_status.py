"""Statuses written back to a dialer: once, by outcomes of whichever dialer, and put back when they are corrected."""

from dataclasses import replace

import pytest

from crm import checking, lead_status, previewing
from crm.destination import NUMBER, SKIP, Destination, Rule
from leads.loading import Loading
from tests.crm.engine import Engine, told, undone
from tests.dialers.qvoice.stage import stage
from tests.factories import NOON, minutes
from tests.leads.sends import numbers, send

FIRST, SECOND = numbers(2)


@pytest.fixture
def engine(database):
    return Engine(database)


@pytest.fixture
def played(engine):
    """A portal with two leads."""
    with stage() as found:
        rows = enumerate(({"number": number} for number in (FIRST, SECOND)), 1)
        Loading(found.connection, found.campaign, rows).keep(engine.database)
        send(engine.database, found.connection)
        yield found


def back_to(played) -> Destination:
    rules = (Rule("flag", "dnc", {"status": "failed"}), Rule("disposition", "Bought", {"status": "success"}))
    own = {"settings": {"connection": played.connection}, "log_calls": False, "find_by": (NUMBER,), "not_found": SKIP}
    return Destination("writeback-qvoice-main", lead_status.CRM.name, status=rules, **own)


def statuses(played) -> dict[str, str]:
    found = (lead for campaign in played.qvoice.campaigns.values() for lead in campaign.leads.values())
    return {lead["number"]: lead["status"] for lead in found}


def test_an_outcome_of_another_dialer_sets_the_status_once(engine, played):
    back = back_to(played)
    engine.started(back)
    engine.made(customer_number=FIRST, flags=["dnc"])
    engine.made(customer_number=SECOND, disposition="bought")
    engine.made(customer_number="+919800012345", flags=["dnc"])
    engine.made(customer_number=SECOND, flags=["callback"])
    rows = engine.run(back)
    assert told(rows) == [
        ("set_status", "done", None),
        ("set_status", "done", None),
        ("set_status", "refused", "nobody_found"),
    ]
    assert [(row.before, row.after) for row in rows[:2]] == [
        ({"status": "new"}, {"status": "failed"}),
        ({"status": "new"}, {"status": "success"}),
    ]
    assert statuses(played) == {FIRST: "failed", SECOND: "success"}
    assert told(engine.run(back)) == told(rows)


def test_what_is_corrected_is_put_back_unless_somebody_has_moved_it_on(engine, played):
    back = back_to(played)
    engine.started(back)
    calls = [engine.made(customer_number=number, flags=["dnc"]) for number in (FIRST, SECOND)]
    engine.run(back)
    moved = next(lead for lead in played.qvoice.taken if lead["number"] == SECOND)
    played.qvoice.set_lead_status(moved["id"], "success")
    for call in calls:
        engine.changed(call, flags=[])
    engine.run(back)
    assert statuses(played) == {FIRST: "new", SECOND: "success"}


def test_the_latest_call_decides(engine, played):
    back = back_to(played)
    engine.started(back)
    engine.made(customer_number=FIRST, flags=["dnc"], started_at=NOON + minutes(5))
    engine.made(customer_number=FIRST, disposition="Bought", started_at=NOON)
    assert [row.reason for row in engine.run(back)] == [None, "overtaken"]
    assert statuses(played)[FIRST] == "failed"


def test_of_several_leads_with_the_number_none_is_taken(engine, played):
    rows = [(1, {"number": FIRST})]
    Loading(played.connection, played.campaign, rows).keep(engine.database)
    send(engine.database, played.connection)
    back = back_to(played)
    engine.started(back)
    engine.made(customer_number=FIRST, flags=["dnc"])
    assert told(engine.run(back)) == [("set_status", "refused", "several_found")]
    assert statuses(played)[FIRST] == "new"


def test_a_preview_shows_what_would_be_set_and_sets_nothing(engine, played):
    back = back_to(played)
    engine.made(customer_number=FIRST, flags=["dnc"])
    found = previewing.preview(engine.database, back, NOON - minutes(1))
    assert "status new -> failed" in str(vars(found))
    assert statuses(played)[FIRST] == "new"


def test_it_is_taken_back(engine, played):
    back = back_to(played)
    engine.started(back)
    engine.made(customer_number=FIRST, flags=["dnc"])
    engine.run(back)
    assert undone(engine, back) and statuses(played)[FIRST] == "new"


def test_an_answer_that_is_lost_is_read_before_anything_is_set_again(engine, played):
    back = back_to(played)
    engine.started(back)
    engine.made(customer_number=FIRST, flags=["dnc"])
    played.faults({"drop_after": {"times": 1, "path": "/status/"}})
    (row,) = engine.run(back)
    assert (row.state, statuses(played)[FIRST]) == ("unknown", "failed")
    engine.later(600)
    (row,) = engine.run(back)
    assert (row.state, row.after) == ("done", {"status": "failed"})
    asked = [
        request for request in played.qvoice.requests if "/leads/" in request.path and "/status/failed" in request.path
    ]
    assert len(asked) == 1


def test_a_portal_that_is_away_and_credentials_that_are_refused_lose_nothing(engine, played):
    back = back_to(played)
    engine.started(back)
    engine.made(customer_number=FIRST, flags=["dnc"])
    wrong = replace(played.connection, settings={**played.connection.settings, **played.wrong})
    (row,) = engine.run(replace(back, settings={"connection": wrong}))
    assert row.state in ("pending", "parked")
    engine.later(7200)
    (row,) = engine.run(back)
    assert (row.state, statuses(played)[FIRST]) == ("done", "failed")


def test_check_says_whether_the_list_can_be_read_and_what_stands_there(engine, played):
    back = back_to(played)
    assert [(one.what, one.fine) for one in checking.check(engine.database, back)] == [
        ("The list of leads can be read: 2 seen", True),
        ("failed is not yet the status of leads there; there are new", True),
        ("success is not yet the status of leads there; there are new", True),
    ]
    played.faults({"unavailable": {}})
    (line,) = checking.check(engine.database, back)
    assert (line.fine, line.what) == (False, "qvoice-main answers what is asked next")
