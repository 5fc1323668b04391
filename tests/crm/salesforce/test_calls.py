"""Calls in Salesforce: Tasks under our field or in CallObject, each once, where they belong."""

import pytest

from crm.base import Done, NotSetUp, QuotaSpent, Refused, Unknown
from crm.salesforce import calls
from crm.salesforce.api import Client
from lib.http.errors import TooOften, Unavailable, Uncertain
from lib.http.exchange import Patience
from sandbox.salesforce.account import Salesforce
from tests.crm.salesforce.stage import Access, stage
from tests.crm.samples import ASHA, call, several

WITHOUT = {"external_id_field": ""}


@pytest.fixture
def account():
    with stage() as found:
        found.lead = found.org.add("Lead", LastName="Asha", Phone=ASHA)
        yield found


@pytest.fixture
def bare():
    """An org without our field."""
    with stage(WITHOUT, Salesforce(external_id="", lifted=True, search_delay=0)) as found:
        found.lead = found.org.add("Lead", LastName="Asha", Phone=ASHA)
        yield found


def kinds(results) -> list[str]:
    return [type(one).__name__ for one in results]


# What is written ----------------------------------------------------------------------------------------------------------
def test_what_a_task_says(account):
    owner = account.org.add("User", Email="Asha@Example.test", IsActive=True)
    (done,) = account.log(call("m1", account.lead))
    assert done == Done(account.org.call("m1")["Id"], f"{account.client.url('')}{account.org.call('m1')['Id']}")
    task = account.org.call("m1")
    expected = {
        "Wrapup_Outcome_Id__c": "m1",
        "CallObject": "m1",
        "WhoId": account.lead,
        "WhatId": None,
        "OwnerId": owner,
        "TaskSubtype": "Call",
        "Status": "Completed",
        "Priority": "Normal",
        "Subject": "Outbound call: Interested",
        "ActivityDate": "2026-11-18",
        "CallType": "Outbound",
        "CallDurationInSeconds": 12,
        "CallDisposition": "Interested",
    }
    assert {name: task[name] for name in expected} == expected
    assert "Notes: Wants <the> offer\nby mail" in task["Description"]
    for said in ("Result: connected", f"Number: {ASHA}", "Recording: https://rec.example.test/1.mp3"):
        assert said in task["Description"]


@pytest.mark.parametrize(
    ("at", "zone", "day"),
    [
        ("2026-11-18T19:00:00Z", "Asia/Kolkata", "2026-11-19"),
        ("2026-11-18T19:00:00Z", "America/New_York", "2026-11-18"),
        ("2026-11-18T03:00:00Z", "America/New_York", "2026-11-17"),
    ],
)
def test_the_day_of_a_call_is_told_in_the_orgs_zone(at, zone, day):
    with stage(org=Salesforce(zone=zone, lifted=True)) as account:
        account.log(call("m1", account.org.add("Lead"), occurred_at=at))
        assert account.org.call("m1")["ActivityDate"] == day
    with stage({"time_zone": zone}, Salesforce(zone="UTC", lifted=True)) as account:
        account.log(call("m1", account.org.add("Lead"), occurred_at=at))
        assert account.org.call("m1")["ActivityDate"] == day


def test_without_a_zone_nothing_is_sent():
    with stage(org=Salesforce(zone="Mars/Base", lifted=True)) as account:
        lead = account.org.add("Lead")
        with pytest.raises(NotSetUp, match="time_zone"):
            account.log(call("m1", lead))
        assert account.org.calls() == []


@pytest.mark.parametrize(
    ("outcome", "disposition"),
    [
        ({"disposition": "Will pay"}, "Promised"),
        ({"disposition": None, "flags": ["dnc"]}, "Do Not Call"),
        ({"disposition": None, "flags": [], "connect_outcome": "voicemail"}, "Left Voicemail"),
        ({"disposition": None, "flags": [], "connect_outcome": "canceled"}, None),
        ({"disposition": "x" * 300, "flags": []}, "x" * 255),
    ],
)
def test_how_a_call_came_out(outcome, disposition):
    with stage({"dispositions": {"disposition:Will pay": "Promised", "flag:dnc": "Do Not Call"}}) as account:
        account.log(call("m1", account.org.add("Lead"), **outcome))
        assert account.org.call("m1")["CallDisposition"] == disposition


def test_a_long_note_is_cut(account):
    account.log(call("m1", account.lead, notes="n" * 60_000))
    said = account.org.call("m1")["Description"]
    assert (len(said) <= 31_000, "Dialer: ryng" in said) == (True, True)


def test_long_notes_of_many_calls_are_read_back_and_looked_up_within_what_is_read(account):
    patience = Patience(read=10, whole=20, most_bytes=1_700_000)
    client = Client(account.destination, account.turns, Access(account.destination), patience)
    some = [call(f"m{at}", account.lead, notes="n" * 60_000) for at in range(60)]
    assert set(kinds(calls.log(client, some))) == {"Done"}
    assert all(one.same for one in calls.look_up(client, some))


def test_accounts_and_opportunities_are_what_a_call_is_about(account):
    wanted = {kind: account.org.add(kind, Name="Acme") for kind in ("Account", "Opportunity")}
    wanted["Contact"] = account.org.add("Contact")
    account.log(*(call(kind, id_) for kind, id_ in wanted.items()))
    assert {one["mark"]: one["WhoId"] or one["WhatId"] for one in account.org.calls()} == wanted
    (refused,) = account.log(call("m9", "500000000000001"))
    assert (refused.reason, account.org.call("m9")) == ("record_deleted", None)


def test_fields_that_the_org_does_without():
    with stage({"leave_out": ["CallType", "TaskSubtype", "Priority"]}) as account:
        for name in ("CallType", "TaskSubtype", "Priority"):
            del account.org.objects["Task"].fields[name]
        lead = account.org.add("Lead")
        (done,) = account.log(call("m1", lead))
        assert kinds(account.log(call("m1", lead, done.remote_id, notes="again"))) == ["Done"]


# Once -------------------------------------------------------------------------------------------------------------------
def test_four_hundred_take_two_requests_to_write_and_are_sorted_by_their_records(account):
    client = Client(account.destination, account.turns, Access(account.destination), Patience(read=20, whole=20))
    others = [account.org.add("Contact") for _ in range(3)]
    some = [call(f"m{at}", [account.lead, *others][at % 4]) for at in range(400)]
    assert set(kinds(calls.log(client, some))) == {"Done"}
    assert account.org.requests["PATCH /services/data/v<version>/composite/sobjects/<kind>/<name>"] == 2
    assert len(account.marks()) == 400
    order = [one["WhoId"] for one in account.org.calls()]
    assert order == sorted(order)


@pytest.mark.parametrize("fault", ["drop_after", "error_after", "garbled_after", "error_in_200_after"])
def test_without_our_field_an_answer_that_is_lost_makes_no_second_task(bare, fault):
    bare.faults(**{fault: {"path": "composite/sobjects", "times": 1}})
    with pytest.raises(Uncertain):
        bare.log(call("m1", bare.lead))
    assert kinds(bare.log(call("m1", bare.lead))) == ["Done"]
    assert bare.marks() == ["m1"]
    assert bare.org.counted["Tasks made"] == 1


def test_without_our_field_a_call_is_corrected_and_removed_by_its_id(bare):
    (done,) = bare.log(call("m1", bare.lead))
    bare.log(call("m1", bare.lead, done.remote_id, notes="second"))
    assert "second" in bare.org.call("m1")["Description"]
    assert calls.look_up(bare.client, [call("m1", bare.lead, notes="second")])[0].same
    assert kinds(calls.remove(bare.client, [done.remote_id, done.remote_id])) == ["Done", "Done"]
    assert bare.org.calls() == []


def test_a_task_that_a_lost_request_made_is_changed_without_its_kind(account):
    account.log(call("m1", account.lead, notes="first"))
    assert kinds(account.log(call("m1", account.lead, notes="second"))) == ["Done"]
    assert ("second" in account.org.call("m1")["Description"], account.marks()) == (True, ["m1"])


def test_several_tasks_of_one_id_are_refused(account):
    for _ in range(2):
        account.org.add("Task", Wrapup_Outcome_Id__c="m1", WhoId=account.lead)
    (refused,) = account.log(call("m1", account.lead))
    assert refused.reason == "several_there"


def test_an_org_without_our_field_parks_with_what_to_do():
    with stage(org=Salesforce(external_id="", lifted=True)) as account:
        lead = account.org.add("Lead")
        with pytest.raises(NotSetUp, match="Wrapup_Outcome_Id__c"):
            account.log(call("m1", lead))
    with stage() as account:
        account.org.objects["Task"].fields[account.org.external_id].makeable = False
        with pytest.raises(NotSetUp, match="wrapup crm check sales"):
            account.log(call("m1", account.org.add("Lead")))


# Results in part --------------------------------------------------------------------------------------------------------
def test_what_is_locked_is_sent_again_and_the_rest_is_done(account):
    account.faults(row_locked={"path": "composite/sobjects/Task", "value": 3, "times": 1})
    results = account.log(*several(9, account.lead))
    assert kinds(results) == ["Done", "Done", "Again"] * 3
    assert results[2].after == 2.0
    assert "UNABLE_TO_LOCK_ROW" in results[2].answer
    assert len(account.marks()) == 6
    assert set(kinds(account.log(*several(9, account.lead)))) == {"Done"}
    assert account.org.counted["Tasks made"] == 9


def test_an_answer_that_does_not_tell_of_each_tells_of_none(account):
    account.faults(not_told={"path": "composite/sobjects", "times": 1})
    assert set(kinds(account.log(*several(3, account.lead)))) == {"Unknown"}
    assert [one.remote_id is not None for one in calls.look_up(account.client, several(3, account.lead))] == [True] * 3


def test_one_bad_record_does_not_fail_the_others(account):
    account.org.unwanted = "Result: busy"
    some = [call(f"m{at}", account.lead, connect_outcome="busy" if at == 2 else "connected") for at in range(4)]
    results = account.log(*some)
    assert kinds(results) == ["Done", "Done", "Refused", "Done"]
    assert "FIELD_CUSTOM_VALIDATION_EXCEPTION" in results[2].answer
    account.faults(required_field={"value": "CallDisposition"})
    (refused,) = account.log(call("m9", account.lead, disposition=None, flags=[], connect_outcome="canceled"))
    assert refused.reason == "required_field"


def test_an_owner_that_is_none_is_not_a_record_that_is_gone(account):
    (refused,) = account.log(call("m1", account.lead, owner="005000000099999AAA"))
    assert (refused.reason, account.org.calls()) == ("validation", [])


def test_corrections_after_what_was_made_keep_what_is_known(account):
    (done,) = account.log(call("m1", account.lead))
    account.faults(server_error={"path": "composite/sobjects", "after": 1, "times": 1})
    results = account.log(call("m1", account.lead, done.remote_id, notes="second"), call("m2", account.lead))
    assert kinds(results) == ["Unknown", "Done"]


# Where it stands --------------------------------------------------------------------------------------------------------
def test_a_task_that_stands_nowhere_is_put_there(account):
    account.faults(who_dropped={"times": 1})
    assert kinds(account.log(call("m1", account.lead))) == ["Done"]
    assert account.org.call("m1")["WhoId"] == account.lead


def test_what_is_not_read_back_is_not_known(account):
    account.client.organization()
    account.faults(server_error={"path": "/query", "after": 2})  # of the lead, and of the owner
    results = account.log(call("m1", account.lead))
    assert isinstance(results[0], Unknown)
    assert account.marks() == ["m1"]


def test_a_converted_lead_is_refused_and_says_who_it_is_now(account):
    contact = account.org.convert(account.lead)
    other = account.org.add("Lead")
    refused, done = account.log(call("m1", account.lead), call("m2", other))
    assert isinstance(refused, Refused)
    assert (refused.reason, contact in refused.answer, type(done)) == ("converted_lead", True, Done)


def test_a_call_stays_where_salesforce_has_moved_it(account):
    (done,) = account.log(call("m1", account.lead))
    contact = account.org.convert(account.lead)
    again = call("m1", account.lead, done.remote_id, notes="second")
    assert kinds(account.log(again)) == ["Done"]
    assert (account.org.call("m1")["WhoId"], account.marks()) == (contact, ["m1"])
    assert calls.look_up(account.client, [again])[0].same
    old, new = account.org.add("Contact"), account.org.add("Contact")
    (done,) = account.log(call("m2", old))
    account.org.merge("Contact", old, new)
    assert kinds(account.log(call("m2", old, done.remote_id, notes="second"))) == ["Done"]
    assert account.org.call("m2")["WhoId"] == new


def test_a_call_that_a_person_has_moved_away_is_put_back(account):
    (done,) = account.log(call("m1", account.lead))
    account.org.change("Task", done.remote_id, {"WhoId": account.org.add("Contact")})
    assert not calls.look_up(account.client, [call("m1", account.lead)])[0].same
    account.log(call("m1", account.lead, done.remote_id))
    assert account.org.call("m1")["WhoId"] == account.lead


def test_a_record_that_is_gone_is_refused(account):
    gone = account.org.add("Contact")
    account.org.delete("Contact", gone)
    (refused,) = account.log(call("m1", gone))
    assert refused.reason == "record_deleted"


# Corrections ------------------------------------------------------------------------------------------------------------
def test_what_the_outcome_no_longer_says_is_taken_back_and_what_people_have_set_stays(account):
    (done,) = account.log(call("m1", account.lead))
    account.org.change("Task", done.remote_id, {"Status": "In Progress", "Priority": "High"})
    quiet = {"disposition": None, "flags": [], "connect_outcome": "canceled", "direction": None, "talk_seconds": None}
    account.log(call("m1", account.lead, done.remote_id, duration_seconds=None, **quiet))
    task = account.org.call("m1")
    names = ("CallDisposition", "CallType", "CallDurationInSeconds", "Status", "Priority")
    assert [task[name] for name in names] == [None, None, None, "In Progress", "High"]


def test_a_task_that_a_person_has_deleted_is_made_anew(account):
    (done,) = account.log(call("m1", account.lead))
    account.org.delete("Task", done.remote_id)
    (again,) = account.log(call("m1", account.lead, done.remote_id, notes="second"))
    assert isinstance(again, Done)
    assert (again.remote_id != done.remote_id, account.org.call("m1")["TaskSubtype"]) == (True, "Call")


def test_whether_it_stands_there_as_it_would_be_sent(account):
    account.log(call("m1", account.lead))
    seen = calls.look_up(account.client, [call("m1", account.lead), call("m2", account.lead), call("m1", "")])
    assert [one and one.same for one in seen] == [True, None, False]
    changed = [call("m1", account.lead, notes="other"), call("m1", account.org.add("Lead"))]
    assert [one.same for one in calls.look_up(account.client, changed)] == [False, False]


def test_removing_what_is_gone_is_done(account):
    (done,) = account.log(call("m1", account.lead))
    account.org.delete("Task", done.remote_id)
    assert kinds(calls.remove(account.client, [done.remote_id])) == ["Done"]


# Limits -----------------------------------------------------------------------------------------------------------------
def test_a_spent_day_is_told_from_too_much_at_once(account):
    account.faults(requests_spent={"path": "composite", "times": 1})
    with pytest.raises(QuotaSpent, match="24 hours"):
        account.log(call("m1", account.lead))
    account.faults(too_many_at_once={"path": "composite"})
    with pytest.raises(TooOften) as error:
        account.log(call("m1", account.lead))
    assert (error.value.retry_after, account.turns.waited[-1]) == (10.0, ("requests", 10.0))


def test_the_others_share_of_the_requests_is_left_to_them():
    with stage({"keep_requests_percent": 50}) as account:
        account.org.limit, account.org.used = 1_000, 400
        lead = account.org.add("Lead")
        assert kinds(account.log(call("m1", lead))) == ["Done"]
        account.org.used = 600
        account.log(call("m2", lead))
        with pytest.raises(QuotaSpent, match="keep_requests_percent"):
            account.log(call("m3", lead))
        account.org.limit = 100_000  # whoever resumes may have bought more: it is asked once more
        assert kinds(account.log(call("m3", lead))) == ["Done"]


def test_a_server_that_is_busy_for_a_moment_is_asked_again_at_once(account):
    account.faults(server_unavailable={"path": "composite", "times": 1, "value": 1})
    assert kinds(account.log(call("m1", account.lead))) == ["Done"]
    assert account.turns.waited == [("requests", 1.0)]


def test_a_question_that_is_not_answered_with_a_list_says_of_nobody_that_they_are_gone(account):
    for fault in ("html", "empty", "error_in_200", "drop"):
        account.faults(**{fault: {"path": "/query"}})
        with pytest.raises(Unavailable):
            calls.look_up(account.client, [call("m1", account.lead)])


def test_a_field_that_the_org_does_not_have_is_no_calls_fault(account):
    del account.org.objects["Task"].fields["CallType"]
    for ask in (lambda: account.log(call("m1", account.lead)), lambda: calls.look_up(account.client, [call("m1", "")])):
        with pytest.raises(NotSetUp, match="leave_out"):
            ask()
    assert account.org.calls() == []
