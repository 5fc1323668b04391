"""Which evidence sets which field, field by field: the better kind of event wins, whichever was told last; of one kind the later,
and of what was told at once what says more; and what belongs together is taken together."""

from itertools import combinations, permutations

import pytest

from dialers.vocabulary import EVENT_KINDS, FACTS
from outcomes.precedence import choose
from tests.told import (
    AGENT_ANSWERED,
    CUSTOMER_ANSWERED,
    DIALED,
    DISPOSED,
    ENDED,
    LEAD_SEEN,
    MILESTONE,
    some,
    told,
)

# The kinds of event that may set a field, the best first.
MOST = (ENDED, DISPOSED, CUSTOMER_ANSWERED, AGENT_ANSWERED, LEAD_SEEN, MILESTONE, DIALED)
KINDS = dict.fromkeys(FACTS, MOST) | {
    "answered_by": (ENDED, CUSTOMER_ANSWERED),
    "lead_status": (LEAD_SEEN, ENDED, DISPOSED),
    **dict.fromkeys(
        ("disposition", "disposition_parent", "flags", "disposed_at", "callback_at", "notes"), (DISPOSED, ENDED)
    ),
}
TWO = {"connect_outcome": ("busy", "no_answer")}  # two values of a field that may differ from others


@pytest.mark.parametrize("field", FACTS)
def test_the_better_kind_wins_whichever_was_told_last(field):
    better_says, worse_says = TWO.get(field, (1, 2))
    for better, worse in combinations(KINDS[field], 2):
        good = told(better, 0, 0, **{field: better_says})
        for worse_at in (-9, 9):
            events = [good, told(worse, worse_at, worse_at, **{field: worse_says})]
            for order in permutations(events):
                values, set_by = choose(list(order))
                assert (values[field], set_by[field]) == (better_says, str(good.receipt_id)), (better, worse)


@pytest.mark.parametrize("field", FACTS)
def test_other_kinds_say_nothing_of_it(field):
    said, _ = TWO.get(field, (1, 2))
    for kind in EVENT_KINDS:
        assert choose([told(kind, **{field: said})])[0] == ({field: said} if kind in KINDS[field] else {}), kind


# What an end tells of its own leg; the rest is the same for all legs of a call.
OF_A_LEG = {
    *("answered_by", "agent_id", "agent_username", "agent_name", "agent_number", "agent_extension", "agent_email"),
    *("status_raw", "hangup_cause", "answered_at", "ended_at", "recording_url"),
    *("ring_seconds", "talk_seconds", "duration_seconds"),
}


@pytest.mark.parametrize("field", sorted(set(FACTS) - {"connect_outcome"}))
def test_of_the_end_of_another_leg_only_what_is_the_same_for_all_legs_is_taken(field):
    other = told(ENDED, 0, connect_outcome="no_answer", **{field: 0})
    result = told(ENDED, 5, connect_outcome="busy")
    for order in permutations([other, result]):
        assert choose(list(order))[0].get(field) == (None if field in OF_A_LEG else 0)


SALE, LATER = {"disposition": "Sale", "flags": ["sale"]}, {"disposition": "Call me"}
TOGETHER = {
    "a parent never stands beside another record's word": (
        [told(DISPOSED, 1, disposition_parent="Good", **SALE), told(DISPOSED, 2, **LATER)],
        {"disposition": "Call me", "disposition_parent": None, "flags": None},
    ),
    "nor a word's meaning beside another word": (
        [told(ENDED, 9, **SALE), told(DISPOSED, 1, **LATER)],
        {"disposition": "Call me", "flags": None},
    ),
    "who states the word beats who states the rest alone, though of a better kind and later": (
        [told(ENDED, 1, **SALE), told(DISPOSED, 9, flags=["dnc"], disposition_parent="Bad")],
        {"disposition": "Sale", "flags": ["sale"], "disposition_parent": None},
    ),
    "whoever answered: that counts for agents alone": (
        [told(ENDED, 1, connect_outcome="busy", **SALE), told(DISPOSED, 9, flags=["dnc"])],
        {"disposition": "Sale", "flags": ["sale"]},
    ),
    "where nobody states the word, the rest is taken": (
        [told(ENDED, 1, flags=["sale"]), told(DISPOSED, 0, flags=["dnc"])],
        {"flags": ["dnc"]},
    ),
    "an agent's name never stands beside another agent's number": (
        [told(ENDED, 1, agent_id="1", agent_number="+1"), told(ENDED, 2, agent_id="2", agent_name="Jana")],
        {"agent_id": "2", "agent_number": None, "agent_name": "Jana"},
    ),
    "and the one of whom the id is known is taken": (
        [told(ENDED, 1, agent_id="1"), told(ENDED, 2, agent_name="Jana")],
        {"agent_id": "1", "agent_name": None},
    ),
    "a raw number is the one from which the number was read": (
        [told(ENDED, 1, customer_number="+1", customer_number_raw="1"), told(ENDED, 2, customer_number_raw="x")],
        {"customer_number": "+1", "customer_number_raw": "1"},
    ),
    "and both are of the later record that has both": (
        [told(ENDED, 1, customer_number="+1", customer_number_raw="1"), told(ENDED, 2, customer_number="+2")],
        {"customer_number": "+2", "customer_number_raw": None},
    ),
    "other fields complete each other": (
        [told(ENDED, 1, campaign_id="7", queue_id="q"), told(ENDED, 2, campaign_name="Renewals")],
        {"campaign_id": "7", "queue_id": "q", "campaign_name": "Renewals"},
    ),
}

# What a connect outcome says -> against the same kind's, and against that of any kind
RESULTS = {
    "over, though nobody knows how, beats not over, of whatever kind": (
        [told(ENDED, 9, connect_outcome="retry_scheduled"), told(DIALED, 0, connect_outcome="unknown")],
        {"connect_outcome": "unknown"},
    ),
    "pending is not over": (
        [told(ENDED, 9, connect_outcome="pending"), told(DIALED, 0, connect_outcome="unknown")],
        {"connect_outcome": "unknown"},
    ),
    "nor is in progress": (
        [told(ENDED, 9, connect_outcome="in_progress"), told(DIALED, 0, connect_outcome="unknown")],
        {"connect_outcome": "unknown"},
    ),
    "a known result beats an unknown one, of whatever kind": (
        [told(ENDED, 9, connect_outcome="unknown"), told(DIALED, 0, connect_outcome="busy")],
        {"connect_outcome": "busy"},
    ),
    "talk proves a conversation against any other result": (
        [told(ENDED, 9, connect_outcome="busy"), told(DIALED, 0, connect_outcome="connected", talk_seconds=1)],
        {"connect_outcome": "connected"},
    ),
    "a machine's as well": (
        [told(ENDED, 9, connect_outcome="busy"), told(DIALED, 0, connect_outcome="voicemail", talk_seconds=1)],
        {"connect_outcome": "voicemail"},
    ),
    "no talk proves nothing": (
        [told(ENDED, 9, connect_outcome="busy"), told(DIALED, 0, connect_outcome="connected", talk_seconds=0)],
        {"connect_outcome": "busy"},
    ),
    "nor does an answer alone": (
        [told(ENDED, 9, connect_outcome="busy"), told(DIALED, 0, connect_outcome="connected")],
        {"connect_outcome": "busy"},
    ),
    "nor does talk on a call that nobody answered": (
        [
            told(ENDED, 1, connect_outcome="abandoned", talk_seconds=9),
            told(ENDED, 2, connect_outcome="busy", talk_seconds=0),
        ],
        {"connect_outcome": "busy", "talk_seconds": 0},
    ),
    "nor beside another kind": (
        [told(ENDED, 2, connect_outcome="busy"), told(DIALED, 1, connect_outcome="abandoned", talk_seconds=9)],
        {"connect_outcome": "busy"},
    ),
    "an end that says no result is no other leg": (
        [told(ENDED, 2, connect_outcome="busy"), told(ENDED, 1, hangup_cause="x", agent_id="7")],
        {"connect_outcome": "busy", "hangup_cause": "x", "agent_id": "7"},
    ),
    "nor is one that is not over": (
        [
            told(ENDED, 2, connect_outcome="unknown", agent_id="8"),
            told(ENDED, 1, connect_outcome="in_progress", status_raw="x"),
        ],
        {"connect_outcome": "unknown", "status_raw": "x", "agent_id": "8"},
    ),
    "of three legs with three results two are others": (
        [
            told(ENDED, 1, connect_outcome="failed", agent_id="7"),
            told(ENDED, 2, connect_outcome="busy", status_raw="x"),
            told(ENDED, 3, connect_outcome="rejected"),
        ],
        {"connect_outcome": "rejected", "agent_id": None, "status_raw": None},
    ),
    "two ends of one result are no two legs": (
        [
            told(ENDED, 2, connect_outcome="busy", agent_id="7"),
            told(ENDED, 1, connect_outcome="busy", hangup_cause="x"),
        ],
        {"agent_id": "7", "hangup_cause": "x"},
    ),
    "a milestone with another result is no other leg's end": (
        [told(ENDED, 2, connect_outcome="busy"), told(MILESTONE, 1, connect_outcome="rejected", status_raw="x")],
        {"connect_outcome": "busy", "status_raw": "x"},
    ),
}

# Who answered is named before who was rung, whatever else they say: kind and result of the one who answered
ANSWERED = [
    (CUSTOMER_ANSWERED, None),
    (AGENT_ANSWERED, None),
    (DISPOSED, None),
    (ENDED, None),
    (ENDED, "connected"),
    (ENDED, "voicemail"),
    (ENDED, "unknown"),
    (ENDED, "in_progress"),
]
RUNG = [(DIALED, None), (MILESTONE, None), (LEAD_SEEN, None), (ENDED, "busy"), (ENDED, "abandoned")]


@pytest.mark.parametrize("answered", ANSWERED)
@pytest.mark.parametrize("rung", RUNG)
def test_who_answered_is_named_before_who_was_rung(answered, rung):
    (kind, result), (other, failed) = answered, rung
    first = told(kind, 0, agent_name="Jana", **({"connect_outcome": result} if result else {}))
    then = told(other, 9, agent_id="7", agent_name="Petr", **({"connect_outcome": failed} if failed else {}))
    if kind == other:  # two ends: the known result is the call's, and the other one may be another leg's
        return
    for order in permutations([first, then]):
        assert some(choose(list(order))[0], {"agent_id": 0, "agent_name": 0}) == {
            "agent_id": None,
            "agent_name": "Jana",
        }


# Two records of one kind that differ in notes (and in what is given): the second counts for more, because ...
STANDINGS = {
    "it proves a conversation": (
        told(DISPOSED, 9, 9, notes="a", receipt=9),
        told(DISPOSED, 1, 1, notes="b", receipt=1, connect_outcome="connected", talk_seconds=1),
    ),
    "or a machine's": (
        told(DISPOSED, 9, 9, notes="a", receipt=9),
        told(DISPOSED, 1, 1, notes="b", receipt=1, connect_outcome="voicemail", talk_seconds=1),
    ),
    "it is later by the dialer's clock": (told(DISPOSED, 9, 1, notes="a"), told(DISPOSED, 1, 2, notes="b")),
    "it states a time": (told(DISPOSED, 9, None, notes="a"), told(DISPOSED, 1, -99, notes="b")),
    "talk alone is no proof": (
        told(DISPOSED, 9, 1, notes="a", connect_outcome="busy", talk_seconds=9),
        told(DISPOSED, 1, 2, notes="b"),
    ),
    "it is later by our clock: when it was seen, not when it was received": (
        told(DISPOSED, 9, 1, seen=1, notes="a", receipt=9, connect_outcome="connected"),
        told(DISPOSED, 1, 1, seen=2, notes="b", receipt=1),
    ),
    "it says more": (
        told(DISPOSED, notes="a", receipt=9, connect_outcome="busy", talk_seconds=9),
        told(DISPOSED, notes="b", receipt=1, connect_outcome="rejected"),
    ),
    "unknown says more than nothing": (
        told(DISPOSED, notes="a", receipt=9, talk_seconds=9),
        told(DISPOSED, notes="b", receipt=1, connect_outcome="unknown"),
    ),
    "not over says nothing": (
        told(DISPOSED, notes="a", receipt=1, connect_outcome="in_progress"),
        told(DISPOSED, notes="b", receipt=9),
    ),
    "of the same result, it tells of more talk": (
        told(DISPOSED, notes="a", receipt=9, connect_outcome="busy", talk_seconds=1),
        told(DISPOSED, notes="b", receipt=1, connect_outcome="busy", talk_seconds=2),
    ),
    "its receipt's id is higher": (
        told(DISPOSED, notes="a", receipt=1, ordinal=1),
        told(DISPOSED, notes="b", receipt=2),
    ),
    "it stands later in its receipt": (
        told(DISPOSED, notes="a", receipt=1, ordinal=1),
        told(DISPOSED, notes="b", receipt=1, ordinal=2),
    ),
}


@pytest.mark.parametrize("reason", STANDINGS)
def test_of_two_of_one_kind(reason):
    for order in permutations(STANDINGS[reason]):
        assert choose(list(order))[0]["notes"] == "b"


# What of two results that were told at once is the call's, the stronger first.
BY_WEIGHT = "connected voicemail abandoned rejected busy invalid_number blocked no_answer unreachable failed"
BY_WEIGHT += " agent_unavailable canceled unknown"


def test_results_by_what_they_say():
    for better, worse in combinations(BY_WEIGHT.split(), 2):
        events = [told(ENDED, receipt=1, connect_outcome=better), told(ENDED, receipt=2, connect_outcome=worse)]
        for order in permutations(events):
            assert choose(list(order))[0]["connect_outcome"] == better


CASES = TOGETHER | RESULTS


@pytest.mark.parametrize("reason", CASES)
def test_events_in_fields_out(reason):
    events, expected = CASES[reason]
    for order in permutations(events):
        assert some(choose(list(order))[0], expected) == expected
