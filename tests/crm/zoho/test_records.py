"""Leads and contacts in Zoho: found by an id, a field, a number; read, and changed."""

import pytest

from crm.base import Change, Done, NotSetUp, Refused, Unknown, Whom
from crm.destination import NUMBER, REFERENCE
from crm.facts import Facts
from crm.zoho import records
from tests.crm.zoho.stage import stage

ASHA = "+919810012345"


@pytest.fixture
def account():
    with stage() as found:
        yield found


def found(account, *wanted: Whom) -> list[list[str]]:
    return [[one.id for one in some] for some in records.find(account.client, wanted)]


@pytest.mark.parametrize("written", [ASHA, "098100 12345", "+91 98100-12345", "9810012345"])
def test_a_number_is_found_however_people_have_written_it(account, written):
    lead = account.lead(Phone=written)
    assert found(account, Whom(NUMBER, ASHA)) == [[lead]]


def test_a_number_is_looked_for_in_all_telephone_fields_of_both_modules(account):
    lead, contact = account.lead(Mobile=ASHA), account.contact(Home_Phone=ASHA)
    account.lead(Phone="+919810099999")
    ((one, other),) = records.find(account.client, [Whom(NUMBER, ASHA)])
    assert {(one.id, one.numbers), (other.id, other.numbers)} == {(lead, (ASHA,)), (contact, (ASHA,))}
    assert one.url.endswith(f"/crm/org60001/tab/Leads/{lead}")


def test_nobody_is_an_answer_without_content(account):
    assert found(account, Whom(NUMBER, ASHA), Whom(REFERENCE, "554023000001"), Whom(REFERENCE, "x7")) == [[], [], []]


def test_one_module_alone_is_asked_where_the_settings_say_so():
    with stage({"records": ["contacts"], "number_searches": ["e164"]}) as account:
        account.lead(Phone=ASHA)
        contact = account.contact(Phone=ASHA)
        assert found(account, Whom(NUMBER, ASHA), Whom(REFERENCE, contact)) == [[contact], [contact]]
        assert (account.asked("Leads"), account.asked("Contacts/search")) == (0, 1)


def test_a_reference_is_an_id_of_either_module_and_a_converted_lead_is_none(account):
    lead, contact, gone = account.lead(), account.contact(), account.lead()
    account.zoho.convert(gone)
    assert found(account, *(Whom(REFERENCE, one) for one in (lead, contact, gone))) == [[lead], [contact], []]


def test_a_reference_may_be_a_value_of_a_field_and_only_of_that_field():
    with stage({"reference_field": "Dialer_Id"}) as account:
        account.zoho.add_field("Leads", "Dialer_Id", "text")
        lead = account.lead(Dialer_Id="A(7),b")
        account.lead(Dialer_Id="A(7),b and more")  # "equals" finds what contains it
        account.contact(Last_Name="A(7),b")
        assert found(account, Whom(REFERENCE, "A(7),b"), Whom(REFERENCE, "A")) == [[lead], []]


# Reading and changing -------------------------------------------------------------------------------------------------
def test_fields_are_read_as_texts_and_absent_ones_are_empty(account):
    lead = account.lead(No_of_Employees=7, Email_Opt_Out=True)
    contact = account.contact()
    names = ["Lead_Status", "No_of_Employees", "Email_Opt_Out", "Owner", "Mobile"]
    there, other, gone = records.read(account.client, [lead, contact, "554023000001"], names)
    assert there == {
        **{"Lead_Status": "Not Contacted", "No_of_Employees": "7", "Email_Opt_Out": "true"},
        **{"Owner": "6000000000000111", "Mobile": ""},
    }
    assert (other["Lead_Status"], gone) == ("", None)


def test_values_are_written_in_their_fields_own_types(account):
    lead = account.lead()
    user = account.zoho.add_user("asha@example.test")
    fields = {"No_of_Employees": "7", "Annual_Revenue": "2.5", "Email_Opt_Out": "true", "Owner": user, "Mobile": ""}
    (done,) = records.change(account.client, [Change("t", lead, fields)])
    row = account.zoho.records["Leads"][lead].row
    assert isinstance(done, Done)
    assert [row[name] for name in fields] == [7, 2.5, True, {"id": user}, None]


@pytest.mark.parametrize(
    ("module", "fields", "said"),
    [
        ("Leads", {"Lead_Status": "Contactd"}, "The field Lead_Status of Leads has no option Contactd."),
        ("Contacts", {"Lead_Status": "Contacted"}, "Contacts have no field Lead_Status that can be set."),
        ("Leads", {"Full_Name": "Asha"}, "Leads have no field Full_Name that can be set."),
        ("Leads", {"No_of_Employees": "many"}, "The field No_of_Employees of Leads takes a whole number."),
    ],
)
def test_what_zoho_would_drop_without_a_word_is_refused_before_it_is_sent(account, module, fields, said):
    record = account.zoho.add(module, Last_Name="Asha")
    (refused,) = records.change(account.client, [Change("t", record, fields)])
    assert (refused.reason, refused.answer, account.asked("PUT")) == ("validation", said, 0)


def test_each_change_has_its_own_result(account):
    leads = [account.lead() for _ in range(4)]
    changes = [Change(f"t{at}", lead, {"Lead_Status": "Contacted"}) for at, lead in enumerate([*leads, "554023000001"])]
    account.faults(deleted={"value": [leads[1]], "after": 1, "times": 1, "path": "/Leads"})
    done = records.change(account.client, changes)
    assert [type(one) for one in done] == [Done, Refused, Done, Done, Refused]
    assert (done[1].reason, done[4].reason) == ("record_deleted", "record_deleted")
    account.faults(results_missing={"path": "/Leads"})
    (unknown,) = records.change(account.client, changes[:1])
    assert isinstance(unknown, Unknown)


def test_two_changes_of_one_record_are_given_one_after_the_other(account):
    lead = account.lead()
    changes = [Change("a", lead, {"Lead_Status": "Contacted"}), Change("b", lead, {"Lead_Status": "Lost Lead"})]
    records.change(account.client, changes)
    assert (account.asked("PUT"), account.zoho.statuses(lead)) == (2, ["Contacted", "Lost Lead"])


def test_one_id_that_zoho_does_not_know_hides_no_other(account):
    leads = [account.lead() for _ in range(5)]
    account.faults(ids_refused={})
    there = records.read(account.client, [*leads, "554023000001"], ["Lead_Status"])
    assert [one is not None for one in there] == [True] * 5 + [False]


def test_a_question_that_is_refused_is_no_deliverys_fault(account):
    lead = account.lead(Phone=ASHA)
    account.faults(whole_batch={"path": "/Leads"})
    for ask in (
        lambda: records.read(account.client, [lead], ["Lead_Status"]),
        lambda: records.find(account.client, [Whom(NUMBER, ASHA)]),
    ):
        with pytest.raises(NotSetUp, match="INVALID_DATA"):
            ask()
    account.faults(whole_batch={"path": "settings"})
    account.client.facts = Facts()
    with pytest.raises(NotSetUp, match="settings/fields"):
        records.find(account.client, [Whom(NUMBER, ASHA)])


def test_a_reference_that_zoho_cannot_search_for_is_nobodys():
    with stage({"reference_field": "Dialer_Id", "records": ["leads"]}) as account:
        account.zoho.add_field("Leads", "Dialer_Id", "text")
        account.faults(whole_batch={"path": "search"})
        assert found(account, Whom(REFERENCE, "A")) == [[]]
