"""Events in, seconds out, and where they come from: what is stated, computed or observed, and why often nothing is."""

from dataclasses import replace
from itertools import permutations

import pytest

from dialers import vocabulary as ours
from outcomes.fold import fold
from tests.told import AGENT_ANSWERED, CONNECTION, CUSTOMER_ANSWERED, DIALED, ENDED, PLAIN, iso, moment, told

# A dialer that states no times: what is posted as it happens, by a word of its own.
PLACES = {
    "begun": ours.ARRIVED_BEGUN,
    "ringing": ours.ARRIVED_RINGING,
    "answered": ours.ARRIVED_ANSWERED,
    "ended": ours.ARRIVED_ENDED,
    "recorded": ours.ARRIVED_RECORDED,
}
POSTING = replace(PLAIN, arrival=lambda event: PLACES.get(event.facts.get("_event")))
NOTHING = (None, None, None, None)


def seconds(events, dialer=PLAIN):
    """(talk, its source, duration, its source), in whatever order the events are given; and the row."""
    found = []
    for order in permutations(events):
        (attempt,) = fold(list(order), CONNECTION, dialer, moment(9999))
        values = attempt.values
        for name in ("talk", "duration"):
            of_end = values["set_by"].get(f"{name}_seconds")
            assert (of_end is None) == (values[f"{name}_seconds"] is None) == (values[f"{name}_source"] is None)
            if values[f"{name}_source"] in ("computed", "observed"):
                assert of_end in {str(event.receipt_id) for event in events if event.kind == ENDED}
        found.append(
            tuple(values[name] for name in ("talk_seconds", "talk_source", "duration_seconds", "duration_source"))
        )
    assert len(set(found)) == 1
    return found[0]


# Stated and computed --------------------------------------------------------------------------------------------------
def end(outcome="connected", **given):
    times = {name: iso(at) for name, at in given.items() if name.endswith("_at")}
    return told(ENDED, 60, **{**given, **times, "connect_outcome": outcome})


TALKED = {"answered_at": 1, "ended_at": 3}
ALL = {"started_at": 0} | TALKED
DAY = 24 * 60

COMPUTED = {
    "both stated": ([end(**ALL, talk_seconds=5, duration_seconds=9)], (5, "stated", 9, "stated")),
    "a stated zero is no gap": ([end(**ALL, talk_seconds=0, duration_seconds=0)], (0, "stated", 0, "stated")),
    "one stated, the other computed": ([end(**ALL, talk_seconds=5)], (5, "stated", 180, "computed")),
    "the other way round": ([end(**ALL, duration_seconds=9)], (120, "computed", 9, "stated")),
    "both computed": ([end(**ALL)], (120, "computed", 180, "computed")),
    "without an end nothing is": ([end(started_at=0, answered_at=1)], NOTHING),
    "without an answer nobody talked": ([end(started_at=0, ended_at=3)], (None, None, 180, "computed")),
    "without a start it lasted nobody knows how long": ([end(**TALKED)], (120, "computed", None, None)),
    "of a call without a conversation nobody talked": ([end("no_answer", **ALL)], (None, None, 180, "computed")),
    "with a machine neither": ([end("voicemail", **ALL)], (None, None, 180, "computed")),
    "parts of a second do not count": ([end(started_at=0, ended_at=0.999)], (None, None, 59, "computed")),
    "over as it began": ([end(started_at=0, answered_at=0, ended_at=0)], (0, "computed", 0, "computed")),
    "over before it began": ([end(started_at=3, answered_at=3, ended_at=2.99)], NOTHING),
    "a day": ([end(started_at=0, ended_at=DAY)], (None, None, 86400, "computed")),
    "more than a day does not belong together": ([end(started_at=0, ended_at=DAY + 1 / 60)], NOTHING),
    "the customer waited for the agent": (
        [end(**ALL), told(AGENT_ANSWERED, 0, happened=2)],
        (60, "computed", 180, "computed"),
    ),
    "the agent waited for the customer": (
        [end(**ALL), told(AGENT_ANSWERED, 0, happened=0.5)],
        (120, "computed", 180, "computed"),
    ),
    "of two agents who answered, from the first": (
        [end(**ALL), told(AGENT_ANSWERED, 0, happened=2), told(AGENT_ANSWERED, 0, happened=2.5)],
        (60, "computed", 180, "computed"),
    ),
    "an agent's answer without a time says nothing": (
        [end(**ALL), told(AGENT_ANSWERED, 2)],
        (120, "computed", 180, "computed"),
    ),
    "nor does the customer's": (
        [end(**ALL), told(CUSTOMER_ANSWERED, 0, happened=2)],
        (120, "computed", 180, "computed"),
    ),
    "an answer of one agent and the end of another's leg are no talk": (
        [end(started_at=0, ended_at=3, agent_id="1"), told(CUSTOMER_ANSWERED, 0, answered_at=iso(1), agent_id="2")],
        (None, None, 180, "computed"),
    ),
    "of the same agent they are": (
        [end(started_at=0, ended_at=3, agent_id="1"), told(CUSTOMER_ANSWERED, 0, answered_at=iso(1), agent_id="1")],
        (120, "computed", 180, "computed"),
    ),
    "nor is what else the record of the answer tells of nobody": (
        [
            end(ended_at=3, agent_id="2"),
            told(CUSTOMER_ANSWERED, 0, receipt=5, answered_at=iso(1), agent_id="1"),
            told(DIALED, 0, receipt=5, ordinal=1),
        ],
        NOTHING,
    ),
    "nor is an answer that was told before the one that counts": (
        [
            end(ended_at=3, agent_id="2"),
            told(CUSTOMER_ANSWERED, 0, answered_at=iso(1), agent_id="2"),
            told(CUSTOMER_ANSWERED, 5, answered_at=iso(1.5), agent_id="1"),
        ],
        NOTHING,
    ),
    "where one record tells of two agents' answer, one of them may be the credited one's": (
        [
            end(ended_at=3, agent_id="2"),
            told(CUSTOMER_ANSWERED, 0, receipt=5, answered_at=iso(1), agent_id="1"),
            told(AGENT_ANSWERED, 0, receipt=5, ordinal=1, answered_at=iso(1), agent_id="2"),
        ],
        (120, "computed", None, None),
    ),
    "who is not named is nobody else": (
        [end(ended_at=3, agent_id="1"), told(DIALED, 0, started_at=iso(0))],
        (None, None, 180, "computed"),
    ),
    "a start of one agent's leg and the end of another's are no duration": (
        [end(ended_at=3, agent_id="1"), told(DIALED, 0, started_at=iso(0), agent_id="2")],
        NOTHING,
    ),
    "a job that is tried again from the same start": (
        [
            end("no_answer", started_at=0, ended_at=3),
            told(DIALED, 0, connect_outcome="retry_scheduled", started_at=iso(0)),
        ],
        NOTHING,
    ),
    "from a start of its own": (
        [
            end("no_answer", started_at=2, ended_at=3),
            told(DIALED, 0, connect_outcome="retry_scheduled", started_at=iso(0)),
        ],
        (None, None, 60, "computed"),
    ),
    "what is in progress since the same start is no earlier try": (
        [end("no_answer", started_at=0, ended_at=3), told(DIALED, 0, connect_outcome="in_progress", started_at=iso(0))],
        (None, None, 180, "computed"),
    ),
    "a dialer that states times is never observed": (
        [end(started_at=0, answered_at=1), told(DIALED, 0, _event="begun"), told(ENDED, 9, _event="ended")],
        NOTHING,
    ),
}


@pytest.mark.parametrize("reason", COMPUTED)
def test_stated_or_computed(reason):
    events, expected = COMPUTED[reason]
    assert seconds(events) == expected


WHO = ("agent_id", "agent_username", "agent_email", "agent_extension", "agent_number", "agent_name")


@pytest.mark.parametrize("name", WHO)
def test_by_whatever_name_two_agents_differ(name):
    """The answer of one and the end of the other are no talk; of one agent they are, whatever else is not said of them."""
    answer = told(CUSTOMER_ANSWERED, 0, answered_at=iso(1), **{name: "a"})
    for other, talk in (("a", 120), ("b", None)):
        assert seconds([answer, end(ended_at=3, **{name: other})])[0] == talk


# Observed -------------------------------------------------------------------------------------------------------------
KINDS = {"begun": DIALED, "ringing": DIALED, "answered": CUSTOMER_ANSWERED, "ended": ENDED, "recorded": ENDED}


def arrived(event, second, agent=None, outcome=None, **given):
    """A callback; what it says of the result is what VoIPEX's do."""
    result = outcome or ("connected" if event == "answered" else None)
    facts = {"_event": event} | ({"agent_id": agent} if agent else {}) | ({"connect_outcome": result} if result else {})
    return told(KINDS[event], second / 60, source="callback:event", **facts, **given)


CALL = [arrived("begun", 0), arrived("answered", 8), arrived("ended", 38)]

OBSERVED = {
    "from the answer to the end, from the beginning to the end": (CALL, (30, "observed", 38, "observed")),
    "stated seconds are not observed": (
        [arrived("begun", 0), arrived("answered", 8), arrived("ended", 38, talk_seconds=5)],
        (5, "stated", 38, "observed"),
    ),
    "nor is a stated duration": (
        [arrived("begun", 0), arrived("answered", 8), arrived("ended", 38, duration_seconds=5)],
        (30, "observed", 5, "stated"),
    ),
    "nobody talked": ([arrived("begun", 0), arrived("ended", 38, outcome="busy")], (None, None, 38, "observed")),
    "a machine did not": (
        [arrived("begun", 0), arrived("answered", 8, outcome="voicemail"), arrived("ended", 38)],
        (None, None, 38, "observed"),
    ),
    "a dialer that tells when it was over is not observed": (
        [arrived("begun", 0), arrived("answered", 8), arrived("ended", 38, ended_at=iso(1))],
        NOTHING,
    ),
    "nor one that tells when it was answered": (
        [arrived("begun", 0), arrived("answered", 8, answered_at=iso(0.1)), arrived("ended", 38)],
        NOTHING,
    ),
    "not over": ([arrived("begun", 0), arrived("answered", 8)], NOTHING),
    "its end is known by a record alone, which is stored later": (
        [arrived("begun", 0), arrived("answered", 8), arrived("recorded", 38)],
        NOTHING,
    ),
    "two ends: which one?": ([*CALL, arrived("ended", 50, notes="b")], NOTHING),
    "two answers: which one?": ([*CALL, arrived("answered", 9, notes="b")], (None, None, 38, "observed")),
    "of two beginnings the first": (
        [arrived("begun", 5, notes="b"), *CALL],
        (30, "observed", 38, "observed"),
    ),
    "the first by its arrival, in whatever order they were read": (
        [
            arrived("begun", 5, notes="b", seen=0, receipt=1),
            arrived("begun", 0, seen=9, receipt=2),
            arrived("answered", 8),
            arrived("ended", 38),
        ],
        (30, "observed", 38, "observed"),
    ),
    "more than a day apart": ([arrived("answered", 8), arrived("ended", 8 + 86401)], NOTHING),
    "answered after the end was told: one of them was late": (
        [arrived("begun", 0), arrived("answered", 39), arrived("ended", 38)],
        (None, None, 38, "observed"),
    ),
    "begun after it was answered": (
        [arrived("begun", 9), arrived("answered", 8), arrived("ended", 38)],
        (30, "observed", None, None),
    ),
    "begun after it rang": (
        [arrived("begun", 1), arrived("ringing", 0), arrived("answered", 8), arrived("ended", 38)],
        (30, "observed", None, None),
    ),
    "the end after its record": ([*CALL, arrived("recorded", 37)], NOTHING),
    "with its record, at once": ([*CALL, arrived("recorded", 38)], (30, "observed", 38, "observed")),
    "another agent's leg makes nothing late": (
        [arrived("begun", 0, "1"), arrived("answered", 8, "1"), arrived("ended", 38, "1"), arrived("recorded", 5, "2")],
        (30, "observed", 38, "observed"),
    ),
    "at once: they were held up, and came together": (
        [arrived("begun", 0), arrived("answered", 38), arrived("ended", 38.5)],
        (None, None, 38, "observed"),
    ),
    "within a second": ([arrived("answered", 8), arrived("ended", 9)], (1, "observed", None, None)),
    "of the agent who is credited": (
        [arrived("begun", 0), arrived("answered", 8, "1"), arrived("answered", 9), arrived("ended", 38, "1")],
        (30, "observed", 38, "observed"),
    ),
    "whoever was told of before": (
        [arrived("answered", 8), arrived("answered", 9, "1"), arrived("ended", 38, "1")],
        (29, "observed", None, None),
    ),
    "not of others": (
        [arrived("answered", 8, "1"), arrived("answered", 9, "2"), arrived("ended", 38, "2")],
        (29, "observed", None, None),
    ),
    "an end of another agent's leg is not the call's": (
        [arrived("answered", 8, "1"), arrived("ended", 38, "2")],
        NOTHING,
    ),
    "nobody is named: those that name nobody": (
        [arrived("answered", 8), arrived("ended", 38)],
        (30, "observed", None, None),
    ),
}


@pytest.mark.parametrize("reason", OBSERVED)
def test_observed(reason):
    events, expected = OBSERVED[reason]
    assert seconds(events, POSTING) == expected
    assert seconds(events)[1] != "observed" != seconds(events)[3]  # of a dialer that posts nothing as it happens


def test_the_end_that_was_observed_has_set_the_seconds():
    (attempt,) = fold(CALL, CONNECTION, POSTING, moment(9999))
    assert attempt.values["set_by"]["talk_seconds"] == str(CALL[2].receipt_id)
