"""Which attempt a connect callback belongs to: event tables in, attempts out, in every order."""

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
