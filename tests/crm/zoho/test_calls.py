"""Calls in Zoho: on leads and contacts, once, corrected, taken back, with and without a unique field of ours."""

import pytest

from crm.base import Again, Done, NotSetUp, QuotaSpent, Refused, Unknown
from crm.facts import Facts
from crm.zoho import calls
from lib.http.errors import Unavailable, Uncertain
from tests.crm.samples import call, several
from tests.crm.zoho.stage import stage


@pytest.fixture
def account():
    with stage() as found:
        yield found


def stands(account) -> list[tuple]:
    return sorted((one["mark"], one["on"]) for one in account.zoho.calls())


# Where a call stands --------------------------------------------------------------------------------------------------
def test_a_call_on_a_lead_and_one_on_a_contact_are_each_linked_as_zoho_wants_it(account):
    lead, contact = account.lead(), account.contact()
    done = account.log(call("m1", lead), call("m2", contact))
    assert [type(one) for one in done] == [Done, Done]
    rows = {one["mark"]: one["fields"] for one in account.zoho.calls()}
    assert (rows["m1"]["What_Id"], rows["m1"].get("Who_Id")) == ({"id": lead}, None)
    assert (rows["m2"]["Who_Id"], rows["m2"].get("What_Id")) == ({"id": contact}, None)


def test_what_is_written_of_a_call(account):
    asha = account.zoho.add_user("asha@example.test")
    account.log(call("m1", account.lead(), disposition="Interested"))
    (row,) = [one["fields"] for one in account.zoho.calls()]
    assert row["Owner"] == {"id": asha}
    assert {name: row[name] for name in ("Call_Type", "Call_Start_Time", "Call_Duration", "Call_Result")} == {
        "Call_Type": "Outbound",
        "Call_Start_Time": "2026-11-18T10:12:52+00:00",
        "Call_Duration": "00:12",
        "Call_Result": "Interested",
    }
    assert (row["Dialled_Number"], row["Caller_ID"]) == ("+919810012345", "+911140001122")
    assert row["Subject"] == "Outbound call: Interested"
    assert "Notes: Wants <the> offer\nby mail\n" in row["Description"]


@pytest.mark.parametrize(
    ("given", "type_", "lasted"),
    [
        ({"talk_seconds": 0}, "Outbound", "00:01"),  # Zoho takes no call of zero seconds
        ({"talk_seconds": None, "duration_seconds": None}, "Outbound", "00:01"),
        ({"talk_seconds": 4_503}, "Outbound", "75:03"),
        ({"direction": "inbound"}, "Inbound", "00:12"),
        ({"direction": "inbound", "connect_outcome": "no_answer"}, "Missed", None),
        ({"direction": None}, "Outbound", "00:12"),
    ],
)
def test_each_call_has_a_type_and_a_duration_that_zoho_takes(account, given, type_, lasted):
    (done,) = account.log(call("m1", account.lead(), **given))
    (row,) = [one["fields"] for one in account.zoho.calls()]
    assert (type(done), row["Call_Type"], row.get("Call_Duration")) == (Done, type_, lasted)
    assert ("Lasted: " in row["Description"]) is (given.get("talk_seconds", 12) in (0, None))


@pytest.mark.parametrize(
    ("ours", "theirs", "seconds", "written", "told"),
    [
        ("mm:ss", "mm:ss", 12, "00:12", None),
        ("mm:ss", "hh:mm", 12, "00:12", "lasted 720 s, and it was 12 s"),
        ("hh:mm", "hh:mm", 1, "00:01", None),
        ("hh:mm", "hh:mm", 3_601, "01:01", None),
        ("hh:mm", "mm:ss", 3_600, "01:00", "lasted 60 s, and it was 3600 s"),
    ],
)
def test_a_duration_that_zoho_has_understood_otherwise_is_told(ours, theirs, seconds, written, told):
    with stage({"duration_format": ours}) as account:
        account.zoho.durations = theirs
        (done,) = account.log(call("m1", account.lead(), talk_seconds=seconds))
        (row,) = [one["fields"] for one in account.zoho.calls()]
        assert (row["Call_Duration"], type(done)) == (written, Done)
        assert (done.answer is None) if told is None else (told in done.answer)


def test_a_result_is_one_that_the_account_has():
    with stage({"results": {"flag:sale": "Requested more info", "busy": "None of these"}}) as account:
        account.log(
            call("m1", account.lead()), call("m2", account.lead(), flags=[], disposition="Odd", connect_outcome="busy")
        )
        account.log(call("m3", account.lead(), flags=[], disposition="Odd", connect_outcome="failed"))
        rows = {one["mark"]: one["fields"].get("Call_Result") for one in account.zoho.calls()}
        assert rows == {"m1": "Requested more info", "m2": "No response/Busy", "m3": None}


def test_of_a_batch_more_than_a_hundred_are_given_in_two(account):
    done = account.log(*several(120, account.lead()))
    assert {type(one) for one in done} == {Done}
    assert (account.asked("POST /crm/v8/Calls"), len(account.zoho.calls())) == (2, 120)
    assert account.asked("GET /crm/v8/Calls") == 3  # an address holds some fifty ids


def test_a_record_that_is_gone_or_converted_refuses_its_call_and_no_other(account):
    lead, other = account.lead(), account.lead()
    contact = account.zoho.convert(other)
    done = account.log(call("m1", lead), call("m2", other), call("m3", "123456789"), call("m4", contact))
    assert [type(one) for one in done] == [Done, Refused, Refused, Done]
    assert {done[1].reason, done[2].reason} == {"record_deleted"}
    assert stands(account) == [("m1", lead), ("m4", contact)]


# Once -----------------------------------------------------------------------------------------------------------------
def test_a_duplicate_is_the_call_itself_and_is_corrected(account):
    lead = account.lead()
    account.log(call("m1", lead, notes="first"))
    (done,) = account.log(call("m1", lead, notes="second"))
    (row,) = account.zoho.calls()
    assert (done.remote_id, "second" in row["fields"]["Description"]) == (row["id"], True)
    assert account.zoho.counted["Calls made"] == 1


def test_a_duplicate_without_an_id_is_looked_up(account):
    lead = account.lead()
    account.log(call("m1", lead))
    account.faults(nameless_duplicate={})
    (unknown,) = account.log(call("m1", lead))
    assert isinstance(unknown, Unknown)
    (seen,) = calls.look_up(account.client, [call("m1", lead)])
    assert (seen.remote_id, seen.same) == (account.zoho.calls()[0]["id"], True)


def test_a_duplicate_that_nobody_sees_is_told_to_a_person(account):
    lead = account.lead()
    account.log(call("m1", lead))
    (row,) = account.zoho.calls()
    account.faults(deleted={"value": [row["id"]]})
    (refused,) = account.log(call("m1", lead))
    assert (refused.reason, "recycle bin" in refused.answer) == ("conflict", True)


def test_a_late_search_doubles_nothing(account):
    lead = account.lead()
    account.faults(drop_after={"times": 1, "path": "/Calls"})
    with pytest.raises(Uncertain):
        account.log(call("m1", lead))
    account.faults(search_delay={"value": 60})
    assert calls.look_up(account.client, [call("m1", lead)]) == [None]
    (done,) = account.log(call("m1", lead))
    assert (type(done), account.zoho.counted["Calls made"], stands(account)) == (Done, 1, [("m1", lead)])


def test_answers_in_another_order_are_known_by_their_marks(account):
    leads = [account.lead() for _ in range(3)]
    account.faults(shuffled={})
    done = account.log(*(call(f"m{at}", lead) for at, lead in enumerate(leads)))
    ids = {one["mark"]: one["id"] for one in account.zoho.calls()}
    assert [one.remote_id for one in done] == [ids["m0"], ids["m1"], ids["m2"]]


@pytest.mark.parametrize("given", [{}, {"unique_field": ""}])
def test_a_call_whose_mark_is_not_shown_is_not_sent_again(given):
    with stage(given) as account:
        account.faults(marks_hidden={})
        done = account.log(*several(3, account.lead()))
        assert [type(one) for one in done] == [Done] * 3
        assert account.zoho.counted["Calls made"] == 3


def test_of_a_batch_that_is_taken_in_part_each_record_has_its_own_result(account):
    account.faults(partial={"times": 1, "path": "/Calls"})
    done = account.log(*several(4, account.lead()))
    assert [type(one) for one in done] == [Done, Again, Done, Again]
    account.faults(results_missing={"times": 1, "path": "/Calls"})
    assert {type(one) for one in account.log(*[call(f"n{at}", account.lead()) for at in range(3)])} == {Unknown}
    assert len(account.zoho.calls()) == 5


def test_a_batch_that_is_refused_as_a_whole_is_halved(account):
    account.faults(whole_batch={"times": 1, "path": "/Calls"})
    assert {type(one) for one in account.log(*several(4, account.lead()))} == {Done}
    assert account.asked("POST /crm/v8/Calls") == 3


def test_a_call_that_zoho_puts_on_no_record_is_put_there_and_read_back(account):
    lead = account.lead()
    account.faults(no_link={})
    (done,) = account.log(call("m1", lead))
    assert (type(done), stands(account)) == (Done, [("m1", lead)])


def test_what_is_logged_and_cannot_be_read_back_is_unknown_and_not_sent_again(account):
    account.faults(server_error={"after": 1, "path": "/Calls"})
    (unknown,) = account.log(call("m1", account.lead()))
    assert isinstance(unknown, Unknown)
    assert account.zoho.counted["Calls made"] == 1


# Without a unique field -----------------------------------------------------------------------------------------------
def test_without_a_unique_field_the_mark_stands_in_the_description_and_is_looked_for():
    with stage({"unique_field": ""}, unique=None) as account:
        lead = account.lead()
        account.faults(drop_after={"times": 1, "path": "/Calls"}, search_delay={"value": 60})
        with pytest.raises(Uncertain):
            account.log(call("m1", lead))
        (seen,) = calls.look_up(account.client, [call("m1", lead)])  # a list is not late
        assert seen.same
        assert account.zoho.calls()[0]["fields"]["Description"].endswith("\nWrapup: m1")
        assert calls.look_up(account.client, [call("m2", lead)]) == [None]
        (done,) = account.log(call("m1", lead, remote_id=seen.remote_id, notes="more"))
        assert (done.remote_id, account.zoho.counted["Calls made"]) == (seen.remote_id, 1)


@pytest.mark.parametrize("unique", [None, "Another"])
def test_an_account_without_our_field_is_sent_nothing(unique):
    with stage(unique=unique) as account:
        with pytest.raises(NotSetUp, match="no unique field Wrapup_Outcome_Id"):
            account.log(call("m1", account.lead()))
        account.zoho.add_field("Calls", "Wrapup_Outcome_Id", "text")  # and takes duplicates
        account.client.facts = Facts()
        with pytest.raises(NotSetUp, match="no unique field"):
            account.log(call("m1", account.lead()))
        assert account.zoho.calls() == []


# Corrections ----------------------------------------------------------------------------------------------------------
def test_a_correction_writes_what_differs_and_says_what_zoho_keeps(account):
    lead = account.lead()
    (done,) = account.log(call("m1", lead))
    (again,) = account.log(call("m1", lead, remote_id=done.remote_id))
    assert (again.answer, account.asked("PUT")) == (None, 0)
    later = {"started_at": "2026-11-18T11:00:00Z", "talk_seconds": 60}
    (again,) = account.log(call("m1", lead, remote_id=done.remote_id, **later))
    assert "Call_Start_Time" in again.answer
    (row,) = [one["fields"] for one in account.zoho.calls()]
    assert (row["Call_Duration"], row["Call_Start_Time"]) == ("01:00", "2026-11-18T10:12:52+00:00")


def test_a_call_follows_its_record_and_stays_where_a_merge_has_put_it(account):
    lead, contact = account.lead(), account.contact()
    (done,) = account.log(call("m1", lead))
    account.log(call("m1", contact, remote_id=done.remote_id))
    assert stands(account) == [("m1", contact)]
    other = account.contact()
    account.zoho.merge("Contacts", contact, other)
    (again,) = account.log(call("m1", contact, remote_id=done.remote_id, notes="more"))
    assert (type(again), stands(account)) == (Done, [("m1", other)])


def test_a_call_that_a_person_has_deleted_is_logged_anew_when_it_is_corrected(account):
    lead = account.lead()
    (done,) = account.log(call("m1", lead))
    account.zoho.delete("Calls", done.remote_id)
    (again,) = account.log(call("m1", lead, remote_id=done.remote_id))
    assert (again.remote_id != done.remote_id, stands(account)) == (True, [("m1", lead)])


# Taking back ----------------------------------------------------------------------------------------------------------
def test_what_is_removed_is_gone_and_what_was_gone_is_no_mistake(account):
    done = account.log(*several(3, account.lead()))
    ids = [one.remote_id for one in done]
    account.zoho.delete("Calls", ids[1])
    assert {type(one) for one in calls.remove(account.client, ids)} == {Done}
    assert account.zoho.calls() == []
    account.faults(results_missing={})
    assert {type(one) for one in calls.remove(account.client, ids)} == {Done}


def test_credits_that_are_left_to_others_stop_before_anything_is_begun():
    with stage({"keep_credits": 100}) as account:
        account.zoho.limits.lifted, account.zoho.limits.credits = False, 303
        for _ in range(200):
            account.zoho.limits.take()
        account.log(call("m1", account.lead()))
        asked = account.zoho.requests.total()
        with pytest.raises(QuotaSpent, match="keep_credits leaves 100"):
            account.log(call("m2", account.lead()))
        assert account.zoho.requests.total() == asked


def test_who_asks_too_much_at_once_waits_a_little_and_then_for_a_minute(account):
    account.faults(too_often={"times": 2, "path": "/Calls"})
    assert isinstance(account.log(call("m1", account.lead()))[0], Done)
    assert [seconds for _, seconds in account.turns.waited] == [1.0, 2.0]
    account.faults(too_often={"path": "/Calls"})
    with pytest.raises(Unavailable) as told:
        account.log(call("m2", account.lead()))
    assert told.value.retry_after == 60.0
