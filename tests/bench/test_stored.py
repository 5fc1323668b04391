"""What the benchmark holds against what was sent can fail: a ledger that always balances is none."""

from dataclasses import replace

import pytest

from bench import bodies, stored
from bench.load import Load
from bench.table import Void

FIRST = bodies.block()
RUN = Load(sent=[(FIRST, 4)], answered=3, errors=0, seconds=1.0, p99_ms=1.0)
SENT = [bodies.body(FIRST + place) for place in range(4)]


def test_what_was_under_way_at_the_end_may_be_there_or_not():
    assert stored.balance(SENT[:3], [RUN]) == {FIRST, FIRST + 1, FIRST + 2}
    assert stored.balance(SENT, [RUN]) == {FIRST, FIRST + 1, FIRST + 2, FIRST + 3}


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (SENT[:2], "3 callbacks were answered, and 2 of that run are stored"),
        ([*SENT, SENT[0]], "stored twice"),
        ([*SENT[:3], SENT[3][:-1]], "not as it was sent"),
        ([*SENT[:3], SENT[3].replace(b'"talktime":', b'"talktime":9')], "not as it was sent"),
        ([*SENT[:3], b"{}"], "not as it was sent"),
        ([*SENT, bodies.body(FIRST + 4)], "1 callbacks are stored that nobody sent"),
    ],
)
def test_what_does_not_balance(found, sentence):
    with pytest.raises(Void, match=sentence):
        stored.balance(found, [RUN])


def test_a_generator_that_knows_which_callbacks_were_answered_misses_each():
    run = replace(RUN, answers={FIRST + 3: 1.0})
    with pytest.raises(stored.Missing, match=f"the callback {FIRST + 3} was answered and is not stored"):
        stored.balance(SENT[:3], [run])
