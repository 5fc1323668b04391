"""Rows 21 and 22 at a small size: what is void there is void at every size. 23 and 24 are made of the same pieces."""

import pytest
from sqlalchemy import func, select, text

from bench import crms, deliveries
from bench.databases import Embedded
from bench.table import Void
from crm.registry import CRMS
from models import CallOutcome


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(deliveries, "CALLS", {kind: 30 for kind in crms.KINDS})
    monkeypatch.setattr(deliveries, "rounds", lambda: [1])


def test_deliveries_are_held_against_the_same_requests(small, tmp_path):
    rows = list(deliveries.rates(Embedded(tmp_path), tmp_path))
    kinds = [kind for kind in sorted(CRMS) if kind != "lead_status"]  # a dialer, which its own rows measure
    assert sorted(row.figure.partition(" (")[0] for row in rows) == [f"21. deliveries/s to {kind}" for kind in kinds]
    assert all(row.ours and row.against and row.goal for row in rows)


def test_what_does_not_arrive_counts_for_nothing(small, tmp_path, monkeypatch):
    real = crms.fill
    monkeypatch.setattr(crms, "fill", lambda database, calls, kind: real(database, calls, kind) and _others(database))
    with pytest.raises(Void, match="held"):
        next(deliveries.rates(Embedded(tmp_path), tmp_path))


def _others(database):
    """Half of the calls belong to nobody; how many there are."""
    with database.write() as session:
        session.execute(text("UPDATE call_outcomes SET crm_reference = '1' WHERE position % 2 = 0"))
        session.execute(text("UPDATE call_outcomes SET customer_number = NULL"))
        return session.scalar(select(func.count()).select_from(CallOutcome))
