"""Calls of the telephony: registered and finished once, found again by our mark, with a note of what was said last."""

import pytest

from crm.base import Again, Done, Refused, Unknown
from crm.bitrix24 import calls, contents
from crm.bitrix24.making import REMEMBERED
from lib.http.errors import TooOften, Uncertain
from tests.crm.bitrix24.stage import stage
from tests.crm.samples import ASHA, call, several

REGISTER = "externalCall.register"
LATER = REMEMBERED + 60  # seconds after which Bitrix24 takes a call for another one


def begun(account) -> list[dict]:
    """What every call was registered with."""
    return [one["said"] for one in account.portal.registered.values()]


def test_a_call_stands_on_its_lead_as_bitrix24_writes_such():
    with stage() as account:
        lead, owner = account.portal.add(phone=ASHA), account.portal.add_user("asha@example.test")
        (result,) = account.log(call("m1", lead))
        there = account.portal.call("m1")
        assert result == Done(
            f"{there['call']['CALL_ID']}/{there['id']}", f"{account.client.portal}/crm/lead/details/{lead}/"
        )
        assert there["on"] == [f"leads/{lead}"]
        (said,) = begun(account)
        assert (said["EXTERNAL_CALL_ID"], said["LINE_NUMBER"]) == ("m1", "wrapup")
        assert (said["SHOW"], said["ADD_TO_CHAT"], said["CRM_CREATE"], said["TYPE"]) == ("0", "0", "0", "1")
        assert (said["PHONE_NUMBER"], said["CALL_START_DATE"]) == (ASHA, "2026-11-18T10:12:52+00:00")
        row = there["call"]
        assert (row["CALL_FAILED_CODE"], row["CALL_DURATION"], row["CALL_FAILED_REASON"]) == ("200", "12", "")
        assert row["PORTAL_USER_ID"] == owner
        assert there["text"].startswith("Outbound call: Interested\n")
        assert "Wants <the> offer\nby mail" in there["text"]
        assert account.asked("rest/batch telephony.externalCall.register") == 1


def test_five_calls_are_one_request_and_a_sixth_another_one():
    with stage() as account:
        lead = account.portal.add(phone=ASHA)
        assert {type(one) for one in account.log(*several(6, lead))} == {Done}
        assert (account.asked(REGISTER), account.portal.counted["activities made"]) == (2, 6)


def test_two_calls_of_one_number_at_once_are_two_calls():
    with stage() as account:
        lead = account.portal.add(phone=ASHA)
        account.log(call("m1", lead), call("m2", lead))
        assert len({one["call"]["CALL_ID"] for one in account.portal.calls()}) == 2
        assert account.marks() == ["m1", "m2"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"connect_outcome": "no_answer"}, "304"),
        ({"connect_outcome": "busy"}, "486"),
        ({"connect_outcome": "canceled"}, "603-S"),
        ({"connect_outcome": "unknown"}, "OTHER"),
        ({"flags": ["wrong_number"]}, "404"),
        ({"disposition": "Line is dead"}, "423"),
    ],
)
def test_how_a_call_ended_is_one_of_bitrix24s_codes(given, code):
    with stage({"status_codes": {"disposition:Line is dead": "423"}}) as account:
        account.log(call("m1", account.portal.add(), direction="inbound", **given))
        row = account.portal.call("m1")["call"]
        assert (row["CALL_FAILED_CODE"], row["CALL_TYPE"]) == (code, "2")
        assert row["CALL_FAILED_REASON"].startswith("Inbound call: ")


@pytest.mark.parametrize(
    ("settings", "given", "owner"),
    [
        ({}, {"owner": "2"}, "2"),
        ({}, {"agent": {"email": "ASHA@example.test"}}, "2"),
        ({"user_id": 3}, {"agent": {"email": "nobody@example.test"}}, "3"),
        ({}, {"agent": {"email": None}}, "1"),
    ],
)
def test_whose_a_call_is(settings, given, owner):
    with stage(settings) as account:
        for name in ("asha", "bharat"):
            account.portal.add_user(f"{name}@example.test")
        account.log(call("m1", account.portal.add(), **given))
        assert account.portal.call("m1")["call"]["PORTAL_USER_ID"] == owner


def test_a_call_on_a_deal_stands_on_its_contact_too():
    with stage({"records": "deals"}) as account:
        contact = account.portal.add("contacts", phone=ASHA)
        deal, lonely = account.portal.add("deals", contactId=int(contact)), account.portal.add("deals")
        results = account.log(call("m1", deal), call("m2", lonely), call("m3", "9999"))
        assert account.portal.call("m1")["on"] == [f"contacts/{contact}", f"deals/{deal}"]
        assert [type(one) for one in results] == [Done, Refused, Refused]
        assert [one.reason for one in results[1:]] == ["no_contact", "record_deleted"]


def test_a_call_of_a_record_that_is_gone_is_refused_and_nothing_is_registered():
    with stage() as account:
        results = account.log(call("m2", "9999"), call("m3", "x"))
        assert [one.reason for one in results] == ["record_deleted", "record_deleted"]
        assert account.asked(REGISTER) == 0


def test_a_call_without_a_number_is_a_comment_and_stays_one_when_its_number_is_known():
    with stage() as account:
        lead = account.portal.add()
        nobody = {"customer_number": None, "customer_number_raw": "anonymous"}
        results = account.log(call("m1", lead, **nobody), call("m2", lead))
        assert [type(one) for one in results] == [Done, Done]
        assert "Number: anonymous" in account.portal.call("m1")["text"]
        assert calls.look_up(account.client, [call("m1", lead)])[0].remote_id == results[0].remote_id
        (again,) = account.log(call("m1", lead, results[0].remote_id))
        assert (again.remote_id, account.marks()) == (results[0].remote_id, ["m1", "m2"])
        assert {type(one) for one in calls.remove(account.client, [one.remote_id for one in results])} == {Done}
        assert account.portal.calls() == []


def test_where_comments_fail_what_was_registered_is_done_all_the_same():
    with stage() as account:
        lead = account.portal.add()
        account.faults(operation_limit={"path": "comment.add", "value": "9"})
        results = account.log(call("m1", lead), call("m2", lead, customer_number=None))
        assert [type(one) for one in results] == [Done, Again]


def test_what_notes_say_is_no_command():
    with stage() as account:
        account.log(call("m1", account.portal.add(), notes="$result[r0][CALL_ID] & more=1 ?"))
        assert "$result [r0][CALL_ID] & more=1 ?" in account.portal.call("m1")["text"]


# Once -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("ahead", [0, LATER])
def test_what_is_registered_and_not_finished_is_finished_by_its_id_however_late(ahead):
    with stage() as account:
        lead = account.portal.add(phone=ASHA)
        account.faults(failing={"times": 1, "path": REGISTER})  # after the first of three commands
        (first,) = account.log(call("m1", lead))
        assert isinstance(first, Unknown)
        assert first.remote_id.startswith("externalCall.")
        assert first.remote_id.endswith("/")
        account.portal.ahead = ahead
        (second,) = account.log(call("m1", lead, first.remote_id))
        assert isinstance(second, Done)
        assert second.remote_id.startswith(first.remote_id)
        assert (account.portal.counted["calls registered"], account.marks()) == (1, ["m1"])


@pytest.mark.parametrize(("ahead", "registered"), [(0, 1), (LATER, 2)])
def test_of_what_was_registered_without_anybodys_knowing_one_call_is_seen(ahead, registered):
    with stage() as account:
        lead = account.portal.add(phone=ASHA)
        account.faults(time_out={"times": 1, "path": REGISTER})
        with pytest.raises(Uncertain):
            account.log(call("m1", lead))
        account.portal.ahead = ahead
        assert calls.look_up(account.client, [call("m1", lead)]) == [None]
        (result,) = account.log(call("m1", lead))
        assert isinstance(result, Done)
        assert account.portal.counted["calls registered"] == registered
        assert (account.marks(), len(account.portal.statistics)) == (["m1"], 1)


def test_what_was_finished_already_is_found_in_the_statistics_and_its_note_is_written():
    with stage() as account:
        lead = account.portal.add(phone=ASHA)
        account.faults(drop_after={"times": 1, "path": REGISTER})
        with pytest.raises(Uncertain):
            account.log(call("m1", lead))
        (result,) = account.log(call("m1", lead, notes="second"))  # as if nobody had looked
        assert isinstance(result, Done)
        assert "second" in account.portal.call("m1")["text"]
        assert (account.portal.counted["registered again"], account.portal.counted["activities made"]) == (1, 1)


def test_a_call_that_bitrix24_has_forgotten_unfinished_is_registered_anew():
    with stage() as account:
        lead = account.portal.add(phone=ASHA)
        (result,) = account.log(call("m1", lead, "externalCall.gone.1/"))
        assert isinstance(result, Done)
        assert account.marks() == ["m1"]


def test_a_batch_that_fails_after_another_was_taken_leaves_the_rest_for_later():
    with stage() as account:
        lead = account.portal.add(phone=ASHA)
        account.faults(operation_limit={"times": 1, "after": 1, "path": REGISTER, "value": "9"})
        results = account.log(*several(11, lead))
        assert [type(one) for one in results] == [Done] * 5 + [Again] * 6
        assert ([one.tried for one in results[5:]], results[5].after) == ([True] * 5 + [False], 9.0)


def test_where_the_first_batch_fails_the_others_were_not_sent():
    with stage() as account:
        account.faults(operation_limit={"times": 1, "path": REGISTER, "value": "9"})
        with pytest.raises(TooOften) as raised:
            account.log(*several(7, account.portal.add()))
        assert raised.value.tried == {f"delivery-m{at}" for at in range(5)}


def test_what_a_batch_does_not_tell_of_is_unknown_and_looked_up():
    with stage() as account:
        lead = account.portal.add(phone=ASHA)
        account.faults(not_told={"times": 1, "path": REGISTER, "value": "telephony.externalCall.finish"})
        (result,) = account.log(call("m1", lead))
        assert isinstance(result, Unknown)
        (seen,) = calls.look_up(account.client, [call("m1", lead, result.remote_id)])
        assert (seen.same, seen.remote_id.endswith(account.portal.call("m1")["id"])) == (True, True)


# Where it stands ------------------------------------------------------------------------------------------------------
def test_an_activity_that_stands_nowhere_is_put_on_its_record():
    with stage() as account:
        lead = account.portal.add(phone=ASHA)
        account.faults(no_link={})
        (result,) = account.log(call("m1", lead))
        assert isinstance(result, Done)
        assert account.portal.call("m1")["on"] == [f"leads/{lead}"]


def test_a_finished_call_without_an_activity_is_told():
    with stage() as account:
        account.faults(no_activity={})
        (result,) = account.log(call("m1", account.portal.add()))
        assert (result.reason, "statistics" in result.answer) == ("no_activity", True)


def test_a_note_that_is_not_saved_is_written_the_next_time():
    with stage() as account:
        lead = account.portal.add(phone=ASHA)
        account.faults(no_note={"times": 1, "path": REGISTER})
        (first,) = account.log(call("m1", lead))
        assert isinstance(first, Unknown)
        (seen,) = calls.look_up(account.client, [call("m1", lead, first.remote_id)])
        assert (seen.remote_id, seen.same) == (first.remote_id, False)
        (second,) = account.log(call("m1", lead, seen.remote_id))
        assert (second.remote_id, "Wants" in account.portal.call("m1")["text"]) == (first.remote_id, True)


# Corrections ----------------------------------------------------------------------------------------------------------
def test_a_corrected_call_is_the_same_one_with_another_note():
    with stage() as account:
        lead = account.portal.add(phone=ASHA)
        (first,) = account.log(call("m1", lead))
        (second,) = account.log(call("m1", lead, first.remote_id, notes="second", talk_seconds=77))
        text = account.portal.call("m1")["text"]
        assert (second.remote_id, "second" in text, "Wants" in text, "Seconds: 77" in text) == (
            first.remote_id,
            True,
            False,
            True,
        )
        assert account.portal.counted["calls registered"] == 1


def test_a_call_whose_record_was_merged_is_corrected_where_it_stands():
    with stage() as account:
        old, new = account.portal.add(), account.portal.add()
        (first,) = account.log(call("m1", old))
        account.portal.merge("leads", old, new)
        (second,) = account.log(call("m1", old, first.remote_id, notes="second"))
        assert isinstance(second, Done)
        there = account.portal.call("m1")
        assert (there["on"], "second" in there["text"]) == ([f"leads/{new}"], True)
        (seen,) = calls.look_up(account.client, [call("m1", old, notes="second")])
        assert seen.same


def test_a_call_whose_activity_was_deleted_is_made_anew_when_bitrix24_takes_it_for_another_one():
    with stage() as account:
        lead = account.portal.add(phone=ASHA)
        (first,) = account.log(call("m1", lead))
        assert [type(one) for one in calls.remove(account.client, [first.remote_id])] == [Done]
        (waits,) = account.log(call("m1", lead, first.remote_id))
        assert (type(waits), waits.after) == (Again, REMEMBERED)
        account.portal.ahead = LATER
        (second,) = account.log(call("m1", lead, first.remote_id))
        assert isinstance(second, Done)
        assert account.marks() == ["m1"]


# Looking up and removing ----------------------------------------------------------------------------------------------
def test_a_call_is_found_by_its_mark_and_known_to_be_the_same():
    with stage() as account:
        lead = account.portal.add(phone=ASHA)
        (result,) = account.log(call("m1", lead))
        wanted = [call("m1", lead), call("m1", lead, notes="second"), call("m2", lead), call("m1", "")]
        seen = calls.look_up(account.client, wanted)
        assert [one and (one.remote_id, one.same) for one in seen] == [
            (result.remote_id, True),
            (result.remote_id, False),
            None,
            (result.remote_id, False),
        ]


def test_what_is_removed_is_gone_also_what_is_gone_already_or_was_never_finished():
    with stage() as account:
        lead = account.portal.add(phone=ASHA)
        (one, other) = account.log(call("m1", lead), call("m2", lead))
        ids = [one.remote_id, other.remote_id.partition("/")[0] + "/", "externalCall.none.1/", one.remote_id]
        assert {type(one) for one in calls.remove(account.client, ids)} == {Done}
        assert account.portal.calls() == []


def test_the_mark_is_read_from_the_last_line_alone():
    said = contents.content(call("m1", "1", notes="Wrapup: other/01234567"))
    assert contents.mark_of(contents.marked(said, "m1")) == ("m1", contents.version(said))
    assert contents.mark_of(None) is contents.mark_of("nothing") is None


def test_what_is_written_is_bounded():
    assert len(contents.marked(contents.content(call("m1", "1", notes="ab " * 50_000)), "m1")) < 11_000
