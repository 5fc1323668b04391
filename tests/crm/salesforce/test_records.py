"""Contacts and leads: found by their ids, a field of the org's, or a number; read and changed."""

import pytest

from crm.base import Change, Done, Whom
from crm.salesforce import records
from lib.http.errors import Unavailable
from sandbox.salesforce.objects import STATUSES, Field
from tests.crm.salesforce.stage import stage
from tests.crm.samples import ASHA


@pytest.fixture
def account():
    with stage() as found:
        yield found


def found(account, by: str, *values: str) -> list[list[str]]:
    some = records.find(account.client, [Whom(by, value) for value in values])
    return [sorted(one.id for one in each) for each in some]


# Found ------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "written",
    [ASHA, "9810012345", "098100 12345", "09810012345", "98100-12345", "+91 98100 12345", "0091 98100 12345"],
)
def test_a_number_however_it_was_typed_in(account, written):
    lead = account.org.add("Lead", LastName="Asha", MobilePhone=written)
    account.org.add("Lead", Phone="+919810054321")
    assert found(account, "number", ASHA) == [[lead]]


def test_many_numbers_take_a_search_for_thirty_and_each_finds_its_own(account):
    numbers = [f"+9198100{at:05d}" for at in range(73)]
    ids = [account.org.add("Contact" if at % 2 else "Lead", Phone=one) for at, one in enumerate(numbers)]
    assert found(account, "number", *numbers) == [[one] for one in ids]
    assert account.asked("/search") == 3
    assert found(account, "number", "+12025550100", "nonsense") == [[], []]


def test_a_converted_lead_is_not_found_by_its_number_but_its_contact_is(account):
    lead = account.org.add("Lead", Phone=ASHA)
    contact = account.org.convert(lead)
    assert found(account, "number", ASHA) == [[contact]]
    assert found(account, "crm_reference", lead) == [[lead]]  # and refused, with a sentence, when a call is logged


def test_only_the_chosen_objects_are_searched():
    with stage({"records": ["Contact"]}) as account:
        account.org.add("Lead", Phone=ASHA)
        contact = account.org.add("Contact", HomePhone=ASHA)
        assert found(account, "number", ASHA) == [[contact]]


def test_fields_that_the_user_does_not_see_are_not_searched(account):
    del account.org.objects["Contact"].fields["OtherPhone"]
    lead = account.org.add("Lead", Phone=ASHA)
    assert found(account, "number", ASHA) == [[lead]]


def test_an_id_of_fifteen_or_eighteen_characters(account):
    lead, deal = account.org.add("Lead", LastName="Asha"), account.org.add("Opportunity", Name="Renewal")
    gone = account.org.add("Contact")
    account.org.delete("Contact", gone)
    wanted = (lead, lead[:15], deal, gone, "101", "00T000000000001EAA")
    assert found(account, "crm_reference", *wanted) == [[lead], [lead], [deal], [], [], []]


def test_a_field_of_the_orgs():
    with stage({"reference_field": "Ref__c"}) as account:
        account.org.objects["Lead"].fields["Ref__c"] = Field("Ref__c")
        lead = account.org.add("Lead", Ref__c="A'1\\2")
        twice = [account.org.add("Lead", Ref__c="b") for _ in range(2)]
        account.org.add("Lead", Ref__c="other")
        assert found(account, "crm_reference", "a'1\\2", "B", "c") == [[lead], twice, []]


# Read and changed -------------------------------------------------------------------------------------------------------
def test_fields_as_texts_and_none_for_who_is_gone(account):
    lead, contact = account.org.add("Lead"), account.org.add("Contact", DoNotCall=True)
    read = records.read(account.client, [lead, contact, "00Q000000009999EAA"], ["Status", "DoNotCall"])
    assert read == [{"Status": STATUSES[0], "DoNotCall": "false"}, {"Status": "", "DoNotCall": "true"}, None]


def test_what_is_set_is_written_as_its_type_wants_it(account):
    lead, contact = account.org.add("Lead"), account.org.add("Contact")
    changes = [
        Change("d1", lead, {"Status": STATUSES[1], "DoNotCall": "true"}),
        Change("d2", contact, {"DoNotCall": "true"}),
    ]
    results = records.change(account.client, changes)
    assert [type(one) for one in results] == [Done, Done]
    assert account.org.set("Lead", lead, "DoNotCall") == account.org.set("Contact", contact, "DoNotCall") == [True]
    assert account.org.set("Lead", lead, "Status") == [STATUSES[1]]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"Status": "Nowhere"}, "no option Nowhere"),
        ({"Stage": "x"}, "no field Stage"),
        ({"IsConverted": "true"}, "cannot be set"),
        ({"DoNotCall": "yes"}, "true or false"),
    ],
)
def test_what_the_org_lacks_is_refused_before_it_is_sent(account, fields, said):
    lead, other = account.org.add("Lead"), account.org.add("Lead")
    refused, done = records.change(
        account.client, [Change("d1", lead, fields), Change("d2", other, {"Status": STATUSES[1]})]
    )
    assert (refused.reason, said in refused.answer, type(done)) == ("validation", True, Done)
    assert account.org.records["Lead"][lead].writes == []


def test_a_converted_lead_keeps_its_status(account):
    lead = account.org.add("Lead")
    contact = account.org.convert(lead)
    (refused,) = records.change(account.client, [Change("d1", lead, {"Status": STATUSES[1]})])
    assert (refused.reason, contact in refused.answer) == ("converted_lead", True)


def test_a_field_that_could_not_be_asked_for_is_not_missing(account):
    lead = account.org.add("Lead")
    account.faults(server_error={"path": "describe"})
    with pytest.raises(Unavailable):
        records.read(account.client, [lead], ["Status"])


def test_a_long_list_is_read_page_by_page(account):
    account.org.page = 20
    leads = [account.org.add("Lead") for _ in range(90)]
    assert all(one is not None for one in records.read(account.client, leads, ["Status"]))
    assert account.org.counted["pages"] == 4
