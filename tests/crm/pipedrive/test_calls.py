"""Calls: logged once, found again by our mark, on one record, with the values of what was logged last."""

import json

import pytest

from crm.base import Again, Done, Refused, Unknown
from crm.pipedrive import calls, contents
from lib.http.errors import TooOften, Uncertain
from tests.crm.pipedrive.stage import stage
from tests.crm.samples import ASHA, OURS, call, several


def test_a_call_stands_on_its_person_as_pipedrive_writes_such():
    with stage() as account:
        person, owner = account.pipedrive.add_person(phone=ASHA), account.pipedrive.add_user("asha@example.test")
        (result,) = account.log(call("m1", person))
        there = account.pipedrive.call("m1")
        (log,) = there["logs"]
        assert result == Done(f"{log['id']}/{there['id']}", f"https://acme.pipedrive.com/person/{person}")
        assert there["on"] == {"persons": person}
        assert there["activity"]["subject"] == log["subject"] == "Outbound call: Interested"
        assert "Wants &lt;the&gt; offer<br>by mail" in log["note"]
        assert (log["outcome"], log["duration"]) == ("connected", "12")  # of talk, in seconds
        assert (log["start_time"], log["end_time"]) == ("2026-11-18T10:12:52.000Z", "2026-11-18T10:13:12.000Z")
        assert (log["from_phone_number"], log["to_phone_number"]) == (OURS, ASHA)
        assert str(log["user_id"]) == owner


@pytest.mark.parametrize(("kind", "member"), [("leads", "lead_id"), ("deals", "deal_id")])
def test_a_call_stands_on_a_lead_or_a_deal_where_the_destination_says_so(kind, member):
    with stage({"records": kind}) as account:
        person = account.pipedrive.add_person(phone=ASHA)
        add = account.pipedrive.add_lead if kind == "leads" else account.pipedrive.add_deal
        record = add(person)
        (result,) = account.log(call("m1", record))
        assert isinstance(result, Done)
        assert account.pipedrive.call("m1")["on"] == {kind: record}
        assert member in account.pipedrive.call("m1")["logs"][0]


def test_a_corrected_call_is_the_same_activity_with_another_call_log():
    with stage() as account:
        person = account.pipedrive.add_person(phone=ASHA)
        (first,) = account.log(call("m1", person))
        corrected = {"connect_outcome": "no_answer", "disposition": None, "notes": None, "talk_seconds": None}
        (second,) = account.log(call("m1", person, first.remote_id, **corrected))
        (there,) = account.pipedrive.calls()
        (log,) = there["logs"]
        assert isinstance(second, Done)
        assert second.remote_id == f"{log['id']}/{there['id']}" != first.remote_id
        assert second.remote_id.split("/")[1] == first.remote_id.split("/")[1]
        assert (log["outcome"], log["duration"]) == ("no_answer", "20")
        assert there["activity"]["subject"] == "Outbound call: no answer"
        assert "Wants" not in there["activity"]["note"]


def test_what_only_the_activity_says_leaves_the_call_log_as_it_is():
    with stage() as account:
        person = account.pipedrive.add_person(phone=ASHA)
        (first,) = account.log(call("m1", person))
        (second,) = account.log(call("m1", person, first.remote_id, notes="By post"))
        assert second.remote_id == first.remote_id
        assert "By post" in account.pipedrive.call("m1")["activity"]["note"]
        made = account.pipedrive.counted["call logs made"]
        assert account.log(call("m1", person, first.remote_id, notes="By post")) == [second]
        assert (made, account.pipedrive.counted["activities changed"]) == (1, 1)


def test_a_call_whose_record_is_another_one_now_stands_there_alone():
    with stage() as account:
        one, other = account.pipedrive.add_person(phone=ASHA), account.pipedrive.add_person(phone=ASHA)
        (first,) = account.log(call("m1", one))
        (result,) = account.log(call("m1", other, first.remote_id))
        assert isinstance(result, Done)
        assert account.pipedrive.call("m1")["on"] == {"persons": other}


def test_a_call_whose_person_was_merged_into_another_stays_there():
    with stage() as account:
        old, new = account.pipedrive.add_person(phone=ASHA), account.pipedrive.add_person(phone=ASHA)
        (first,) = account.log(call("m1", old))
        account.pipedrive.merge(old, new)
        (result,) = account.log(call("m1", old, first.remote_id, notes="By post"))
        assert isinstance(result, Done)
        assert account.pipedrive.call("m1")["on"] == {"persons": new}
        assert [
            one.same for one in calls.look_up(account.client, [call("m1", old, first.remote_id, notes="By post")])
        ] == [True]
        (refused,) = account.log(call("m2", old))
        assert refused.reason == "record_deleted"


def test_a_call_that_a_person_has_deleted_is_logged_anew_where_it_is_corrected():
    with stage() as account:
        person = account.pipedrive.add_person(phone=ASHA)
        (first,) = account.log(call("m1", person))
        account.pipedrive.activities[int(first.remote_id.split("/")[1])]["is_deleted"] = True
        (second,) = account.log(call("m1", person, first.remote_id, notes="By post"))
        assert isinstance(second, Done)
        assert account.marks() == ["m1"]


@pytest.mark.parametrize(("fault", "where"), [("no_note", "note"), ("no_link", "person_id")])
def test_what_pipedrive_leaves_out_of_the_activity_is_put_there(fault, where):
    with stage() as account:
        person = account.pipedrive.add_person(phone=ASHA)
        account.faults(**{fault: {}})
        (result,) = account.log(call("m1", person))
        assert isinstance(result, Done)
        assert account.pipedrive.call("m1")["on"] == {"persons": person}


def test_fifty_calls_take_a_request_each_and_few_more():
    with stage() as account:
        person = account.pipedrive.add_person(phone=ASHA)
        assert all(isinstance(one, Done) for one in account.log(*several(50, person)))
        # The calls, their activities read back, the users, once.
        assert account.turns.taken == {"requests": 52}


# Owners ---------------------------------------------------------------------------------------------------------------
def test_an_owner_is_taken_from_the_settings_then_by_e_mail():
    with stage() as account:
        person = account.pipedrive.add_person(phone=ASHA)
        account.pipedrive.add_user("asha@example.test")
        chosen = account.pipedrive.add_user("other@example.test")
        account.log(call("m1", person, owner=chosen))
        assert str(account.pipedrive.call("m1")["logs"][0]["user_id"]) == chosen


def test_who_may_not_log_calls_of_others_logs_its_own():
    with stage(token="small") as account:
        small = account.pipedrive.add_user("small@example.test", admin=False)
        account.pipedrive.tokens["small"] = int(small)
        account.pipedrive.add_user("asha@example.test")
        (result,) = account.log(call("m1", account.pipedrive.add_person(phone=ASHA)))
        assert isinstance(result, Done)
        assert str(account.pipedrive.call("m1")["logs"][0]["user_id"]) == small


# Refused --------------------------------------------------------------------------------------------------------------
def test_a_call_without_an_outcome_of_pipedrives_is_refused_until_somebody_names_one():
    with stage() as account:
        person = account.pipedrive.add_person(phone=ASHA)
        (refused,) = account.log(call("m1", person, connect_outcome=None))
        assert (refused.reason, "`outcomes`" in refused.answer) == ("no_outcome", True)
        assert account.pipedrive.calls() == []
    with stage({"outcomes": {"unknown": "no_answer", "disposition:Interested": "left_message"}}) as account:
        person = account.pipedrive.add_person(phone=ASHA)
        account.log(call("m1", person, connect_outcome=None, disposition=None), call("m2", person))
        said = [account.pipedrive.call(mark)["logs"][0]["outcome"] for mark in ("m1", "m2")]
        assert said == ["no_answer", "left_message"]


def test_one_bad_record_stops_nobody_else():
    with stage() as account:
        person = account.pipedrive.add_person(phone=ASHA)
        results = account.log(call("m1", person), call("m2", "999"), call("m3", "not an id"), call("m4", person))
        assert [type(one) for one in results] == [Done, Refused, Refused, Done]
        assert {results[1].reason, results[2].reason} == {"record_deleted"}
        assert account.marks() == ["m1", "m4"]


def test_a_member_that_the_account_wants_is_named():
    with stage() as account:
        person = account.pipedrive.add_person(phone=ASHA)
        account.faults(required_field={"value": "org_id"})
        (refused,) = account.log(call("m1", person))
        assert (refused.reason, "org_id" in refused.answer) == ("required_field", True)


# Unknown --------------------------------------------------------------------------------------------------------------
AFTER = ["drop_after", "error_after", "garbled_after", "error_in_200_after", "cut_after", "not_told"]


@pytest.mark.parametrize("fault", [*AFTER, "html", "error_in_200", "gateway_timeout", "server_error"])
def test_a_call_log_without_an_answer_that_proves_anything_is_uncertain_and_looked_up(fault):
    with stage() as account:
        person = account.pipedrive.add_person(phone=ASHA)
        account.faults(**{fault: {"times": 1, "path": "callLogs"}})
        if fault == "not_told":
            assert account.log(call("m1", person)) == [Unknown(calls.NOT_TOLD)]
        else:
            with pytest.raises(Uncertain) as raised:
                account.log(call("m1", person), call("m2", person))
            assert raised.value.tried == {"delivery-m1"}
        seen, other = calls.look_up(account.client, [call("m1", person), call("m2", person)])
        assert (seen is not None and seen.same) == (fault in AFTER)
        assert other is None
        if seen is not None:
            (again,) = account.log(call("m1", person, seen.remote_id))
            assert isinstance(again, Done)
            assert account.pipedrive.counted["call logs made"] == 1


def test_what_is_not_known_stops_those_behind_it_and_takes_nothing_from_those_before():
    with stage() as account:
        person = account.pipedrive.add_person(phone=ASHA)
        account.faults(drop_after={"times": 1, "after": 1, "path": "callLogs"})
        results = account.log(*several(4, person))
        assert [type(one) for one in results] == [Done, Unknown, Again, Again]
        assert [one.tried for one in results[2:]] == [False, False]
        assert account.pipedrive.counted["call logs made"] == 2


@pytest.mark.parametrize(
    "fault", ["drop", "server_error", "too_often", "token_revoked", "day_spent", "permission_denied"]
)
def test_whatever_fails_after_the_call_log_leaves_the_call_unknown(fault):
    with stage() as account:
        person = account.pipedrive.add_person(phone=ASHA)
        account.faults(**{fault: {"path": "activities"}})
        (result,) = account.log(call("m1", person))
        assert isinstance(result, Unknown)
        assert account.marks() == ["m1"]


def test_a_lost_correction_is_looked_up_and_finished():
    with stage() as account:
        person = account.pipedrive.add_person(phone=ASHA)
        (first,) = account.log(call("m1", person))
        account.faults(drop_after={"times": 1, "after": 2, "path": "/api/v1/callLogs"})  # read, deleted, made anew
        busy = call("m1", person, first.remote_id, connect_outcome="busy")
        with pytest.raises(Uncertain):
            account.log(busy)
        (seen,) = calls.look_up(account.client, [busy])
        assert seen.same
        (there,) = account.pipedrive.calls()
        assert [log["outcome"] for log in there["logs"]] == ["busy"]


def test_a_call_is_found_among_the_users_own_logs_where_its_activity_says_nothing():
    with stage() as account:
        person = account.pipedrive.add_person(phone=ASHA)
        account.faults(no_note={}, drop_after={"times": 1, "path": "callLogs"})
        with pytest.raises(Uncertain):
            account.log(call("m1", person))
        account.faults()
        (seen,) = calls.look_up(account.client, [call("m1", person)])
        assert (seen is not None, seen.same) == (True, False)
        (result,) = account.log(call("m1", person, seen.remote_id))
        assert isinstance(result, Done)
        assert (account.marks(), account.pipedrive.counted["call logs made"]) == (["m1"], 1)


def test_what_is_looked_up_is_compared_with_what_would_be_sent():
    with stage() as account:
        person = account.pipedrive.add_person(phone=ASHA)
        other = account.pipedrive.add_person(phone=ASHA)
        (first,) = account.log(call("m1", person))
        asked = [call("m1", person), call("m2", person), call("m1", person, connect_outcome="busy")]
        seen = calls.look_up(account.client, [*asked, call("m1", other, first.remote_id)])
        assert (seen[0].same, seen[1], seen[2].same, seen[3].same) == (True, None, False, False)
        assert seen[3].remote_id == first.remote_id


# Limits ---------------------------------------------------------------------------------------------------------------
def test_a_limit_that_has_room_again_soon_is_waited_for():
    with stage() as account:
        person = account.pipedrive.add_person(phone=ASHA)
        account.faults(too_often={"times": 2, "path": "callLogs", "value": "1"})
        assert isinstance(account.log(call("m1", person))[0], Done)
        assert account.turns.waited == [("requests", 1.0)] * 2


def test_a_limit_that_has_no_room_for_long_is_waited_for_by_nobody():
    with stage() as account:
        person = account.pipedrive.add_person(phone=ASHA)
        account.faults(too_often={"path": "callLogs", "value": "30"})
        with pytest.raises(TooOften) as raised:
            account.log(call("m1", person))
        assert raised.value.retry_after == 30.0


# Removing -------------------------------------------------------------------------------------------------------------
def test_what_is_removed_is_gone_with_its_activity_and_what_is_gone_is_removed():
    with stage() as account:
        person = account.pipedrive.add_person(phone=ASHA)
        first, second = account.log(*several(2, person))
        assert calls.remove(account.client, [first.remote_id, "CAnone/99"]) == [
            Done(first.remote_id),
            Done("CAnone/99"),
        ]
        assert calls.remove(account.client, [first.remote_id]) == [Done(first.remote_id)]
        assert account.marks() == ["m1"]
        assert [f"{log['id']}/{log['activity_id']}" for log in account.pipedrive.logs.values()] == [second.remote_id]


def test_a_call_log_whose_id_nobody_was_told_is_removed_as_well():
    with stage() as account:
        person = account.pipedrive.add_person(phone=ASHA)
        (first,) = account.log(call("m1", person))
        (result,) = calls.remove(account.client, ["/" + first.remote_id.split("/")[1]])
        assert isinstance(result, Done)
        assert (account.pipedrive.calls(), account.pipedrive.logs) == ([], {})


# Contents -------------------------------------------------------------------------------------------------------------
def test_contents_are_pure_and_the_same_for_the_same():
    one, other = call("m1", "1"), call("m2", "2", remote_id="a/3")
    assert calls.content(one) == calls.content(other)
    assert "m1" not in json.dumps(calls.content(one))
    assert calls.content(one) != calls.content(call("m1", "1", flags=[]))


@pytest.mark.parametrize("tidied", [str, lambda note: note.replace("<strong>", "<b>").replace("</strong>", "</b>")])
def test_a_mark_is_read_from_a_note_that_was_tidied(tidied):
    note = contents.marked("Wrapup: x/00000000", "0190f3a1-0000-7000-8000-000000000001", "1a2b3c4d")
    assert contents.mark_of(tidied(note)) == ("0190f3a1-0000-7000-8000-000000000001", "1a2b3c4d")
    assert contents.mark_of("nothing of ours") is None


def test_no_secret_and_no_line_break_is_in_what_pipedrive_says():
    with stage({"outcomes": {}}) as account:
        person = account.pipedrive.add_person(phone=ASHA)
        account.faults(required_field={"value": f"{account.client.secrets[0]}\n<b>"})
        (result,) = account.log(call("m1", person))
        assert isinstance(result, Refused)
        assert "\n" not in result.answer
