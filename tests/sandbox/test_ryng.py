"""Ryng in the sandbox: delivery as documented, and both families' shapes."""

import json
import random
import ssl
import subprocess
import sys
from datetime import UTC, datetime
from itertools import count

import pytest
import trustme

from sandbox.ryng.bodies import APPEND, CAMPAIGN, QUEUE, TRANSACTIONAL, Call, connect_body, terminal_body
from sandbox.ryng.dialer import Ryng
from sandbox.ryng.plan import plan
from tests.sandbox.receiver import Receiver, receiving

EPOCH = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
FAST = 0.0002  # a minute in 12 ms
PACED = 0.005  # a minute in 0.3 s: long enough to be told from the time that HTTP takes


def place_one(ryng, urls, kind="terminal", **options):
    """One call of one attempt, of which only callbacks of the kind are posted."""
    connect_url, terminal_url = urls
    return ryng.place(
        "+915550000001",
        connect_url if kind == "connect" else None,
        terminal_url if kind == "terminal" else None,
        max_retries=0,
        **options,
    )


@pytest.mark.parametrize(
    ("answers", "tries", "state"),
    [
        ((200,), 1, "delivered"),
        ((500, 200), 2, "delivered"),
        ((500, 500, 200), 3, "delivered"),
        ((500, 500, 500, 200), 3, "given_up"),  # the fourth answer would be 200, but nobody asks for it
        ((201, 202, 204), 3, "given_up"),  # "any non-200 response" includes the other good ones
        ((301, 302, 307), 3, "given_up"),  # redirects are not followed
        ((404, 200), 2, "delivered"),
    ],
)
def test_a_terminal_callback_has_two_more_tries(answers, tries, state):
    receiver = Receiver(*answers)
    with receiving(receiver) as urls, Ryng(FAST) as ryng:
        place_one(ryng, urls)
        ryng.drain()
    (callback,) = ryng.ledger.callbacks
    assert [once.answer for once in callback.tries] == list(answers[:tries])
    assert callback.state == state
    assert [seen.path for seen in receiver.seen] == ["/callbacks/ryng/the-token/terminal"] * tries
    assert {seen.body for seen in receiver.seen} == {callback.body}


def test_a_connect_callback_has_one_more_try():
    receiver = Receiver(500, 500, 500, 500)
    with receiving(receiver) as urls, Ryng(FAST, seed=3) as ryng:
        place_one(ryng, urls, kind="connect")
        ryng.drain()
    assert {len(callback.tries) for callback in ryng.ledger.callbacks} == {2}
    assert {callback.state for callback in ryng.ledger.callbacks} == {"given_up"}


def test_tries_are_a_minute_apart():
    receiver = Receiver(503, 503, 503)
    with receiving(receiver) as urls, Ryng(PACED) as ryng:
        place_one(ryng, urls)
        ryng.drain()
    times = [seen.at for seen in receiver.seen]
    minute = 60 * PACED
    for earlier, later in zip(times, times[1:], strict=False):
        assert minute <= later - earlier < 4 * minute  # the upper bound is for busy machines


def test_no_answer_and_nobody_there_are_failures_too():
    receiver = Receiver(1.0)
    with receiving(receiver) as urls, Ryng(FAST, patience=0.2) as ryng:
        place_one(ryng, urls)
        ryng.drain()
    with Ryng(FAST) as lonely:
        place_one(lonely, urls)  # the receiver is gone by now
        lonely.drain()
    assert [once.answer for once in ryng.ledger.callbacks[0].tries] == ["timeout", 200]
    assert [once.answer for once in lonely.ledger.callbacks[0].tries] == ["refused"] * 3
    assert lonely.ledger.totals == {"callbacks": 1, "tries": 3, "delivered": 0, "given_up": 1, "waiting": 0}


def test_callbacks_travel_over_tls():
    authority, receiver = trustme.CA(), Receiver()
    serving, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(serving)
    with receiving(receiver, serving) as urls:
        with Ryng(FAST) as stranger:  # trusts the system's authorities, not ours
            place_one(stranger, urls)
            stranger.drain()
        authority.configure_trust(trusting)
        with Ryng(FAST, ssl_context=trusting) as ryng:
            place_one(ryng, urls)
            ryng.drain()
    assert [once.answer for once in stranger.ledger.callbacks[0].tries] == ["SSLCertVerificationError"] * 3
    assert ryng.ledger.callbacks[0].state == "delivered"


def test_every_callback_of_mixed_traffic_arrives():
    receiver = Receiver()
    with receiving(receiver) as urls, Ryng(FAST, seed=7) as ryng:
        calls = ryng.place_some(60, *urls)
        ryng.drain()
    attempts = [attempt for call in calls for attempt in call.attempts]
    answered = [attempt for attempt in attempts if attempt.status == "completed"]
    assert len(receiver.of_kind("terminal")) == len(attempts)
    assert len(receiver.of_kind("connect")) == len(attempts) + len(answered)  # agent, and customer where one answered
    assert sorted(seen.json["callLogID"] for seen in receiver.of_kind("terminal")) == sorted(
        attempt.log_id for attempt in attempts
    )
    assert any(len(call.attempts) > 1 for call in calls)
    assert len({call.customer_number for call in calls}) < len(calls)  # some customers are called twice
    assert ryng.ledger.totals["delivered"] == len(receiver.seen)


def test_the_times_in_bodies_lie_in_the_past_and_in_order():
    receiver = Receiver()
    with receiving(receiver) as urls, Ryng(FAST, seed=2) as ryng:
        ryng.place_some(20, *urls)
        ryng.drain()
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    for seen in receiver.of_kind("terminal"):
        times = [seen.json[name] for name in ("callCreated", "callStarted", "callEnded", "callDisposed")]
        times = [time for time in times if time is not None]
        assert times == sorted(times)
        assert times[-1] < now


def test_the_same_seed_posts_the_same_bodies():
    posted = []
    for _ in range(2):
        receiver = Receiver()
        with receiving(receiver) as urls, Ryng(FAST, seed=11, epoch=EPOCH, faults={"shuffled": 0.5}) as ryng:
            ryng.place_some(15, *urls)
            ryng.drain()
        posted.append(sorted(seen.body for seen in receiver.seen))
    assert posted[0] == posted[1]


# Shapes: the field sets of the documented examples -----------------------------------------------------------------------
AGENT = {"agentID", "agentUsername", "agentNum", "customerNum"}
CUSTOM = {"customFieldNames", "customFields"}
TYPED = {"callbackType", "event"}
CONNECT = {"callID", "callCreated", "callStarted", "callDirection"} | AGENT | CUSTOM | TYPED
TERMINAL = (CONNECT - TYPED) | {
    *("callLogID", "virtualNum", "callEnded", "callDisposed", "callbackTime", "talktime", "callDuration"),
    *("disposition", "notes", "status", "recordingUrl", "legDetails"),
}
QUEUED = {"queueID", "legDirection"}


@pytest.mark.parametrize(
    ("page", "connect", "terminal"),
    [
        (CAMPAIGN, CONNECT, TERMINAL | TYPED | {"parentDisposition"}),
        (QUEUE, CONNECT | QUEUED | {"queueName"}, TERMINAL | TYPED | QUEUED | {"parentDisposition", "scheduledDate"}),
        (APPEND, CONNECT | QUEUED | {"queueName"}, TERMINAL | QUEUED | {"scheduledDate"}),
        (TRANSACTIONAL, CONNECT | QUEUED | {"queueName"}, TERMINAL | QUEUED | {"scheduledDate"}),
    ],
)
def test_each_page_has_its_fields(page, connect, terminal):
    receiver = Receiver()
    with receiving(receiver) as urls, Ryng(FAST) as ryng:
        ryng.place("+915550000001", *urls, page, queue_id=2, queue_name="Standard Queue")
        ryng.drain()
    assert {frozenset(seen.json) for seen in receiver.of_kind("connect")} == {frozenset(connect)}
    assert {frozenset(seen.json) for seen in receiver.of_kind("terminal")} == {frozenset(terminal)}


def answered_call(page):
    """The bodies of a call that was answered at once and will be called back."""
    for seed in range(1000):
        call = Call(19, page, "+915550000001", EPOCH, queue_id=2, queue_name="Standard Queue")
        plan(call, random.Random(seed), count(49))
        if call.attempts[0].disposition == "Call back later":
            return call
    raise AssertionError("no such seed")


def test_the_campaign_family_writes_digits():
    call = answered_call(CAMPAIGN)
    connect = connect_body(call, call.attempts[0], "agent-connected")
    terminal = terminal_body(call, call.attempts[0])
    assert connect["callStarted"] is None
    assert terminal["status"] == "2"
    assert terminal["callDuration"] is None
    assert terminal["legDetails"]["leg1Status"] == 5
    assert terminal["virtualNum"].startswith("+91")
    assert terminal["callbackTime"].endswith(".000Z")


def test_the_queue_family_writes_words():
    call = answered_call(QUEUE)
    connect = connect_body(call, call.attempts[0], "customer-connected")
    terminal = terminal_body(call, call.attempts[0])
    assert connect["callStarted"] is not None
    assert (terminal["status"], terminal["legDetails"]["leg0Status"]) == ("completed", "completed")
    assert terminal["virtualNum"].startswith("0")
    assert len(terminal["virtualNum"]) == 11  # the trunk zero and ten digits
    assert terminal["callbackTime"].endswith(".00Z")  # two digits of fraction
    assert terminal["callEnded"][-5] == "."  # three


def test_traffic_from_a_shell():
    receiver = Receiver()
    with receiving(receiver) as (connect_url, terminal_url):
        command = [sys.executable, "-m", "sandbox.ryng", "--connect-url", connect_url, "--terminal-url", terminal_url]
        options = ["--calls-per-minute", "1200", "--time-scale", str(FAST), "--seconds", "0.5", "--drain", "10"]
        done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=30, check=True)
    totals = json.loads(done.stdout)
    assert totals["callbacks"] == totals["delivered"] == len(receiver.seen) > 0
