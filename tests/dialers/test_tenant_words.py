"""What a tenant says of a dialer's words, in ``[words.<connection>]``, beside the settings that some dialers had before."""

import json

import pytest

from dialers.base import Connection, Evidence
from dialers.event_words import with_meanings
from dialers.registry import DIALERS

RYNG = {"callID": 1, "callLogID": 2, "callEnded": "2026-11-18T10:02:00.000Z", "talktime": 0}
QVOICE = {"call_id": "a", "lead_number": "+12195011918", "timestamp": 1_763_460_000}
CALLS = {"ryng": ("callback", "terminal", RYNG), "qvoice": ("report", "lead_history", QVOICE)}


def outcome(dialer: str, words=None, settings=None, **fields) -> str:
    """The connect outcome of a call that nobody answered, with these fields."""
    source, kind, body = CALLS[dialer]
    connection = Connection("one", dialer, settings=settings or {}, words=words or {})
    reading = DIALERS[dialer].read(Evidence(source, kind, json.dumps(body | fields).encode()), connection)
    return next(event.facts["connect_outcome"] for event in reading.events if event.kind == "call_ended")


CASES = [
    ("ryng", {"status": "NO-FORWARD"}),
    ("qvoice", {"hangup_cause": "NO-FORWARD"}),
    ("qvoice", {"status": "NO-FORWARD"}),
    ("qvoice", {"status": "NO-FORWARD", "hangup_cause": "UNHEARD_OF"}),
]


@pytest.mark.parametrize("dialer, fields", CASES)
@pytest.mark.parametrize("word", ["NO-FORWARD", "no forward", "No_Forward "])
def test_a_word_that_nobody_knew(dialer, fields, word):
    assert outcome(dialer, **fields) == "unknown"
    assert outcome(dialer, {word: "canceled"}, **fields) == "canceled"


def test_the_tenant_knows_better_than_the_table():
    assert outcome("ryng", {"busy": "rejected"}, status="busy") == "rejected"
    assert outcome("qvoice", {"USER_BUSY": "rejected"}, hangup_cause="USER_BUSY") == "rejected"


def test_a_setting_of_the_dialers_own_comes_first():
    codes, causes = {"status_codes": {"7": "busy"}}, {"hangup_causes": {"X": "busy"}}
    assert outcome("ryng", {"7": "failed"}, codes, status="7") == "busy"
    assert outcome("qvoice", {"X": "failed"}, causes, hangup_cause="X") == "busy"


def test_the_cause_comes_before_the_rows_status():
    words = {"closed": "failed"}
    assert outcome("qvoice", words, hangup_cause="USER_BUSY", status="closed") == "busy"


def test_a_cause_that_means_an_answer_is_taken_of_a_customer_who_answered():
    answered = {"hangup_cause": "MACHINE", "answered_time": 1_763_460_009}
    assert outcome("qvoice", **answered) == "unknown"
    assert outcome("qvoice", {"machine": "voicemail"}, **answered) == "voicemail"
    assert outcome("qvoice", {"machine": "busy"}, **answered) == "unknown"  # another leg's


def test_a_conversation_that_is_proven_needs_no_word():
    assert outcome("qvoice", {"closed": "failed"}, status="closed", answered_time=1, agent_talk_time=30) == "connected"


EVENTS = [  # what the tenant says of the word -> kind and outcome of the event
    (None, "milestone", None),
    ("dismissed", "milestone", None),
    ("dialed", "dialed", "in_progress"),
    ("agent_answered", "agent_answered", "in_progress"),
    ("customer_answered", "customer_answered", "in_progress"),
    ("call_ended", "call_ended", "unknown"),
    ("retry_scheduled", "milestone", "retry_scheduled"),
    ("voicemail", "call_ended", "voicemail"),
]
CONNECT = {"callID": 1, "event": "Picked-Up", "customerNum": "+919800012345"}
VOIPEX = {"EventName": "picked_up", "UniqueId": "1763460000.1", "From": "200", "To": "+420601000001"}
JOB = {"id": 7, "phone": 79115550001, "jobStatus": "picked up"}
TOLD = {
    "ryng": ("callback", "connect", CONNECT, None),
    "voipex": ("callback", "event", VOIPEX, None),
    "jaicp": ("report", "jobs", JOB, {"campaign": "renewals"}),
}


@pytest.mark.parametrize("dialer", TOLD)
@pytest.mark.parametrize("meaning, kind, result", EVENTS)
def test_a_word_for_an_event_means_what_the_tenant_says(dialer, meaning, kind, result):
    source, name, body, context = TOLD[dialer]
    connection = Connection("one", dialer, words={"PICKED UP": meaning} if meaning else {})
    evidence = Evidence(source, name, json.dumps(body).encode(), context=context)
    (event,) = with_meanings(DIALERS[dialer].read(evidence, connection), connection).events
    decided = meaning not in (None, "dismissed")
    assert ("_word" in event.facts) is not decided
    if dialer == "jaicp" and meaning in ("voicemail", "retry_scheduled"):
        assert event.facts["connect_outcome"] == result  # its status, which its own reading has understood
    else:
        assert (event.kind, event.facts.get("connect_outcome")) == (kind, result)
