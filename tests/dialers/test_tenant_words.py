"""What a tenant says of a dialer's words, in ``[words.<connection>]``, beside the settings that some dialers had before."""

import json

import pytest

from dialers.base import Connection, Evidence
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
