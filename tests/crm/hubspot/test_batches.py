"""Batches: each call is told apart, whatever the answer tells of the others."""

import pytest

from crm.base import Again, Done, Refused, Unknown
from crm.hubspot.batches import Input, given
from lib.http.errors import Unavailable
from tests.crm.hubspot.stage import ASHA, call, marks, several, stage


def test_a_call_that_hubspot_refuses_stops_no_other():
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        some = [*several(5, contact), call("bad", contact, owner="77777")]
        *good, bad = account.log(*some)
        assert all(isinstance(one, Done) for one in good)
        assert bad == Refused(
            "validation", "Property values were not valid: hubspot_owner_id: 77777 is not a valid owner."
        )
        assert "bad" not in marks(account)


@pytest.mark.parametrize("place", [0, 3, 6])
def test_a_batch_that_fails_whole_is_halved_until_the_bad_one_is_alone(place):
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        some = several(7, contact)
        some[place] = call("bad", contact, owner="77777")
        account.faults(whole_batch={})
        results = account.log(*some)
        assert [isinstance(one, Done) for one in results] == [at != place for at in range(7)]
        assert isinstance(results[place], Refused)
        assert account.asked("batch/upsert") <= 7


def test_what_an_answer_does_not_tell_of_is_unknown_whatever_its_status():
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        account.faults(results_missing={"times": 1, "path": "upsert"})
        results = account.log(*several(4, contact))
        assert [type(one) for one in results] == [Done, Unknown, Done, Unknown]


def test_results_in_another_order_belong_to_whom_they_name():
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        account.faults(shuffled={})
        results = account.log(*several(4, contact))
        assert [one.remote_id for one in results] == [account.hubspot.call(f"m{at}")["id"] for at in range(4)]


def test_what_fails_for_now_is_sent_again():
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        account.faults(partial={"times": 1, "path": "upsert"})
        assert [type(one) for one in account.log(*several(4, contact))] == [Done, Again, Done, Again]


def test_a_field_that_the_account_requires_is_named():
    with stage() as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        rule = {"object": "calls", "when": {"hs_call_status": "COMPLETED"}, "need": ["hs_call_callee_object_id"]}
        account.faults(required_field={"value": rule})
        (result,) = account.log(call("m1", contact))
        assert result.reason == "required_field"
        assert "hs_call_callee_object_id" in result.answer


class Nameless:
    """HubSpot, when it does not say which inputs its errors are about; ``bad`` marks are refused."""

    def __init__(self, client, bad: set[str], fails: int | None):
        self.client, self.bad, self.asked, self.fails = client, bad, 0, fails
        self.secrets = client.secrets

    def tell(self, path, content):
        self.asked += 1
        if self.asked == self.fails:
            raise Unavailable("later")
        wrong = [one for one in content["inputs"] if one["id"] in self.bad]
        error = {"status": "error", "category": "VALIDATION_ERROR", "message": "no", "context": {}}
        right = [{"id": one["id"], "objectWriteTraceId": one["id"]} for one in content["inputs"] if one not in wrong]
        return {"results": right, "errors": [error for _ in wrong]}


def told(said):
    return [({row["id"]}, row) for row in said["results"]]


@pytest.mark.parametrize(
    ("bad", "becomes"), [("cf", "..r..r.."), ("abcd", "rrxr....")], ids=["two of eight", "and a request fails"]
)
def test_errors_that_name_nobody_are_asked_for_in_halves(bad, becomes):
    with stage() as account:
        inputs = [Input({"id": mark}, frozenset({mark})) for mark in "abcdefgh"]
        fails = 6 if "x" in becomes else None
        hubspot = Nameless(account.client, set(bad), fails)
        results = given(hubspot, "/x", inputs, told, lambda one, row: Done(row["id"]))
        assert [type(one) for one in results] == [{".": Done, "r": Refused, "x": Again}[one] for one in becomes]
