"""``wrapup crm check``: each thing that is needed is there, or it is said what to do."""

import pytest

from crm.destination import Rule
from sandbox.salesforce.account import Salesforce
from sandbox.salesforce.objects import STATUSES
from tests.crm.checks import lines, wrong
from tests.crm.salesforce.stage import stage

SALE = Rule("flag", "sale", {"Status": STATUSES[1]}, (STATUSES[0],))
DNC = Rule("flag", "dnc", {"DoNotCall": "true"})


def test_an_org_that_has_everything():
    org = Salesforce(lifted=True)
    owner = org.add("User", Email="asha@example.test", IsActive=True)
    with stage({"do_not_call": True}, org, status=(SALE, DNC), owners={"asha": owner}) as account:
        found = lines(account)
        assert not wrong(account)
        for said in (f"There is the user {owner} (of asha)", "Tasks have the external id Wrapup_Outcome_Id__c"):
            assert said in found
        assert "Calls are dated in Asia/Kolkata" in found
        assert any("of the org's 100,000 requests of 24 hours are left" in what for what in found)
        assert account.org.calls() == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("html", "not JSON"),
        ("error_in_200", "an error in it"),
        ("huge", "larger than"),
        ("api_disabled", "not enabled"),
        ("session_ended", "refused the access token"),
    ],
)
def test_an_answer_that_is_none_is_one_sentence(fault, said):
    with stage() as account:
        account.client.organization()
        account.faults(**{fault: {}})
        (todo,) = wrong(account).values()
        assert said in todo


def test_credentials_that_are_none():
    with stage({"client_secret": "wrong"}) as account:
        assert len(lines(account)) == 1
        assert "invalid_client" in wrong(account)["The credentials are valid"]


def test_an_org_without_our_field_and_one_that_does_not_want_it():
    with stage(org=Salesforce(external_id="", lifted=True)) as account:
        assert "CallObject alone" in wrong(account)["Tasks have the external id Wrapup_Outcome_Id__c"]
    with stage({"external_id_field": ""}, Salesforce(external_id="", lifted=True)) as account:
        assert not wrong(account)


def test_a_field_that_is_no_external_id():
    with stage() as account:
        account.org.objects["Task"].fields["Wrapup_Outcome_Id__c"].external = False
        assert "External ID" in wrong(account)["Tasks have the external id Wrapup_Outcome_Id__c"]


def test_fields_of_tasks_that_cannot_be_written_and_statuses_in_another_language():
    with stage({"task_status": "Erledigt"}) as account:
        account.org.objects["Task"].fields["CallDisposition"].makeable = False
        del account.org.objects["Task"].fields["CallObject"]
        said = wrong(account)
        assert "leave_out" in said["Tasks' fields CallDisposition, CallObject can be written"]
        assert "task_status" in said["Status of Tasks has the options Erledigt"]


def test_an_option_that_the_org_lacks_and_a_field_that_nobody_has():
    rules = (Rule("flag", "sale", {"Status": "Nowhere"}, (STATUSES[0],)), Rule("flag", "dnc", {"Stage": "1"}))
    with stage(status=rules) as account:
        said = wrong(account)
        assert STATUSES[1] in said["Status of Leads has the options Nowhere"]
        assert "Check its spelling" in said["There is the field Stage"]
    with stage(status=(Rule("flag", "dnc", {"DoNotCall": "yes"}),)) as account:
        assert "true or false" in wrong(account)["DoNotCall can be yes"]


def test_numbers_that_cannot_be_seen_and_a_reference_that_is_none():
    with stage({"reference_field": "Ref__c"}) as account:
        del account.org.objects["Contact"].fields["HomePhone"]
        said = wrong(account)
        assert "contact_phones" in said["Contacts have the numbers HomePhone"]
        assert {"Contacts have the field Ref__c", "Leads have the field Ref__c"} <= set(said)


def test_a_user_who_is_none_and_a_zone_that_nobody_knows():
    with stage(org=Salesforce(zone="Mars/Base", lifted=True), owners={"asha": "12345"}) as account:
        said = wrong(account)
        assert "005" in said["There is the user 12345 (of asha)"]
        assert "time_zone" in said["Calls can be dated"]


def test_requests_that_are_left_to_others_are_told():
    with stage({"keep_requests_percent": 90}) as account:
        account.org.limit, account.org.used = 1_000, 200
        assert any("keep_requests_percent" in todo for todo in wrong(account).values())
