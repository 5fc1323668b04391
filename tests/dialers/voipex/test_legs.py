"""Webhooks of one call's phones: whose end is the call's, and which webhook counts as the later one."""

from itertools import permutations

import pytest

from dialers.voipex.legs import attempts
from outcomes.precedence import choose
from tests.told import CUSTOMER_ANSWERED, DIALED, ENDED, MILESTONE, some, told

JANA = {"agent_username": "jana", "agent_extension": "444"}
PETR = {"agent_username": "petr", "agent_extension": "445"}


def hook(event, kind, receipt=None, **facts):
    return told(kind, source="callback:event", _event=event, receipt=receipt, **facts)


def answered(**agent):
    return hook("Answered", CUSTOMER_ANSWERED, connect_outcome="connected", **agent)


def hangup(outcome="unknown", receipt=None, event="Hangup", **facts):
    return hook(event, ENDED, receipt, connect_outcome=outcome, **facts)


def handed_over(**agent):
    return hook("AttendedTransfer", MILESTONE, **agent)


def cdr(**facts):
    return hangup(event="CDR", **facts)


BUSY = {"connect_outcome": "busy"}

# webhooks of one UniqueId, in any order -> what the row says
CASES = {
    "the end of who answered": (
        [answered(**JANA), hangup(**JANA, status_raw="a"), hangup(**PETR, status_raw="b")],
        {"agent_username": "jana", "status_raw": "a"},
    ),
    "also where another phone's says more": (
        [answered(**JANA), hangup("canceled", **PETR, status_raw="b", hangup_cause="b", agent_email="p@x")],
        {"connect_outcome": "connected", "status_raw": None, "hangup_cause": None, "agent_username": "jana"},
    ),
    "by the login": (
        [answered(agent_username="jana"), hangup(agent_username="petr", status_raw="b")],
        {"status_raw": None},
    ),
    "however it is spelled": (
        [answered(agent_username="jana"), hangup(agent_username="JANA", status_raw="a")],
        {"status_raw": "a"},
    ),
    "by the line, where one lacks the login": (
        [answered(agent_extension="444"), hangup(**JANA, status_raw="a"), cdr(**PETR, status_raw="b")],
        {"status_raw": "a"},
    ),
    "by the line, where the end lacks it": (
        [answered(**JANA), hangup(agent_extension="444", status_raw="a"), cdr(agent_extension="445", status_raw="b")],
        {"status_raw": "a"},
    ),
    "by nothing that both say: nobody knows that it was theirs": (
        [answered(agent_username="jana"), hangup(agent_extension="444", status_raw="b")],
        {"status_raw": None, "agent_username": "jana", "agent_extension": None},
    ),
    "the login before the line": (
        [answered(**JANA), hangup(agent_username="petr", agent_extension="444", status_raw="b")],
        {"status_raw": None},
    ),
    "an end that names nobody may be anybody's": (
        [answered(**JANA), hangup(status_raw="a")],
        {"status_raw": "a"},
    ),
    "nobody answered: every end counts": (
        [hook("Ringing", DIALED), hangup(**JANA, status_raw="a")],
        {"status_raw": "a", "agent_username": "jana"},
    ),
    "by nobody who is named: an end that denies it is another leg's": (
        [
            answered(),
            hangup(receipt=7, **PETR, status_raw="b"),
            hook("Hangup", MILESTONE, receipt=7, **BUSY, _agent_username="petr"),
            hangup(receipt=8, **JANA, status_raw="a"),
        ],
        {"status_raw": "a", "agent_username": "jana"},
    ),
    "and one that does not deny it is the call's": (
        [answered(), hangup(receipt=8, **JANA, status_raw="a")],
        {"status_raw": "a", "agent_username": "jana"},
    ),
    "what is said beside an end without a result denies nothing": (
        [answered(), hangup(receipt=7, **JANA, status_raw="a"), hook("Odd", MILESTONE, receipt=7)],
        {"status_raw": "a"},
    ),
    "only a milestone denies": (
        [answered(), hangup("busy", receipt=7, **JANA, status_raw="a")],
        {"status_raw": "a"},
    ),
    "who answered is known, and nobody else's end counts, though it denies nothing": (
        [answered(), answered(**JANA), hangup(receipt=8, **PETR, status_raw="b")],
        {"status_raw": None, "agent_username": "jana"},
    ),
    "who took a call over may be named by its record alone": (
        [answered(**JANA), handed_over(**JANA), cdr(**PETR, status_raw="b")],
        {"status_raw": "b", "agent_username": "petr"},
    ),
    "as its reason may say": (
        [answered(**JANA), cdr(**PETR, status_raw="b", hangup_cause="Blind TRANSFER")],
        {"status_raw": "b", "agent_username": "petr"},
    ),
    "but not by a hang-up": (
        [answered(**JANA), handed_over(**JANA), hangup(**PETR, status_raw="b")],
        {"status_raw": None, "agent_username": "jana"},
    ),
    "nor by a record of a call that was not handed over": (
        [answered(**JANA), cdr(**PETR, status_raw="b")],
        {"status_raw": None, "agent_username": "jana"},
    ),
    "of an end and its record the record": (
        [hangup(**JANA, status_raw="a"), cdr(**JANA, status_raw="b")],
        {"status_raw": "b"},
    ),
    "what is the same for all legs is told by another leg, too": (
        [answered(**JANA), hangup(**PETR, customer_number="+1", queue_name="q")],
        {"customer_number": "+1", "queue_name": "q"},
    ),
}


@pytest.mark.parametrize("reason", CASES)
def test_whose_end_is_the_calls(reason):
    events, expected = CASES[reason]
    for order in permutations(events):
        (own,) = attempts(list(order)).values()
        assert some(choose(own)[0], expected) == expected


def test_the_end_of_another_leg_tells_that_something_has_ended_and_no_more():
    of_jana = answered(**JANA)
    of_petr = hangup("busy", **PETR, agent_email="p@x", status_raw="b", hangup_cause="b", lead_id="7")
    (own,) = attempts([of_jana, of_petr]).values()
    (found,) = [event for event in own if event.id == of_petr.id]
    assert found.facts == {"connect_outcome": "unknown", "_event": "the end of another leg", "lead_id": "7"}


def test_what_tells_of_no_end_is_no_leg():
    handed = handed_over(**PETR)
    (own,) = attempts([answered(**JANA), handed]).values()
    assert [event.facts for event in own if event.id == handed.id] == [handed.facts]


LIFE = ["NewCall", "Ringing", "Answered", "AttendedTransfer", "Hangup", "CDR"]


@pytest.mark.parametrize("spelled", [str, str.upper])
def test_the_life_of_a_call(spelled):
    """What is told later in it counts as the later one; a word that nobody knows comes first."""
    steps = [hook(spelled(word), MILESTONE) for word in LIFE[1:]]
    # Beside the first step, what says least of the result.
    steps.insert(0, hook("something else", MILESTONE))
    for order in (steps, steps[::-1]):
        (own,) = attempts(list(order)).values()
        by_time = sorted(own, key=lambda event: event.happened_at)
        assert [event.id for event in by_time] == [event.id for event in steps]


def test_a_new_call_is_at_the_place_of_an_unknown_word():
    first, known = hook("odd", MILESTONE, connect_outcome="busy"), hook("NewCall", MILESTONE)
    (own,) = attempts([first, known]).values()
    assert [event.id for event in own] == [known.id, first.id]


def test_every_uniqueid_is_one_attempt():
    one, other = told(ENDED, attempt="7"), told(ENDED, attempt="8")
    found = attempts([one, other])
    assert {name: [event.id for event in own] for name, own in found.items()} == {"7": [one.id], "8": [other.id]}
