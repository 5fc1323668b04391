"""Calls: logged once under their marks, on one contact, with the values of what was logged last."""

import json

import pytest

from crm.base import Done, NotSetUp, Refused, Seen, Unknown, Whom
from crm.hubspot import calls, contacts
from crm.hubspot.placing import NOT_THERE
from lib.http.errors import TooOften, Unavailable, Uncertain
from sandbox.hubspot.properties import DISPOSITIONS
from tests.crm.hubspot.stage import ASHA, OURS, UNIQUE, call, marks, several, stage


def test_a_call_stands_on_its_contact_as_hubspot_writes_such():
    with stage() as account:
        contact, owner = account.hubspot.add_contact(phone=ASHA), account.hubspot.add_owner("asha@example.test")
        (result,) = account.log(call("m1", contact))
        there = account.hubspot.call("m1")
        assert isinstance(result, Done)
        assert result.remote_id == there["id"]
        assert result.remote_url.endswith(f"/contacts/45678901/record/0-48/{there['id']}")
        assert there["contacts"] == [contact]
        said = there["properties"]
        assert said["hs_timestamp"] == "2026-11-18T10:12:52Z"
        assert said["hs_call_title"] == "Outbound call: Interested"
        assert "Wants &lt;the&gt; offer<br>by mail" in said["hs_call_body"]
        assert (said["hs_call_direction"], said["hs_call_status"]) == ("OUTBOUND", "COMPLETED")
        assert said["hs_call_duration"] == "12000"  # of talk, in milliseconds
        assert (said["hs_call_from_number"], said["hs_call_to_number"]) == (OURS, ASHA)
        assert said["hs_call_disposition"] == DISPOSITIONS["Connected"]
        assert said["hubspot_owner_id"] == owner
        assert said["hs_call_recording_url"] == "https://rec.example.test/1.mp3"


def test_logged_again_it_is_the_same_call_with_what_is_known_now():
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        (first,) = account.log(call("m1", contact))
        corrected = {"connect_outcome": "failed", "disposition": None, "recording_url": None}
        (second,) = account.log(call("m1", contact, first.remote_id, **corrected))
        (there,) = account.hubspot.calls()
        assert first.remote_id == second.remote_id
        assert there["properties"]["hs_call_status"] == "FAILED"
        # What the outcome no longer says is not left standing.
        assert not there["properties"].get("hs_call_disposition")
        assert not there["properties"].get("hs_call_recording_url")
        assert all(value for write in there["history"][:-1] for value in write.values()), (
            "nothing is emptied for nothing"
        )


def test_a_conflict_under_our_own_mark_is_looked_up():
    # A request that was given up may be at work all the same.
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        account.faults(partial={"path": "upsert", "value": "CONFLICT"})
        assert [type(one) for one in account.log(*several(2, contact))] == [Done, Unknown]


def test_an_owner_whom_a_person_has_chosen_is_left_where_we_know_none():
    with stage() as account:
        contact, chosen = account.hubspot.add_contact(phone=ASHA), account.hubspot.add_owner("bharat@example.test")
        (first,) = account.log(call("m1", contact, owner=chosen))
        account.log(call("m1", contact, first.remote_id, connect_outcome="busy"))
        assert account.hubspot.call("m1")["properties"]["hubspot_owner_id"] == chosen


def test_a_401_that_was_a_slip_parks_nobody():
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        account.faults(token_expired={"times": 1, "path": "upsert"})
        (result,) = account.log(call("m1", contact))
        assert isinstance(result, Done)


def test_a_call_whose_contact_is_another_one_now_stands_there_alone():
    with stage() as account:
        one, other = account.hubspot.add_contact(phone=ASHA), account.hubspot.add_contact(phone=ASHA)
        (first,) = account.log(call("m1", one))
        (result,) = account.log(call("m1", other, first.remote_id))
        assert isinstance(result, Done)
        assert account.hubspot.call("m1")["contacts"] == [other]


def test_a_hundred_calls_take_few_requests():
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        assert all(isinstance(one, Done) for one in account.log(*several(100, contact)))
        assert len(account.hubspot.calls()) == 100
        # The account, its dispositions, one owner; the calls, their associations, and these read back.
        assert account.turns.taken == {"requests": 6}
        account.log(*several(3, contact))
        assert account.turns.taken["requests"] == 8  # on their contact already


def test_what_hubspot_says_to_have_put_on_a_contact_is_read_back():
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        account.faults(no_association={"times": 1, "path": "associations"})
        assert account.log(call("m1", contact)) == [Unknown(NOT_THERE)]
        (again,) = account.log(call("m1", contact))
        assert isinstance(again, Done)
        assert len(account.hubspot.calls()) == 1


def test_a_call_that_can_stand_nowhere_is_not_left_behind():
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        one, gone = account.log(call("m1", contact), call("m2", "999"))
        assert isinstance(one, Done)
        assert (gone.reason, marks(account)) == ("record_deleted", ["m1"])


def test_a_call_that_stands_on_a_contact_stays_when_its_new_one_is_gone():
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        (first,) = account.log(call("m1", contact))
        (result,) = account.log(call("m1", "999", first.remote_id))
        assert result.reason == "record_deleted"
        assert account.hubspot.call("m1")["contacts"] == [contact]


def test_a_call_whose_contact_was_merged_into_another_stays_there():
    with stage() as account:
        old, new = account.hubspot.add_contact(phone=ASHA), account.hubspot.add_contact(phone=ASHA)
        (first,) = account.log(call("m1", old))
        account.hubspot.merge(old, new)
        results = account.log(call("m1", old, first.remote_id), call("m2", old))
        assert [type(one) for one in results] == [Done, Done]
        assert {account.hubspot.call(mark)["contacts"][0] for mark in ("m1", "m2")} == {new}
        seen = calls.look_up(account.client, [call("m1", old), call("m2", new)])
        assert [one.same for one in seen] == [True, True]


# Of the whole ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "fault",
    ["drop_after", "error_after", "garbled_after", "html", "error_in_200", "error_in_200_after", "gateway_timeout"],
)
def test_an_upsert_without_an_answer_that_proves_anything_is_uncertain_and_looked_up(fault):
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        account.faults(**{fault: {"times": 1, "path": "upsert"}})
        with pytest.raises(Uncertain):
            account.log(call("m1", contact))
        done = fault.endswith("_after")
        (seen,) = calls.look_up(account.client, [call("m1", contact)])
        assert (seen is not None) == done
        if seen is not None:
            assert not seen.same, "it stands on no contact yet"


@pytest.mark.parametrize("fault", ["drop", "server_error", "ten_secondly", "token_revoked", "daily_spent"])
def test_whatever_fails_after_the_upsert_leaves_the_calls_unknown(fault):
    # Whoever only heard of the failure would believe that nothing was sent.
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        account.faults(**{fault: {"path": "associations"}})
        (result,) = account.log(call("m1", contact))
        assert isinstance(result, Unknown)
        assert marks(account) == ["m1"]


def test_too_many_requests_is_certainly_not_taken():
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        account.faults(ten_secondly={"times": 1, "path": "upsert", "value": "3"})
        with pytest.raises(Unavailable) as raised:
            account.log(call("m1", contact))
        assert raised.value.retry_after == 3.0


@pytest.mark.parametrize(("path", "limit"), [("contacts/search", "searches"), ("upsert", "requests")])
def test_a_limit_that_has_room_again_soon_is_waited_for(path, limit):
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        account.faults(secondly={"times": 2, "path": path, "value": "1"})
        assert [len(rows) for rows in contacts.find(account.client, [Whom("number", ASHA)])] == [1]
        assert isinstance(account.log(call("m1", contact))[0], Done)
        assert account.turns.waited == [(limit, 1.0)] * 2


def test_a_limit_that_has_no_room_for_long_is_waited_for_by_nobody():
    with stage() as account:
        account.faults(secondly={"path": "contacts/search", "value": "1"})
        with pytest.raises(TooOften):
            contacts.find(account.client, [Whom("number", ASHA)])
        assert account.turns.waited == [("searches", 1.0)] * 3
        account.faults(ten_secondly={"path": "contacts/search", "value": "3"})
        with pytest.raises(TooOften):
            contacts.find(account.client, [Whom("number", ASHA)])
        assert account.turns.waited[3:] == [("searches", 3.0)]


def test_without_our_property_no_call_is_at_fault():
    with stage(unique=None) as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        with pytest.raises(NotSetUp, match="wrapup crm check sales --create-properties"):
            account.log(*several(3, contact))


# Looking up and removing ----------------------------------------------------------------------------------------------
def test_what_is_looked_up_is_compared_with_what_would_be_sent():
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        account.log(call("m1", contact))
        here = account.hubspot.call("m1")["id"]
        asked = [
            call("m1", contact),
            call("m2", contact),
            call("m1", contact, connect_outcome="busy"),
            call("m1", "999"),
        ]
        seen = calls.look_up(account.client, asked)
        assert seen[0] == Seen(here, True, seen[0].remote_url)
        assert seen[1] is None
        assert [one.same for one in seen[2:]] == [False, False]


def test_a_body_that_hubspot_has_tidied_is_the_same():
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        account.faults(tidied={})
        account.log(call("m1", contact))
        (seen,) = calls.look_up(account.client, [call("m1", contact)])
        assert seen.same


def test_what_is_removed_is_gone_and_what_is_gone_is_removed():
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        first, second = account.log(*several(2, contact))
        assert calls.remove(account.client, [first.remote_id, "999"]) == [Done(first.remote_id), Done("999")]
        assert calls.remove(account.client, [first.remote_id]) == [Done(first.remote_id)]
        assert marks(account) == ["m1"]
        assert second.remote_id


def test_no_secret_and_no_line_break_is_in_what_hubspot_says():
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        (result,) = account.log(call("m1", contact, owner=f"{account.client.secrets[0]}\n<b>"))
        assert isinstance(result, Refused)
        assert account.client.secrets[0] not in result.answer
        assert "\n" not in result.answer


def test_contents_are_pure_and_the_same_for_the_same():
    one, other = call("m1", "1"), call("m2", "2", remote_id="3")
    assert calls.content(one) == calls.content(other)
    assert UNIQUE not in json.dumps(calls.content(one))
    assert calls.content(one) != calls.content(call("m1", "1", flags=[]))


def test_without_our_property_nothing_can_be_found_under_it():
    with stage(unique=None) as account:
        assert calls.look_up(account.client, several(20, "1")) == [None] * 20
        assert account.asked("batch/read") == 1


def test_an_account_that_does_not_say_who_it_is_gets_its_calls_and_we_no_addresses():
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        account.faults(server_error={"path": "/account-info"})
        (result,) = account.log(call("m1", contact))
        assert result == Done(account.hubspot.call("m1")["id"])


def test_a_call_is_not_taken_from_its_contact_before_it_stands_on_the_new_one():
    with stage() as account:
        one, other = account.hubspot.add_contact(phone=ASHA), account.hubspot.add_contact(phone=ASHA)
        (first,) = account.log(call("m1", one))
        account.faults(no_association={})
        assert account.log(call("m1", other, first.remote_id)) == [Unknown(NOT_THERE)]
        assert account.hubspot.call("m1")["contacts"] == [one]


@pytest.mark.parametrize("fault", ["results_missing", "server_error"])
def test_a_call_of_which_it_is_not_known_where_it_stands_is_not_removed(fault):
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        (first,) = account.log(call("m1", contact))
        account.faults(**{fault: {"path": "associations/2026-09/calls/contacts/batch/read"}})
        (result,) = account.log(call("m1", "999", first.remote_id))
        assert not isinstance(result, Done)
        assert account.hubspot.call("m1")["contacts"] == [contact]


def test_a_call_that_an_earlier_try_left_behind_is_removed_with_its_contact_gone():
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        account.faults(server_error={"path": "associations"})
        (left,) = account.log(call("m1", contact))
        account.faults()
        account.hubspot.archive("contacts", contact)
        (result,) = account.log(call("m1", contact))
        assert isinstance(left, Unknown)
        assert (result.reason, marks(account)) == ("record_deleted", [])
