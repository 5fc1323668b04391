"""Ryng misbehaving on request: each fault does what it says, and says so in the ledger."""

import json
from collections import Counter

import pytest

from sandbox.ryng.api import create_app
from sandbox.ryng.bodies import CAMPAIGN, QUEUE
from sandbox.ryng.dialer import Ryng
from sandbox.ryng.faults import FAULTS
from tests.sandbox.receiver import Receiver, receiving

FAST = 0.0002


def posted(fault, calls=12, page=CAMPAIGN, scale=FAST, **options):
    """(what the receiver saw, the engine) after some calls with this fault alone, always."""
    receiver = Receiver()
    with receiving(receiver) as urls, Ryng(scale, seed=4, faults={fault: 1}, **options) as ryng:
        for _ in range(calls):
            ryng.place("+915550000001", *urls, page, max_retries=0)
        ryng.drain()
    return receiver, ryng


def terminals(receiver):
    return [seen.json for seen in receiver.of_kind("terminal")]


def test_a_duplicate_comes_though_the_first_was_answered():
    receiver, ryng = posted("duplicate")
    assert set(Counter(seen.body for seen in receiver.of_kind("terminal")).values()) == {2}
    repeats = [callback for callback in ryng.ledger.callbacks if callback.repeats]
    assert len(repeats) * 2 == len(ryng.ledger.callbacks)


def test_a_connect_callback_may_come_last():
    receiver, _ = posted("late_connect", calls=1, scale=0.005)  # posts overtake each other on a busy machine
    assert receiver.seen[-1].path.endswith("connect")


def test_order_may_be_any():
    receiver, _ = posted("shuffled")
    orders = {}
    for seen in receiver.seen:
        orders.setdefault(seen.json["callID"], []).append(seen.path.rpartition("/")[2])
    assert any(order[-1] == "connect" for order in orders.values())


def test_an_edit_comes_late_under_the_same_log_id():
    receiver, ryng = posted("late_edit")
    by_log_id = {}
    for body in terminals(receiver):
        by_log_id.setdefault(body["callLogID"], []).append(body)
    edits = [bodies for bodies in by_log_id.values() if len(bodies) == 2]
    assert edits
    truth = {attempt.log_id: attempt.disposition for call in ryng.calls for attempt in call.attempts}
    for first, second in edits:
        assert first["callDisposed"] < second["callDisposed"]
        assert first["disposition"] != second["disposition"]
        assert second["disposition"] == truth[second["callLogID"]]


def test_talk_time_may_disagree():
    receiver, ryng = posted("talktime_disagrees")
    truth = {attempt.log_id: attempt.talk_seconds for call in ryng.calls for attempt in call.attempts}
    told = {body["callLogID"]: body["talktime"] for body in terminals(receiver)}
    assert any(told[log_id] != truth[log_id] for log_id in told)


def test_status_words_may_be_new():
    receiver, _ = posted("unknown_status")
    assert not {body["status"] for body in terminals(receiver)} & {"2", "3", "4", "6"}


def test_a_third_milestone_may_come():
    receiver, _ = posted("termination_milestone")
    assert "call-ended" in {seen.json["event"] for seen in receiver.of_kind("connect")}


def test_keys_may_stand_twice():
    receiver, _ = posted("duplicate_keys")
    bodies = [json.loads(seen.body, object_pairs_hook=list) for seen in receiver.of_kind("connect")]
    events = [{value for key, value in pairs if key == "event"} for pairs in bodies]
    assert {"agent-connected", "customer-connected"} in events


@pytest.mark.parametrize(
    ("fault", "seen_as"),
    [("legs_list", list), ("legs_null", type(None)), ("legs_absent", None)],
)
def test_legs_have_many_shapes(fault, seen_as):
    receiver, _ = posted(fault, page=QUEUE)
    for body in terminals(receiver):
        if seen_as is None:
            assert "legDetails" not in body
        else:
            assert isinstance(body["legDetails"], seen_as)


def test_numbers_may_be_strings():
    receiver, _ = posted("numbers_as_strings")
    for body in terminals(receiver):
        assert all(isinstance(body[name], str) for name in ("callID", "callLogID", "agentID", "talktime"))
        assert isinstance(body["legDetails"]["leg0Duration"], str)


@pytest.mark.parametrize("fault", ["invalid_json", "smart_quotes"])
def test_bodies_may_be_no_json(fault):
    receiver, ryng = posted(fault)
    assert {seen.json for seen in receiver.seen} == {None}
    assert b"callID" in receiver.seen[0].body
    assert {callback.state for callback in ryng.ledger.callbacks} == {"delivered"}  # it was answered 200 all the same


def test_bodies_may_be_huge():
    receiver, _ = posted("huge_body", calls=2)
    assert all(len(seen.body) > 2 * 1024 * 1024 for seen in receiver.of_kind("terminal"))


def test_the_token_may_be_wrong():
    receiver, _ = posted("wrong_token", calls=1)
    assert {seen.path.rpartition("/")[0] for seen in receiver.seen} == {"/callbacks/ryng/not-the-token"}


def test_a_sender_may_be_slow():
    receiver, ryng = posted("slow_sender", calls=2, slow_seconds=0.3)
    assert {callback.state for callback in ryng.ledger.callbacks} == {"delivered"}
    assert all(seen.json for seen in receiver.seen)


def test_a_sender_that_hangs_up_tries_again():
    receiver, ryng = posted("hang_up", calls=2)
    assert {tuple(once.answer for once in callback.tries) for callback in ryng.ledger.callbacks} == {("hung_up", 200)}
    assert len(receiver.seen) >= len(ryng.ledger.callbacks)


def test_faults_are_switched_over_http():
    with Ryng(FAST, faults={"duplicate": 0.5}) as ryng:
        client = create_app(ryng).test_client()
        before = client.get("/sandbox/faults").json
        set_ = client.post("/sandbox/faults", json={"late_edit": 0.25})
        unknown = client.post("/sandbox/faults", json={"typo": 1})
        too_much = client.post("/sandbox/faults", json={"late_edit": 2})
    assert (before["faults"], set(before["known"])) == ({"duplicate": 0.5}, set(FAULTS))
    assert set_.json == {"faults": {"late_edit": 0.25}}
    assert (unknown.status_code, too_much.status_code) == (400, 400)
    assert ryng.faults == {"late_edit": 0.25}  # a refused set changes nothing


def test_everything_at_once_still_comes_to_an_end():
    receiver = Receiver(*[500, 200, 202] * 20)
    chances = dict.fromkeys(FAULTS, 0.2)
    with receiving(receiver) as urls, Ryng(FAST, seed=9, faults=chances, slow_seconds=0.1) as ryng:
        ryng.place_some(25, *urls)
        ryng.drain()
    totals = ryng.ledger.totals
    assert totals["waiting"] == 0
    assert totals["delivered"] + totals["given_up"] == totals["callbacks"]
