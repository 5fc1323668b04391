"""Events in, fields out, and why: what the fold takes where several legs or versions of one call say different things. Every case
is tried in every order."""

from datetime import timedelta
from itertools import permutations

import pytest

from dialers.base import KeptEvent
from lib import ids
from outcomes.precedence import choose
from tests.evidence import START


def said(kind, outcome=None, minute=0.0, happened=None, **facts) -> KeptEvent:
    """An event that was seen at this minute; ``happened`` by the dialer's clock, where it states a time."""
    at = START + timedelta(minutes=minute)
    happened_at = None if happened is None else START + timedelta(minutes=happened)
    facts |= {"connect_outcome": outcome} if outcome else {}
    return KeptEvent(ids.new(), ids.new(), 0, "report:calls", kind, "1", happened_at, at, at, facts)


ENDED, RUNG, PICKED_UP, ANSWERED = "call_ended", "dialed", "agent_answered", "customer_answered"

CASES = {
    "a proven conversation outranks another leg's end that was seen later": (
        [said(ENDED, "connected", 0, talk_seconds=30), said(ENDED, "no_answer", 9, talk_seconds=0)],
        {"connect_outcome": "connected", "talk_seconds": 30},
    ),
    "and one that the dialer itself puts later": (
        [said(ENDED, "connected", 0, 1, talk_seconds=30), said(ENDED, "busy", 0, 5, talk_seconds=0)],
        {"connect_outcome": "connected", "talk_seconds": 30},
    ),
    "durations are of the leg whose result it is, also where that leg states none": (
        [said(ENDED, "connected", 3), said(ENDED, "no_answer", 1, talk_seconds=0, ring_seconds=20)],
        {"connect_outcome": "connected", "talk_seconds": None, "ring_seconds": None},
    ),
    "so are who answered, the recording and the words": (
        [
            said(ENDED, "connected", 0, talk_seconds=30, status_raw="ANSWERED"),
            said(
                ENDED, "voicemail", 5, talk_seconds=0, status_raw="VM", answered_by="machine", recording_url="https://x"
            ),
        ],
        {"connect_outcome": "connected", "status_raw": "ANSWERED", "answered_by": None, "recording_url": None},
    ),
    "what is the same for all legs is taken from any": (
        [said(ENDED, "connected", 3, talk_seconds=3), said(ENDED, "busy", 1, customer_name="Olga", lead_id="7")],
        {"connect_outcome": "connected", "customer_name": "Olga", "lead_id": "7"},
    ),
    "of two versions of a conversation the later is taken": (
        [said(ENDED, "connected", 1, talk_seconds=40), said(ENDED, "connected", 2, talk_seconds=25)],
        {"connect_outcome": "connected", "talk_seconds": 25},
    ),
    "a machine that talked is a conversation's correction": (
        [said(ENDED, "connected", 1, talk_seconds=40), said(ENDED, "voicemail", 2, talk_seconds=40)],
        {"connect_outcome": "voicemail", "talk_seconds": 40},
    ),
    "of results without talk the later version is taken": (
        [said(ENDED, "no_answer", 1), said(ENDED, "busy", 2)],
        {"connect_outcome": "busy"},
    ),
    "of two that were seen side by side the one that says more": (
        [said(ENDED, "connected", 1), said(ENDED, "no_answer", 1), said(ENDED, "canceled", 1)],
        {"connect_outcome": "connected"},
    ),
    "of two conversations that were seen side by side the longer": (
        [said(ENDED, "connected", 1, talk_seconds=9), said(ENDED, "connected", 1, talk_seconds=40)],
        {"talk_seconds": 40},
    ),
    "an unknown end says nothing against a known one, and lends its words": (
        [said(ENDED, "no_answer", 1), said(ENDED, "unknown", 5, hangup_cause="odd")],
        {"connect_outcome": "no_answer", "hangup_cause": "odd"},
    ),
    "who picked up outranks who is named by the end of a leg that nobody answered": (
        [
            said(PICKED_UP, "in_progress", 1, agent_username="olena"),
            said(ENDED, "no_answer", 2, agent_username="petro"),
        ],
        {"agent_username": "olena", "connect_outcome": "no_answer"},
    ),
    "also where the unanswered leg names its agent better": (
        [
            said(PICKED_UP, "in_progress", 1, agent_username="olena"),
            said(ENDED, "busy", 2, agent_id="7", agent_name="P"),
        ],
        {"agent_username": "olena", "agent_id": None, "agent_name": None},
    ),
    "of those who answered the end names the one who is credited": (
        [said(PICKED_UP, "in_progress", 1, agent_id="1"), said(ENDED, "connected", 2, agent_id="2", talk_seconds=5)],
        {"agent_id": "2"},
    ),
    "an end whose result nobody knows may credit, too": (
        [said(PICKED_UP, "in_progress", 1, agent_id="1"), said(ENDED, "unknown", 2, agent_id="2")],
        {"agent_id": "2"},
    ),
    "where nobody answered, the end names who was tried": (
        [said(RUNG, "in_progress", 1, agent_id="1"), said(ENDED, "no_answer", 2, agent_id="2")],
        {"agent_id": "2"},
    ),
    "of two who picked up the later by the dialer's clock": (
        [said(PICKED_UP, "in_progress", 9, 1, agent_id="1"), said(PICKED_UP, "in_progress", 1, 2, agent_id="2")],
        {"agent_id": "2"},
    ),
    "an answer that is told beside an unknown end is the result": (
        [said(ANSWERED, "connected", 1, agent_username="jana"), said(ENDED, "unknown", 2)],
        {"connect_outcome": "connected", "agent_username": "jana"},
    ),
}


@pytest.mark.parametrize("reason", CASES)
def test_events_in_fields_out(reason):
    events, expected = CASES[reason]
    for order in permutations(events):
        values, set_by = choose(list(order))
        assert {name: values.get(name) for name in expected} == expected
        assert set(set_by) == set(values)
