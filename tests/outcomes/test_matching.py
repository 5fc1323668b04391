"""Attempts and rows in; which row each attempt continues, which rows become one, and which are left. Without a database."""

from itertools import permutations

import pytest

from outcomes.fold import Folded
from outcomes.matching import match
from tests.told import AGENT_ANSWERED, ENDED, number, told


def attempt(key, *events) -> Folded:
    return Folded(key, any(event.attempt for event in events), {}, list(events), list(events))


def rung(minute, row=None, **given):
    """An event that does not name its attempt."""
    return told(AGENT_ANSWERED, minute, attempt=None, row=row, **given)


def ended(minute, row=None, name="1"):
    return told(ENDED, minute, attempt=name, row=row)


# attempts, rows of before (id -> attempt key) -> attempt -> row, merged row -> into which, orphans
CASES = {
    "nothing was shown yet": ([attempt("log:1", ended(0))], {}, {}, {}, []),
    "a row keeps its attempt": ([attempt("log:1", ended(0, 1))], {1: "log:1"}, {"log:1": 1}, {}, []),
    "a new attempt has no row": (
        [attempt("log:1", ended(0, 1)), attempt("log:2", ended(5))],
        {1: "log:1"},
        {"log:1": 1},
        {},
        [],
    ),
    "the call in progress becomes the attempt that its events turned out to be of": (
        [attempt("log:1", rung(0, 1), ended(2)), attempt("open", rung(9))],
        {1: "open"},
        {"log:1": 1},
        {},
        [],
    ),
    "not what is in progress now, though that has its key": (
        [attempt("log:1", rung(0, 1), ended(2)), attempt("open", rung(9, 1))],
        {1: "open"},
        {"log:1": 1},
        {},
        [],
    ),
    "the earliest event decides, not the first attempt by key": (
        [attempt("log:1", rung(5, 1)), attempt("log:2", rung(0, 1), ended(9, None, "2"))],
        {1: "open"},
        {"log:2": 1},
        {},
        [],
    ),
    "of events that came at once, the one of the earlier receipt": (
        [attempt("a", rung(0, 1, receipt=2)), attempt("b", rung(0, 1, receipt=1, ordinal=1))],
        {1: "open"},
        {"b": 1},
        {},
        [],
    ),
    "of one receipt, the one that stands first in it": (
        [attempt("a", rung(0, 1, receipt=1, ordinal=1)), attempt("b", rung(0, 1, receipt=1, ordinal=0))],
        {1: "open"},
        {"b": 1},
        {},
        [],
    ),
    "when it came decides, not when it was seen last": (
        [attempt("a", rung(1, 1, seen=1)), attempt("b", rung(0, 1, seen=9))],
        {1: "open"},
        {"b": 1},
        {},
        [],
    ),
    "a row that the dialer named keeps its attempt, though its earliest event went elsewhere": (
        [attempt("log:1", ended(5, 1)), attempt("log:2", rung(0, 1), ended(9, None, "2"))],
        {1: "log:1"},
        {"log:1": 1},
        {},
        [],
    ),
    "unless none of its events names an attempt: a key of ours may be anybody's": (
        [attempt("log:1", ended(5)), attempt("log:2", rung(0, 1), ended(9, None, "2"))],
        {1: "log:1"},
        {"log:2": 1},
        {},
        [],
    ),
    "nor where the attempt of its key is none that was named": (
        [attempt("log:1", rung(5, 2)), attempt("log:2", ended(0, 1, "2"))],
        {1: "log:1"},
        {"log:2": 1},
        {},
        [],
    ),
    "two rows of one call become one, the younger merged into the older": (
        [attempt("log:1", rung(0, 2), ended(1, 1))],
        {1: "open", 2: "log:ended x"},
        {"log:1": 1},
        {2: 1},
        [],
    ),
    "three as well": (
        [attempt("log:1", rung(0, 3), rung(1, 2), ended(2, 1))],
        {1: "a", 2: "b", 3: "c"},
        {"log:1": 1},
        {2: 1, 3: 1},
        [],
    ),
    "a row without evidence is an orphan": (
        [attempt("log:1", ended(0, 1)), attempt("log:2", ended(0, 2, "2"))],
        {1: "log:1", 2: "log:2", 3: "log:3"},
        {"log:1": 1, "log:2": 2},
        {},
        [3],
    ),
    "its attempt is its own again": (
        [attempt("log:1", ended(0)), attempt("log:2", ended(5, None, "2"))],
        {1: "log:2"},
        {"log:2": 1},
        {},
        [],
    ),
    "so is the only one there is": ([attempt("log:1", ended(0))], {1: "open"}, {"log:1": 1}, {}, []),
    "of several, none is": (
        [attempt("log:1", ended(0)), attempt("log:2", ended(5, None, "2"))],
        {1: "open"},
        {},
        {},
        [1],
    ),
    "nor one that has a row already": (
        [attempt("log:1", ended(0, 2))],
        {1: "log:1", 2: "log:1"},
        {"log:1": 2},
        {},
        [1],
    ),
    "nor can two have it": ([attempt("log:1", ended(0))], {1: "a", 2: "b"}, {"log:1": 1}, {}, [2]),
    "no evidence at all is left": ([], {1: "log:1"}, {}, {}, [1]),
}


@pytest.mark.parametrize("reason", CASES)
def test_which_row_is_which_attempt(reason):
    folded, rows, *expected = CASES[reason]
    for given in permutations(folded):
        for shown in permutations(rows.items()):
            found = match(given, [(number(row), key) for row, key in shown])
            assert [
                {key: row.int for key, row in found.rows.items()},
                {row.int: into.int for row, into in found.merged.items()},
                [row.int for row in found.orphans],
            ] == expected
