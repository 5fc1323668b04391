"""Whom a CRM says not to call: put on the list, taken off when it says so no more, and never on the word of a late search."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from crm.refusing import EVERY, Refuser
from leads import suppressing
from models import DestinationState, Suppression
from tests.crm.engine import Engine, account, hubspot_of
from tests.evidence import RYNG

ASHA, BHARAT, CHITRA = "+919810012345", "+919820012345", "+919830012345"
CONNECTIONS = {RYNG.name: RYNG}
BY = "destination sales"
PROPERTY = {"do_not_call_property": "do_not_call", "suppress_deleted": True}


@pytest.fixture
def engine(database):
    return Engine(database)


@pytest.fixture
def hubspot():
    with account() as found:
        found.add_property("contacts", "do_not_call")
        yield found


def asked(engine, destination) -> bool:
    return Refuser(engine.database, destination, CONNECTIONS, engine.now).step()


def listed(engine) -> set[tuple]:
    with engine.database.read() as session:
        rows = session.scalars(select(Suppression).where(Suppression.source == "crm"))
        return {(row.number, row.origin.partition(":")[2], row.taken_off_by) for row in rows}


def sales_of(engine, hubspot, **settings):
    sales = hubspot_of(hubspot, settings=PROPERTY | settings)
    engine.started(sales)
    return sales


def row_of(engine, destination) -> DestinationState:
    with engine.database.read() as session:
        return session.get_one(DestinationState, destination.name)


def test_whom_the_property_names_and_who_was_deleted_is_put_there_and_others_are_not(engine, hubspot):
    sales = sales_of(engine, hubspot)
    asha = hubspot.add_contact(phone="098100 12345", mobilephone=BHARAT, do_not_call="true")
    hubspot.add_contact(phone=CHITRA, do_not_call="false")
    unread = hubspot.add_contact(phone="ask Ann", do_not_call="true")
    gone = hubspot.add_contact(phone=CHITRA)
    hubspot.archive("contacts", gone)
    assert asked(engine, sales) and unread
    assert listed(engine) == {(ASHA, asha, None), (BHARAT, asha, None), (CHITRA, gone, None)}
    row = row_of(engine, sales)
    assert (row.refusals_unread, row.refusals_error, row.refusals_at is None) == (1, None, False)
    assert not asked(engine, sales)  # not due
    engine.later(EVERY.total_seconds())
    assert asked(engine, sales) and len(listed(engine)) == 3


def test_who_may_be_called_again_is_taken_off_and_another_number_takes_the_place_of_the_first(engine, hubspot):
    sales = sales_of(engine, hubspot)
    asha = hubspot.add_contact(phone=ASHA, do_not_call="true")
    bharat = hubspot.add_contact(phone=BHARAT, do_not_call="true")
    asked(engine, sales)
    hubspot.add_contact(asha, do_not_call="false")
    hubspot.add_contact(bharat, phone=CHITRA)
    engine.later(EVERY.total_seconds())
    asked(engine, sales)
    assert listed(engine) == {(ASHA, asha, BY), (BHARAT, bharat, BY), (CHITRA, bharat, None)}
    hubspot.add_contact(asha, do_not_call="true")
    engine.later(EVERY.total_seconds())
    asked(engine, sales)
    assert (ASHA, asha, None) in listed(engine)


@pytest.mark.parametrize("who", ["Ann", "sales"])
def test_what_a_person_has_taken_off_stays_off(engine, hubspot, who):
    sales = sales_of(engine, hubspot)
    asha = hubspot.add_contact(phone=ASHA, do_not_call="true")
    asked(engine, sales)
    suppressing.take_off(engine.database, ASHA, who)
    engine.later(EVERY.total_seconds())
    assert asked(engine, sales)
    assert listed(engine) == {(ASHA, asha, who)}


def test_what_a_late_search_does_not_find_is_read_by_its_id_and_stays(engine, hubspot):
    sales = sales_of(engine, hubspot)
    asha = hubspot.add_contact(phone=ASHA, do_not_call="true")
    asked(engine, sales)
    hubspot.search_delay = 3600
    engine.later(EVERY.total_seconds())
    assert asked(engine, sales)
    assert listed(engine) == {(ASHA, asha, None)}


def test_more_than_a_page(engine, hubspot):
    sales = sales_of(engine, hubspot, suppress_deleted=False)
    for number in range(401):
        hubspot.add_contact(phone=f"+9198100{number:05d}", do_not_call="true")
    asked(engine, sales)
    assert len(listed(engine)) == 401


def test_a_crm_that_cannot_be_asked_is_said_and_takes_nothing_off(engine, hubspot):
    sales = sales_of(engine, hubspot)
    hubspot.add_contact(phone=ASHA, do_not_call="true")
    asked(engine, sales)
    wrong = replace(sales, settings=sales.settings | {"access_token": "somebody-elses"})
    engine.later(EVERY.total_seconds())
    assert not asked(engine, wrong)
    row = row_of(engine, sales)
    assert row.refusals_error and "somebody-elses" not in row.refusals_error
    assert {off for _, _, off in listed(engine)} == {None}
    engine.later(EVERY.total_seconds())
    assert asked(engine, sales) and row_of(engine, sales).refusals_error is None


def test_a_destination_that_does_not_ask_for_it_is_not_asked(engine, hubspot):
    sales = hubspot_of(hubspot)
    assert not Refuser(engine.database, sales, CONNECTIONS, engine.now).is_wanted


def test_a_number_that_cannot_be_read_any_more_takes_nothing_off(engine, hubspot):
    sales = sales_of(engine, hubspot)
    asha = hubspot.add_contact(phone="098100 12345", mobilephone=BHARAT, do_not_call="true")
    asked(engine, sales)
    both = {(ASHA, asha, None), (BHARAT, asha, None)}
    assert listed(engine) == both
    beside = {**CONNECTIONS, "rome": replace(RYNG, name="rome", default_country="IT")}  # reads 098100 12345 otherwise
    engine.later(EVERY.total_seconds())
    assert Refuser(engine.database, sales, beside, engine.now).step()
    assert (listed(engine), row_of(engine, sales).refusals_unread) == (both, 1)
    hubspot.add_contact(asha, phone="")
    engine.later(EVERY.total_seconds())
    assert asked(engine, sales)
    assert listed(engine) == {(ASHA, asha, BY), (BHARAT, asha, None)}


def test_another_account_takes_nothing_off_and_puts_nothing_there(engine, hubspot):
    sales = sales_of(engine, hubspot)
    asha = hubspot.add_contact(phone=ASHA, do_not_call="true")
    asked(engine, sales)
    with account(portal_id=77) as other:
        other.add_property("contacts", "do_not_call")
        assert other.add_contact(phone=BHARAT, do_not_call="false") == asha
        other.add_contact(phone=CHITRA, do_not_call="true")
        engine.later(EVERY.total_seconds())
        assert not asked(engine, hubspot_of(other, settings=PROPERTY))
    assert listed(engine) == {(ASHA, asha, None)}
    assert "77" in row_of(engine, sales).refusals_error


def test_what_a_crm_has_said_before_it_failed_is_put_there(engine, hubspot):
    sales = sales_of(engine, hubspot, suppress_deleted=False)
    for number in range(201):
        hubspot.add_contact(phone=f"+9198100{number:05d}", do_not_call="true")
    hubspot.faults.set({"server_error": {"after": 1, "path": "search"}})
    assert not asked(engine, sales)
    assert len(listed(engine)) == 200 and row_of(engine, sales).refusals_error
