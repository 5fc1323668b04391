"""Which attempt a connect callback belongs to: event tables in, attempts out, in every order."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations

import pytest

from dialers.base import KeptEvent
from dialers.ryng.attempts import attempts
from lib import clock, ids
from tests.evidence import START


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def event(name, arrived, attempt=None, started=None, ended=None, agent=None, created=None):
    """A connect callback, or with ``attempt`` a terminal one; times in minutes."""
    facts = {"started_at": started, "ended_at": ended, "created_at": created}
    facts = {key: clock.iso(at(value)) for key, value in facts.items() if value is not None}
    facts |= {"agent_id": agent} if agent else {}
    kind = "call_ended" if attempt else "agent_answered"
    arrival = at(arrived)
    return name, KeptEvent(ids.new(), ids.new(), 0, "callback:x", kind, attempt, None, arrival, arrival, facts)


def recorded(*given, **facts):
    """A terminal callback that tells of a disposition and of no end."""
    name, one = event(*given, **facts)
    return name, replace(one, kind="disposed")


CASES = {
    "no terminal yet": ([event("c", 0)], {"open": "c"}),
    "one attempt takes all": ([event("c", 0), event("t", 2, "1", 0, 2)], {"log:1": "ct"}),
    "late connect": ([event("t", 2, "1", 0, 2), event("c", 3)], {"log:1": "ct"}),
    "by its start": (
        [event("a", 9, started=0), event("b", 0, started=60), event("1", 2, "1", 0, 2), event("2", 62, "2", 60, 62)],
        {"log:1": "1a", "log:2": "2b"},
    ),
    "agent's leg began first": ([event("c", 0, started=-1), event("t", 2, "1", 0, 2)], {"log:1": "ct"}),
    "late connect, tried twice": ([event("t", 2, "1", 0, 2), event("c", 4.9)], {"log:1": "ct"}),
    "late by hours, and started within it": ([event("t", 2, "1", 0, 2), event("c", 300, started=1)], {"log:1": "ct"}),
    "dialled again: long after the first end was told": (
        [event("c", 0), event("t", 2, "1", 0, 2), event("d", 30)],
        {"log:1": "ct", "open": "d"},
    ),
    "dialled again, of an attempt that states no times": (
        [event("t", 2, "1"), event("c", 3), event("d", 30)],
        {"log:1": "ct", "open": "d"},
    ),
    "dialled again, and told by now": (
        [event("c", 0), event("1", 2, "1", 0, 2), event("d", 30), event("2", 33, "2", 30, 33)],
        {"log:1": "1c", "log:2": "2d"},
    ),
    "dialled again by another agent at once": (
        [event("t", 2, "1", 0, 2, agent="a"), event("c", 2.1, agent="a"), event("d", 2.5, agent="b")],
        {"log:1": "ct", "open": "d"},
    ),
    "another agent before the end was told: one of those who were tried": (
        [event("c", 1, agent="b"), event("t", 2, "1", 0, 2, agent="a")],
        {"log:1": "ct"},
    ),
    "created after the end": ([event("t", 9, "1", 0, 2), event("c", 5, created=4)], {"log:1": "t", "open": "c"}),
    "created anew at once": (
        [event("t", 2, "1", 0, 20, created=-9), event("c", 2.1, created=1)],
        {"log:1": "t", "open": "c"},
    ),
    "a terminal one without its id, named by its end": (
        [event("t", 2, "1", 0, 2), event("u", 3, "ended x", 0, 2), event("v", 9, "ended y", 5, 8)],
        {"log:1": "tu", "log:ended y": "v"},
    ),
    "started after every end: an attempt in progress": (
        [event("t", 2, "1", 0, 2), event("c", 61, started=60)],
        {"log:1": "t", "open": "c"},
    ),
    "by its creation": (
        [event("c", 0, created=50), event("1", 2, "1", 0, 2, created=0), event("2", 62, "2", 60, 62, created=50)],
        {"log:1": "1", "log:2": "2c"},
    ),
    "by its agent": (
        [event("c", 0, agent="b"), event("1", 2, "1", 0, 2, agent="a"), event("2", 62, "2", 60, 62, agent="b")],
        {"log:1": "1", "log:2": "2c"},
    ),
    "the agent's leg may begin five minutes before": (
        [event("c", 99, started=-5), event("t", 2, "1", 0, 2)],
        {"log:1": "ct"},
    ),
    "but no earlier": ([event("c", 0, started=-5.1), event("t", 2, "1", 0, 2)], {"log:1": "t", "open": "c"}),
    "clocks differ by a minute at its end": ([event("c", 99, started=3), event("t", 2, "1", 0, 2)], {"log:1": "ct"}),
    "but by no more": ([event("c", 2, started=3.1), event("t", 2, "1", 0, 2)], {"log:1": "t", "open": "c"}),
    "started long before, of an attempt that does not say when it ended": (
        [event("c", 0, started=-6), event("t", 2, "1", 0)],
        {"log:1": "t", "open": "c"},
    ),
    "started well within one that does not say when it ended": (
        [event("c", 99, started=60), event("t", 2, "1", 0)],
        {"log:1": "ct"},
    ),
    "started long before the end of one that does not say when it began": (
        [event("c", 99, started=-60), event("t", 2, "1", None, 2)],
        {"log:1": "ct"},
    ),
    "started after the end of one that does not say when it began": (
        [event("c", 1, started=4), event("t", 2, "1", None, 2)],
        {"log:1": "t", "open": "c"},
    ),
    "started, beside an attempt that states no times: by arrival": (
        [event("c", 1, started=60), event("t", 2, "1"), event("d", 9, started=0)],
        {"log:1": "ct", "open": "d"},
    ),
    "of several terminal callbacks the earliest start and the latest end count": (
        [
            event("s", 2, "1", 0, 1),
            event("t", 3, "1", 10, 20),
            event("c", 99, started=-4),
            event("d", 99, started=20.5),
        ],
        {"log:1": "stcd"},
    ),
    "and the first arrival": (
        [event("s", 2, "1"), event("t", 60, "1"), event("c", 30)],
        {"log:1": "st", "open": "c"},
    ),
    "created with it, though it was created after its end": (
        [event("t", 9, "1", 0, 2, created=4), event("c", 5, created=4)],
        {"log:1": "tc"},
    ),
    "created as it ended": ([event("t", 9, "1", 0, 2), event("c", 5, created=2)], {"log:1": "tc"}),
    "created before it ended": ([event("t", 9, "1", 0, 2, created=1), event("c", 5, created=0)], {"log:1": "tc"}),
    "created after, where nobody says when it ended": (
        [event("t", 9, "1", 0), event("c", 5, created=4)],
        {"log:1": "tc"},
    ),
    "as the end was told": ([event("t", 2, "1", agent="a"), event("c", 2, agent="b")], {"log:1": "tc"}),
    "three minutes after": ([event("t", 2, "1"), event("c", 5)], {"log:1": "tc"}),
    "more than three": ([event("t", 2, "1"), event("c", 5.1)], {"log:1": "t", "open": "c"}),
    "soon after, by an agent where none is known": ([event("t", 2, "1"), event("c", 3, agent="b")], {"log:1": "tc"}),
    "soon after, by nobody who is named": ([event("t", 2, "1", agent="a"), event("c", 3)], {"log:1": "tc"}),
    "soon after, by one of two who are known": (
        [event("t", 2, "1", agent="a"), event("u", 2, "1", agent="b"), event("c", 3, agent="b")],
        {"log:1": "tuc"},
    ),
    "soon after, created when nobody knows it was": ([event("t", 2, "1"), event("c", 3, created=0)], {"log:1": "tc"}),
    "its end was never told: it takes what comes, however late": (
        [recorded("t", 2, "1"), event("c", 300, agent="b")],
        {"log:1": "tc"},
    ),
    "a disposition is no end: the end's arrival counts": (
        [recorded("d", 0, "1"), event("t", 9, "1"), event("c", 11)],
        {"log:1": "dtc"},
    ),
    "two attempts may hold it; the start is nearer to one": (
        [event("1", 20, "1", 0, 20), event("2", 30, "2", 12, 30), event("c", 0, started=9)],
        {"log:1": "1", "log:2": "2c"},
    ),
    "one of them says no start: the other's is the nearest": (
        [event("1", 20, "1", None, 20), event("2", 30, "2", 5, 30), event("c", 0, started=4)],
        {"log:1": "1", "log:2": "2c"},
    ),
    "they begin equally far from it: then by creation": (
        [
            event("1", 20, "1", 0, 20, created=-9),
            event("2", 30, "2", 4, 30, created=-8),
            event("c", 0, started=2, created=-8),
        ],
        {"log:1": "1", "log:2": "2c"},
    ),
    "the start counts more than the creation": (
        [
            event("1", 20, "1", 0, 20, created=-9),
            event("2", 30, "2", 4, 30, created=-8),
            event("c", 0, started=0, created=-8),
        ],
        {"log:1": "1c", "log:2": "2"},
    ),
    "the creation counts more than the agent": (
        [event("1", 2, "1", agent="a", created=-9), event("2", 3, "2", agent="b", created=-8)]
        + [event("c", 0, agent="a", created=-8)],
        {"log:1": "1", "log:2": "2c"},
    ),
    "the agent counts more than the arrival": (
        [event("1", 2, "1", agent="a"), event("2", 3, "2", agent="b"), event("c", 1, agent="b")],
        {"log:1": "1", "log:2": "2c"},
    ),
    "of two ends that were told at once, the first by name": (
        [event("2", 2, "2"), event("1", 2, "1"), event("c", 1)],
        {"log:1": "1c", "log:2": "2"},
    ),
    "of two that were told before it, the later": (
        [event("1", 2, "1"), event("2", 3, "2"), event("c", 4)],
        {"log:1": "1", "log:2": "2c"},
    ),
    "one was told before it and one after: the one after": (
        [event("1", 3, "1"), event("2", 9, "2"), event("c", 4)],
        {"log:1": "1", "log:2": "2c"},
    ),
    "of terminal callbacks that came twice, the first arrival": (
        [event("s", 2, "1"), event("t", 60, "1"), event("2", 3, "2"), event("c", 1)],
        {"log:1": "stc", "log:2": "2"},
    ),
    "told at the same time as an end": (
        [event("1", 2, "1"), event("2", 3, "2"), event("c", 2)],
        {"log:1": "1c", "log:2": "2"},
    ),
    "nobody says when they began: by arrival": (
        [event("1", 2, "1", None, 20), event("2", 3, "2", None, 20), event("c", 0, started=1)],
        {"log:1": "1c", "log:2": "2"},
    ),
    "named by its end, and two ended then": (
        [event("1", 2, "1", 0, 2), event("2", 2, "2", 1, 2), event("u", 3, "ended x", 0, 2)],
        {"log:1": "1", "log:2": "2", "log:ended x": "u"},
    ),
    "named by its end, of which no time can be read": (
        [event("1", 2, "1", 0), event("u", 3, "ended x")],
        {"log:1": "1", "log:ended x": "u"},
    ),
    "two that are named by their ends alone": (
        [event("u", 3, "ended x", 0, 2), event("v", 3, "ended y", 0, 2)],
        {"log:ended x": "u", "log:ended y": "v"},
    ),
    "the one that ended then has two terminal callbacks, and its connect one": (
        [event("1", 2, "1", 0, 2), event("u", 1, "ended x", 0, 2), event("c", 0)],
        {"log:1": "1uc"},
    ),
    "by arrival: the first to end after it": (
        [event("a", 0), event("1", 2, "1"), event("b", 60), event("2", 62, "2")],
        {"log:1": "1a", "log:2": "2b"},
    ),
    "by arrival: after all of them, the last": (
        [event("1", 2, "1"), event("2", 62, "2"), event("a", 63)],
        {"log:1": "1", "log:2": "2a"},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_attempts(case):
    table, expected = CASES[case]
    names = {one.id: name for name, one in table}
    for order in permutations([one for _, one in table]):
        found = {key: "".join(sorted(names[one.id] for one in own)) for key, own in attempts(list(order)).items()}
        assert found == {key: "".join(sorted(own)) for key, own in expected.items()}


def rung(agent, minute, kind="agent_answered", happened=None):
    _, one = event("", minute, agent=agent)
    return replace(one, kind=kind, happened_at=happened)


def times(events):
    """What the attempts say of when each happened, in the order in which they count; by agent."""
    (own,) = attempts(events).values()
    return [
        (one.facts.get("agent_id"), one.happened_at) for one in sorted(own, key=lambda one: one.happened_at or START)
    ]


def test_of_connect_callbacks_without_a_time_that_name_different_agents_arrival_decides_nothing():
    one, other = rung("a", 0), rung("b", 5)
    orders = [[one, other], [other, one], [rung("a", 5), rung("b", 0)]]
    assert len({str(times(order)) for order in orders}) == 1
    assert [agent for agent, at in times([one, other]) if at is not None] == ["a", "b"]


def test_they_are_put_in_an_order_by_their_kinds():
    assert [agent for agent, _ in times([rung("b", 0), rung("a", 0, "customer_answered")])] == ["b", "a"]


def test_those_of_one_agent_stay_as_they_came():
    assert times([rung("a", 0), rung("a", 5)]) == [("a", None), ("a", None)]


def test_those_with_a_time_and_terminal_ones_stay_as_they_are():
    _, end = event("t", 2, "1", 0, 2, agent="c")
    timed = rung("d", 1, happened=at(1))
    (own,) = attempts([rung("a", 0), rung("b", 0), timed, end]).values()
    assert [one for one in own if one in (timed, end)] == [end, timed]
    assert all(one.happened_at is not None for one in own if one.facts.get("agent_id") in ("a", "b"))
    (own,) = attempts([first := rung("a", 0), timed, end]).values()
    assert {one.id: one.happened_at for one in own}[first.id] is None


def test_a_call_of_terminal_callbacks_alone():
    _, end = event("t", 2, "1", 0, 2)
    assert attempts([end]) == {"log:1": [end]}
