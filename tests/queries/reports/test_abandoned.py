"""How near the abandoned calls are to the limit, at the places where a rate of four decimals says less than the counts."""

from datetime import timedelta

import pytest

from queries.reports import answering
from queries.reports.base import Limits
from queries.reports.catalogue import REPORTS
from tests import factories
from tests.factories import NOON


@pytest.mark.parametrize(
    ("limit", "rate", "state"),
    [
        (0.3333, 0.3333, "over"),  # 1 of 3 is more, and shown as 0.3333
        (0.3334, 0.3333, "near"),
        (0.4, 0.3333, "near"),  # exactly 5/6 of it
        (0.39998, 0.3333, "near"),  # 5/6 of it is 0.33332
        (0.4001, 0.3333, "ok"),  # 0.33342
    ],
)
def test_the_state_goes_by_the_counts_and_not_by_the_rounded_rate(database, limit, rate, state):
    with database.write() as session:
        for at, end in enumerate(("abandoned", "connected", "connected")):
            factories.outcome(session, started_at=NOON + timedelta(minutes=at), connect_outcome=end)
    with database.read() as session:
        question = answering.asked(session, {"until": NOON + timedelta(days=1)}, limits=Limits(abandon_limit=limit))
        totals = answering.answer(question, REPORTS["abandon_rate"])["totals"]
    assert (totals["abandon_rate"], totals["state"]) == (rate, state)
