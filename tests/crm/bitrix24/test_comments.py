"""Calls as comments, which a webhook may write: each once, found again by our mark, corrected and deleted in its place."""

import pytest

from crm.base import Again, Done, Refused, Unknown
from crm.bitrix24 import calls
from lib.http.errors import Uncertain
from tests.crm.bitrix24.stage import stage
from tests.crm.samples import call, several

ADD = "comment.add"


@pytest.mark.parametrize("kind", ["leads", "deals", "contacts", "companies"])
def test_a_call_is_a_comment_on_its_record(kind):
    with stage({"records": kind}, webhook=True) as account:
        record = account.portal.add(kind)
        (result,) = account.log(call("m1", record))
        there = account.portal.call("m1")
        assert (result.remote_id, there["on"]) == (there["id"], [f"{kind}/{record}"])
        assert result.remote_url.endswith(f"/details/{record}/")
        assert there["text"].startswith("Outbound call: Interested\n")
        assert account.portal.registered == {}


def test_a_corrected_comment_is_the_same_one_and_a_deleted_one_is_made_anew():
    with stage(webhook=True) as account:
        record = account.portal.add()
        (first,) = account.log(call("m1", record))
        (second,) = account.log(call("m1", record, first.remote_id, notes="second"))
        assert (second.remote_id, "second" in account.portal.call("m1")["text"]) == (first.remote_id, True)
        account.portal.comments[int(first.remote_id)].live = False
        (third,) = account.log(call("m1", record, first.remote_id))
        assert third.remote_id != first.remote_id
        assert account.marks() == ["m1"]


def test_after_an_answer_that_was_lost_it_is_found_on_its_record_among_all_that_stand_there():
    with stage(webhook=True) as account:
        record = account.portal.add()
        account.faults(drop_after={"times": 1, "path": ADD})
        with pytest.raises(Uncertain) as raised:
            account.log(call("m1", record))
        assert raised.value.tried == {"delivery-m1"}
        account.log(*several(60, record))
        seen = calls.look_up(account.client, [call("m1", record), call("m2x", record)])
        assert [one and one.same for one in seen] == [True, None]
        (changed,) = calls.look_up(account.client, [call("m1", record, notes="second")])
        assert not changed.same


def test_the_latest_comments_of_a_record_are_looked_through_first():
    with stage({"look_up_pages": 1}, webhook=True) as account:
        record = account.portal.add()
        account.log(*several(60, record))
        account.log(call("m99", record))
        seen = calls.look_up(account.client, [call("m99", record), call("m0", record)])
        assert [one and one.same for one in seen] == [True, None]


def test_of_a_batch_that_fails_in_part_each_has_its_own_result():
    with stage(webhook=True) as account:
        record = account.portal.add()
        account.faults(failing={"times": 1, "path": ADD, "value": 1})
        results = account.log(call("m1", record), call("m2", "9999"), call("m3", record))
        assert [type(one) for one in results] == [Done, Unknown, Unknown]
        (gone,) = account.log(call("m2", "9999"))
        assert (type(gone), gone.reason) == (Refused, "record_deleted")


def test_a_batch_that_meets_the_limit_of_its_method_was_not_taken():
    with stage(webhook=True) as account:
        record = account.portal.add()
        account.faults(operation_limit={"times": 1, "after": 1, "path": ADD, "value": "7"})
        results = account.log(*several(21, record))
        assert [type(one) for one in results] == [Done] * 20 + [Again]


def test_comments_are_deleted_and_what_is_gone_is_done():
    with stage(webhook=True) as account:
        (one,) = account.log(call("m1", account.portal.add()))
        assert calls.remove(account.client, [one.remote_id]) == [Done(one.remote_id)]
        assert calls.remove(account.client, [one.remote_id]) == [Done(one.remote_id)]
        assert account.portal.calls() == []


def test_an_app_may_write_comments_too_and_what_stands_there_stays_what_it_is():
    with stage() as account:
        record = account.portal.add()
        (registered,) = account.log(call("m1", record))
        account.client.settings["calls"] = "comment"
        ours = [call("m1", record, registered.remote_id, notes="second"), call("m2", record)]
        (same, comment) = account.log(*ours)
        assert (same.remote_id, account.marks()) == (registered.remote_id, ["m1", "m2"])
        seen = calls.look_up(account.client, [ours[0], call("m2", record)])
        assert [one.remote_id for one in seen] == [registered.remote_id, comment.remote_id]
        account.client.settings["calls"] = "telephony"
        (still,) = account.log(call("m2", record, comment.remote_id, notes="second"))
        assert (still.remote_id, "second" in account.portal.call("m2")["text"]) == (comment.remote_id, True)
