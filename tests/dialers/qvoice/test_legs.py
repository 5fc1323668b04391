"""Rows of one call, one for each agent who was tried: that of who answered counts, whichever was polled last."""

from itertools import permutations

import pytest

from dialers.qvoice.legs import attempts
from outcomes.precedence import choose
from tests.told import AGENT_ANSWERED, ENDED, told

FIRST, LATER = "2026-11-18T10:00:00Z", "2026-11-18T10:00:20Z"

# facts of the row that was polled first and tells of a conversation, and of one that was polled after it -> whose notes count
CASES = {
    "by the agent's extension": ({"agent_extension": "1"}, {"agent_extension": "2"}, "a"),
    "by the agent's name": ({"agent_name": "Jana"}, {"agent_name": "Petr"}, "a"),
    "by the start": ({"started_at": FIRST}, {"started_at": LATER}, "a"),
    "a later version of the row": ({"agent_extension": "1"}, {"agent_extension": "1"}, "b"),
    "it may be a later version": ({"agent_extension": "1"}, {"agent_name": "Petr"}, "b"),
}


@pytest.mark.parametrize("reason", CASES)
def test_whose_row_counts(reason):
    first, then, expected = CASES[reason]
    talked = told(ENDED, 0, notes="a", connect_outcome="connected", **first)
    rang = told(ENDED, 9, notes="b", connect_outcome="no_answer", **then)
    for order in permutations([talked, rang]):
        (own,) = attempts(list(order)).values()
        assert choose(own)[0]["notes"] == expected


def test_of_two_rows_of_who_answered_the_later_counts():
    answered = [
        told(ENDED, at, notes=notes, connect_outcome="connected", agent_name="J") for at, notes in ((0, "a"), (5, "b"))
    ]
    rang = told(ENDED, 9, notes="c", connect_outcome="busy", agent_name="P")
    for order in permutations([*answered, rang]):
        (own,) = attempts(list(order)).values()
        assert choose(own)[0]["notes"] == "b"


def test_what_tells_of_no_end_stays_when_it_happened():
    answer = told(AGENT_ANSWERED, 0, 1, agent_name="J")
    ends = [
        told(ENDED, 5, connect_outcome="connected", agent_name="J"),
        told(ENDED, 6, connect_outcome="busy", agent_name="P"),
    ]
    (own,) = attempts([answer, *ends]).values()
    assert own[0] is answer
    assert [event.happened_at is None for event in own[1:]] == [False, True]


def test_every_name_is_one_attempt():
    one, other = told(ENDED, attempt="7"), told(ENDED, attempt="8")
    assert attempts([one, other]) == {"7": [one], "8": [other]}
