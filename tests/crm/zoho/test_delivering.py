"""What the engine makes of Zoho where calls have no unique field of ours, and of leads that become contacts."""

import random
from datetime import timedelta

import pytest

from crm import previewing
from tests.crm.engine import on_one_database, told, undone
from tests.crm.zoho.stage import played
from tests.factories import NOON

NUMBER, OTHER = "+919810012345", "+919810054321"


def settled(engine, destination, rounds: int = 40):
    for _ in range(rounds):
        rows = engine.run(destination)
        if {row.state for row in rows} <= {"done", "undone", "refused", "held"}:
            break
        engine.later(60)
    return rows


@on_one_database
@pytest.mark.parametrize("seed", [1, 3])
def test_each_call_stands_once_by_the_mark_in_its_description(engine, seed):
    source = random.Random(seed)
    with played(unique=None) as account:
        sales = account.destination(settings={"unique_field": ""})
        engine.started(sales)
        account.add(NUMBER)
        account.zoho.search_delay = 3_600.0  # nothing depends on it
        words, calls = account.words, []
        lead = next(iter(account.zoho.records["Leads"]))
        for step in range(16):
            calls.append(engine.made(customer_number=NUMBER, crm_reference=lead, notes=f"note {step}"))
            fault = source.choice([*words.lost, *words.nothing, words.limit])
            account.faults({fault: {"times": source.randint(1, 2), "path": words.write, "value": "1"}})
            engine.run(sales)
            engine.later(source.choice([1, 15, 60, 600]))
        account.faults({})
        assert {row.state for row in settled(engine, sales)} == {"done"}
        assert sorted(account.stands()) == sorted((str(call), lead) for call in calls)
        assert account.made() == len(calls)
        assert set(undone(engine, sales)) == {"removed"}
        assert account.stands() == []


@on_one_database
def test_a_call_is_shown_before_it_is_logged_and_as_the_same_afterwards(engine):
    with played() as account:
        sales = account.destination()
        engine.started(sales)
        account.add(NUMBER)
        engine.made(customer_number=NUMBER, started_at=NOON)
        since = NOON - timedelta(days=1)
        assert previewing.preview(engine.database, sales, since).counts == {("log_call", "new"): 1}
        engine.run(sales)
        assert previewing.preview(engine.database, sales, since).counts == {("log_call", "same"): 1}


@on_one_database
def test_a_call_whose_lead_became_a_contact_is_corrected_there(engine):
    with played() as account:
        sales = account.destination()
        engine.started(sales)
        lead = account.add(NUMBER)
        call = engine.made(customer_number=NUMBER)
        engine.run(sales)
        contact = account.zoho.convert(lead)
        engine.changed(call, notes="more")
        assert told(engine.run(sales))[-1] == ("log_call", "done", None)
        assert account.stands() == [(str(call), contact)]
        assert "more" in account.said(str(call))
        other = engine.made(customer_number=NUMBER)
        assert told(engine.run(sales))[-1] == ("log_call", "done", None)
        assert (str(other), contact) in account.stands()


@on_one_database
def test_an_account_without_our_field_is_parked_until_it_is_there(engine):
    with played(unique=None) as account:
        sales = account.destination()
        engine.started(sales)
        account.add(NUMBER)
        engine.made(customer_number=NUMBER)
        assert told(engine.run(sales)) == [("log_call", "parked", "not_set_up")]
        assert "--create-properties" in engine.desk(sales).error
        assert account.made() == 0
