"""Events in, their order out, and which legs count: callbacks without times, and several legs of one call."""

from itertools import permutations

import pytest

from dialers.event_order import of_other_legs, placed
from dialers.vocabulary import FINAL_OUTCOMES
from tests.told import CUSTOMER_ANSWERED, ENDED, MILESTONE, moment, told

STEPS = ["begun", "over"]


def step(event):
    return STEPS.index(event.facts["_step"])


def said(words, place="over", **facts):
    return told(ENDED, _step=place, notes=words, **facts)


# What counts for less before what counts for more; ``notes`` tell them apart.
ORDERS = {
    "by the place in the life of a call": [said("b", connect_outcome="connected", place="begun"), said("a")],
    "of one place, a result counts more than none": [said("b"), said("a", connect_outcome="unknown")],
    "not over is no result": [said("b", connect_outcome="in_progress"), said("a", connect_outcome="unknown")],
    "a result that says more": [said("b", connect_outcome="no_answer"), said("a", connect_outcome="busy")],
    "a result before talk": [
        said("b", connect_outcome="no_answer", talk_seconds=9),
        said("a", connect_outcome="busy", talk_seconds=0),
    ],
    "of one result, more talk": [
        said("c", connect_outcome="connected"),
        said("b", connect_outcome="connected", talk_seconds=1),
        said("a", connect_outcome="connected", talk_seconds=2),
    ],
    "at last their very words, whatever they are": [said("a"), said("b")],
}


@pytest.mark.parametrize("reason", ORDERS)
def test_what_is_said_decides_which_counts_as_the_later(reason):
    expected = ORDERS[reason]
    for order in permutations(expected):
        found = placed(list(order), step)
        assert [event.id for event in found] == [event.id for event in expected]
        times = [event.happened_at for event in found]
        assert times == sorted(set(times)) and times[-1] < moment(-60 * 24 * 365)


def test_words_are_compared_by_their_names():
    """By the first of the names, in whatever order they are given."""
    expected = [
        told(ENDED, _step="over", b=9, a="0"),
        told(ENDED, _step="over", a="1", b=3),
        told(ENDED, _step="over", b=0, a="2"),
    ]
    for order in permutations(expected):
        assert [event.id for event in placed(list(order), step)] == [event.id for event in expected]


def test_every_result_has_a_weight():
    ends = [said("x", connect_outcome=outcome) for outcome in FINAL_OUTCOMES]
    found = [event.facts["connect_outcome"] for event in placed(ends, step)]
    assert found[-1] == "connected"
    assert found == [event.facts["connect_outcome"] for event in placed(ends[::-1], step)]


# Legs -------------------------------------------------------------------------------------------------------------------
WHO = ("agent_name", "started_at")


def end(agent, outcome=None, talk=None, **more):
    given = {"agent_name": agent, "connect_outcome": outcome, "talk_seconds": talk} | more
    return told(ENDED, **{name: value for name, value in given.items() if value is not None})


# ends of legs -> the agents of those that are none of the call's
LEGS = {
    "one end has no rival": ([end("a", "no_answer")], ""),
    "one end that was answered": ([end("a", "connected")], ""),
    "who answered outranks who rang in vain": ([end("a", "connected", 5), end("b", "no_answer", 0)], "b"),
    "also where nobody says how long": ([end("a", "connected"), end("b", "no_answer")], "b"),
    "all who rang in vain": ([end("a", "connected"), end("b", "no_answer"), end("c", "busy")], "bc"),
    "an end that says no result": ([end("a", "connected"), end("b")], "b"),
    "a conversation outranks the voicemail that it was handed to": (
        [end("a", "connected"), end("b", "voicemail")],
        "b",
    ),
    "though the machine talked longer": ([end("a", "connected", 5), end("b", "voicemail", 50)], "b"),
    "a voicemail outranks who rang in vain": ([end("a", "voicemail"), end("b", "busy")], "b"),
    "an answer without any talk is none": ([end("a", "connected", 0), end("b", "no_answer")], ""),
    "so that the machine may be the call's": ([end("a", "connected", 0), end("b", "voicemail", 9)], "a"),
    "two who answered are both the call's": ([end("a", "connected"), end("b", "connected"), end("c", "busy")], "c"),
    "nobody answered": ([end("a", "busy"), end("b", "no_answer")], ""),
    "two versions of one record are no two legs": ([end("a", "connected"), end("a", "busy")], ""),
    "nor are two that may be one: nobody is named": ([end("a", "connected"), end(None, "busy", agent_number="1")], ""),
    "nor of whom who answered is not named": ([end(None, "connected", agent_number="1"), end("b", "busy")], ""),
    "one leg by its agent, two by their starts": (
        [end("a", "connected", started_at="1"), end("a", "busy", started_at="2")],
        "a",
    ),
    "differing from one of those who answered is not enough": (
        [end("a", "connected"), end("b", "connected"), end("b", "busy")],
        "",
    ),
    "what is told of no end is no leg": (
        [end("a", "connected"), told(MILESTONE, agent_name="b", connect_outcome="busy")],
        "",
    ),
    "nor does it answer one": (
        [told(CUSTOMER_ANSWERED, agent_name="a", connect_outcome="connected"), end("b", "busy")],
        "",
    ),
    "nor beside two ends": (
        [
            told(CUSTOMER_ANSWERED, agent_name="a", connect_outcome="connected"),
            end("b", "busy"),
            end("c", "no_answer"),
        ],
        "",
    ),
}


@pytest.mark.parametrize("reason", LEGS)
def test_legs_that_are_none_of_the_calls(reason):
    given, expected = LEGS[reason]
    for order in permutations(given):
        found, others = of_other_legs(list(order), WHO)
        assert [event.id for event in found] == [event.id for event in order]
        gone = [event for event in found if event.id in others]
        assert sorted(event.facts["agent_name"] for event in gone) == sorted(expected)
        assert not any("talk_seconds" in event.facts for event in gone)
        kept = {event.id: event.facts for event in order}
        rest = {event.id: {k: v for k, v in kept[event.id].items() if k != "talk_seconds"} for event in gone}
        assert {event.id: event.facts for event in found} == kept | rest
