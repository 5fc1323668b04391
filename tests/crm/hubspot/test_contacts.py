"""Contacts: found by what is theirs alone, read and changed in batches."""

import pytest

from crm.base import Again, Change, Done, NotSetUp, Refused, Unknown, Whom
from crm.destination import NUMBER, REFERENCE
from crm.hubspot import contacts
from crm.hubspot.api import CONTACT_TYPE
from lib.http.errors import Unavailable
from tests.crm.hubspot.stage import ASHA, stage

BHARAT = "+919820012345"


def ids(found) -> list[list[str]]:
    return [[one.id for one in some] for some in found]


def by_number(account, *numbers: str) -> list[list[str]]:
    return ids(contacts.find(account.client, [Whom(NUMBER, number) for number in numbers]))


def done_at(account, contact: str) -> Done:
    return Done(contact, account.client.url(CONTACT_TYPE, contact))


def change(contact: str, value: str, trace: str = "t1") -> Change:
    return Change(trace, contact, {"hs_lead_status": value})


# Found ----------------------------------------------------------------------------------------------------------------
def test_a_contact_is_found_by_its_id_with_what_people_want_to_see():
    with stage() as account:
        contact = account.hubspot.add_contact(
            firstname="Asha", lastname="Rao", phone="098100 12345", mobilephone=BHARAT
        )
        asked = [Whom(REFERENCE, contact), Whom(REFERENCE, "999"), Whom(REFERENCE, "no id"), Whom(REFERENCE, "9" * 30)]
        (one,), *others = contacts.find(account.client, asked)
        assert (one.id, one.name, one.numbers) == (contact, "Asha Rao", ("098100 12345", BHARAT))
        assert one.url.endswith(f"/contacts/45678901/record/0-1/{contact}")
        assert others == [[], [], []]


@pytest.mark.parametrize("written", [ASHA, "098100 12345", "9810012345"])
def test_a_contact_is_found_by_its_number_however_it_was_typed_in(written):
    with stage() as account:
        contact = account.hubspot.add_contact(phone=written)
        mobile = account.hubspot.add_contact(mobilephone=BHARAT)
        assert by_number(account, ASHA) == [[contact]]
        assert by_number(account, BHARAT, ASHA, "+919830012345") == [[mobile], [contact], []]


def test_all_who_share_a_number_are_told():
    with stage() as account:
        some = {account.hubspot.add_contact(phone=ASHA) for _ in range(3)}
        assert set(by_number(account, ASHA)[0]) == some


def test_many_numbers_take_few_searches():
    with stage() as account:
        numbers = [f"+9198{at:08d}" for at in range(100)]
        some = [account.hubspot.add_contact(phone=number) for number in numbers]
        assert by_number(account, *numbers) == [[one] for one in some]
        assert account.turns.taken["searches"] == 4 + 1  # whether lists find anybody is tried once


def test_numbers_are_searched_one_by_one_until_it_is_known_that_lists_find_what_is_calculated():
    with stage() as account:
        by_number(account, ASHA, BHARAT)
        assert account.turns.taken["searches"] == 1 + 2
        contact = account.hubspot.add_contact(phone=ASHA)
        assert by_number(account, ASHA, BHARAT) == [[contact], []]
        assert account.turns.taken["searches"] == 3 + 1 + 1
        by_number(account, "+919830012345", BHARAT)
        assert account.turns.taken["searches"] == 5 + 1


def test_where_lists_find_nothing_calculated_nobody_is_passed_over():
    with stage() as account:
        account.faults(lists_find_nothing={})
        asha = [account.hubspot.add_contact(phone=ASHA), account.hubspot.add_contact(phone="098100 12345")]
        bharat = account.hubspot.add_contact(mobilephone="9820012345")
        for _ in range(2):
            found = by_number(account, ASHA, BHARAT)
            assert [set(one) for one in found] == [set(asha), {bharat}]
        assert account.client.facts.in_lists is False


def test_a_search_that_does_not_give_all_that_it_counts_is_asked_again():
    # Else one of two would look as if it alone had the number.
    with stage() as account:
        some = {account.hubspot.add_contact(phone=ASHA) for _ in range(2)}
        account.faults(results_missing={"times": 1, "path": "search"})
        assert set(by_number(account, ASHA)[0]) == some


def test_a_search_that_is_late_finds_nobody_yet():
    with stage() as account:
        account.faults(search_delay={"value": 60})
        contact = account.hubspot.add_contact(phone=ASHA)
        assert by_number(account, ASHA) == [[contact]]  # it was there before
        contacts.change(account.client, [Change("t", contact, {"phone": BHARAT})])
        assert by_number(account, BHARAT) == [[]]


def test_by_a_property_of_the_tenants_own():
    with stage(settings={"reference_property": "lead_number"}) as account:
        account.hubspot.add_property("contacts", "lead_number", unique=True)
        contact = account.hubspot.add_contact(lead_number="L-7/ü", phone=ASHA)
        asked = [Whom(REFERENCE, "l-7/ü"), Whom(REFERENCE, "L-7/ü"), Whom(REFERENCE, contact)]
        assert ids(contacts.find(account.client, asked))[1:] == [[contact], []]


def test_a_property_that_is_not_unique_is_the_tables_fault_and_no_calls():
    with stage(settings={"reference_property": "city"}) as account, pytest.raises(NotSetUp, match="reference_property"):
        contacts.find(account.client, [Whom(REFERENCE, "Pune")])


def test_a_contact_that_an_answer_does_not_tell_of_is_asked_for_alone():
    with stage() as account:
        some = [account.hubspot.add_contact(phone=ASHA) for _ in range(4)]
        account.faults(results_missing={"path": "batch/read"})
        assert ids(contacts.find(account.client, [Whom(REFERENCE, one) for one in some])) == [[one] for one in some]


def test_a_contact_that_was_merged_into_another_is_that_other():
    with stage() as account:
        old, new = account.hubspot.add_contact(phone=ASHA), account.hubspot.add_contact(phone=BHARAT)
        account.hubspot.merge(old, new)
        asked = [Whom(REFERENCE, old), Whom(REFERENCE, new)]
        assert ids(contacts.find(account.client, asked)) == [[new], [new]]
        assert contacts.change(account.client, [change(old, "OPEN")]) == [done_at(account, new)]


# Read and changed -----------------------------------------------------------------------------------------------------
def test_what_a_contact_says_now_and_nothing_of_one_who_is_gone():
    with stage() as account:
        contact = account.hubspot.add_contact(hs_lead_status="NEW")
        read = contacts.read(account.client, [contact, "999", contact], ["hs_lead_status", "lifecyclestage"])
        assert read == [
            {"hs_lead_status": "NEW", "lifecyclestage": ""},
            None,
            {"hs_lead_status": "NEW", "lifecyclestage": ""},
        ]


def test_each_change_has_a_result_of_its_own():
    with stage() as account:
        one, other = account.hubspot.add_contact(hs_lead_status="NEW"), account.hubspot.add_contact()
        some = [change(one, "CONNECTED", "a"), change("999", "NEW", "b"), change(other, "HOT", "c")]
        done, gone, wrong = contacts.change(account.client, some)
        assert done == done_at(account, one)
        assert gone.reason == "record_deleted"
        assert wrong.reason == "validation"
        assert "HOT was not one of the allowed options" in wrong.answer
        assert account.hubspot.contact(one)["hs_lead_status"] == "CONNECTED"


def test_two_changes_of_one_contact_are_made_one_after_the_other():
    with stage() as account:
        contact = account.hubspot.add_contact(hs_lead_status="NEW")
        results = contacts.change(account.client, [change(contact, "OPEN", "a"), change(contact, "CONNECTED", "b")])
        assert results == [done_at(account, contact)] * 2
        assert account.hubspot.statuses(contact) == ["NEW", "OPEN", "CONNECTED"]


@pytest.mark.parametrize("fault", ["whole_batch", "partial", "results_missing"])
def test_of_a_batch_that_is_done_in_part_each_is_told_apart(fault):
    kinds = {"whole_batch": Done, "partial": Again, "results_missing": Unknown}
    with stage() as account:
        some = [account.hubspot.add_contact() for _ in range(4)]
        account.faults(**{fault: {"path": "batch/update"}})
        wanted = [change(one, "OPEN", f"t{at}") for at, one in enumerate(some)]
        if fault == "whole_batch":
            wanted[2] = change(some[2], "HOT", "t2")
        results = contacts.change(account.client, wanted)
        assert isinstance(results[0], Done)
        assert isinstance(results[1], kinds[fault])
        assert isinstance(results[2], Refused if fault == "whole_batch" else Done)


@pytest.mark.parametrize(
    "fault", ["html", "error_in_200", "server_error", "drop_after", "redirect", "locked", "migrating"]
)
def test_what_cannot_be_asked_now_is_asked_again_later(fault):
    with stage() as account:
        account.faults(**{fault: {"path": "batch/read"}})
        with pytest.raises(Unavailable):
            contacts.read(account.client, ["1"], ["hs_lead_status"])
