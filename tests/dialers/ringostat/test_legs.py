"""Records and webhooks of one call's legs: which of them count as the call's, and which as the later one."""

from itertools import permutations

import pytest

from dialers.ringostat.legs import attempts
from outcomes.precedence import choose
from tests.told import DIALED, ENDED, some, told


def hook(words, kind=ENDED, **facts):
    return told(kind, source="callback:call", notes=words, **facts)


def record(words, minute=0, **facts):
    return told(ENDED, minute, notes=words, **facts)


JANA, PETR = {"agent_username": "jana"}, {"agent_username": "petr"}
LATER = {"started_at": "2026-11-18T10:00:20Z"}
FIRST = {"started_at": "2026-11-18T10:00:00Z"}
TALK = {"connect_outcome": "connected"}
NONE = {"connect_outcome": "no_answer"}

# what was told of one uniqueid, in the order in which it came -> what the row says, in that order and in any other of hooks
CASES = {
    "of two webhooks the one of the leg that answered, though the other rang later": (
        [hook("a", **JANA, **TALK, **FIRST), hook("b", **PETR, **NONE, **LATER)],
        {"notes": "a", "connect_outcome": "connected"},
    ),
    "of two that nobody answered the one that rang later": (
        [hook("a", **JANA, connect_outcome="busy", **FIRST), hook("b", **PETR, **NONE, **LATER)],
        {"notes": "b"},
    ),
    "one that says when it began after one that does not": (
        [hook("a", **JANA, connect_outcome="busy"), hook("b", **PETR, **NONE, **LATER)],
        {"notes": "b"},
    ),
    "of two that began at once the one whose result says more": (
        [hook("b", **JANA, **NONE, **FIRST), hook("a", **PETR, connect_outcome="busy", **FIRST)],
        {"notes": "a", "connect_outcome": "busy"},
    ),
    "one that names its event after one that does not": (
        [
            hook("a", **NONE),
            hook("b", connect_outcome="unknown", _event="after_call"),
            hook("c", connect_outcome="busy"),
        ],
        {"notes": "b"},
    ),
    "of the later start before of a later event": (
        [hook("a", **NONE, **FIRST, _event="after_rating"), hook("b", connect_outcome="unknown", **LATER)],
        {"notes": "b"},
    ),
    "by the start alone": ([hook("a", **TALK, **FIRST), hook("b", **NONE, **LATER)], {"notes": "a"}),
    "two that may be of one leg: the later": (
        [hook("a", **TALK), hook("b", **NONE, **LATER)],
        {"notes": "b"},
    ),
}


@pytest.mark.parametrize("reason", CASES)
def test_which_webhook_counts(reason):
    events, expected = CASES[reason]
    for order in permutations(events):
        again = [told(one.kind, at, source=one.source, **one.facts) for at, one in enumerate(order)]
        (own,) = attempts(again).values()
        assert some(choose(own)[0], expected) == expected


def test_a_record_of_a_leg_that_rang_in_vain_counts_for_less_than_any_webhook():
    """However late it was listed."""
    talked, rang = hook("a", **JANA, **TALK), record("b", 9, **PETR, **NONE, talk_seconds=0)
    for order in permutations([talked, rang]):
        (own,) = attempts(list(order)).values()
        assert choose(own)[0]["notes"] == "a"


@pytest.mark.parametrize("who", ["agent_username", "agent_number", "agent_name", "started_at"])
def test_and_for_less_than_the_record_of_the_leg_that_answered(who):
    """Also where no ``calldate`` can be read, so that no record states a time."""
    talked, rang = record("a", 0, **{who: "1"}, **TALK), record("b", 9, **{who: "2"}, **NONE)
    for order in permutations([talked, rang]):
        (own,) = attempts(list(order)).values()
        assert some(choose(own)[0], {"notes": 0, "connect_outcome": 0}) == {"notes": "a", **TALK}


def test_of_records_of_one_leg_the_later_counts():
    versions = [record("a", 0, **JANA, **TALK), record("b", 9, **JANA, **NONE)]
    (own,) = attempts(versions).values()
    assert own == versions


@pytest.mark.parametrize("minute", [None, 9])
def test_of_webhooks_and_a_record_the_record_is_the_later(minute):
    """It shows the present state; also where it states no time."""
    listed = told(ENDED, 0, minute, notes="c", **JANA, **TALK)
    hooks = [hook("a", **JANA, **TALK), hook("b", **JANA, **TALK)]
    for order in permutations([listed, *hooks]):
        (own,) = attempts(list(order)).values()
        latest = max(own, key=lambda event: event.happened_at)
        assert latest.facts["notes"] == "c"
        assert minute is None or latest == listed


def test_webhooks_of_different_kinds_are_no_rivals():
    events = [hook("a", DIALED), hook("b", ENDED, **TALK)]
    assert attempts(events) == {"1": events}


def test_every_uniqueid_is_one_attempt():
    one, other = told(ENDED, attempt="7"), told(ENDED, attempt="8")
    assert attempts([one, other]) == {"7": [one], "8": [other]}
