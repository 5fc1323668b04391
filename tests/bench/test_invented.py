"""Invented calls: as many as are wanted, in the order of their changes, and stored as the product stores calls."""

import json
from collections import Counter
from uuid import UUID

import pytest
from sqlalchemy import func, inspect, select

from bench import filling, invented, multiplied
from models import CallEvent, CallGroup, CallKey, CallOutcome, ChangeFeed, Receipt
from queries import selection, shape

CALLS = 2_000


def test_they_are_the_same_each_time_and_in_the_order_of_their_changes():
    rows = list(invented.calls(CALLS))
    assert rows == list(invented.calls(CALLS))
    assert abs(len(rows) - CALLS) < CALLS / 100
    assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))
    changed = [row["changed_at"] for row in rows]
    assert changed == sorted(changed)
    assert len({row["id"] for row in rows}) == len(rows)
    corrected = sum("corrected_at" in row for row in rows)
    assert 0 < corrected < len(rows) * 0.03
    assert {row["connection"] for row in rows} == {one.name for one in invented.CONNECTIONS}
    attempts = Counter((row["connection"], row["lead_id"]) for row in rows if row["lead_id"])
    assert max(attempts.values()) > 2


@pytest.mark.parametrize("receipts", [True, False])
def test_a_filled_database_reads_as_one_of_calls(database, receipts):
    made = filling.fill(database, CALLS, receipts)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(CallOutcome)) == made
        assert session.scalar(select(func.count()).select_from(Receipt)) == (made if receipts else 0)
        assert session.scalars(select(ChangeFeed.last_position)).one() == made
        there = {str(index["name"]) for index in inspect(session.connection()).get_indexes("call_outcomes")}
        assert {"ix_call_outcomes_occurred", "ix_call_outcomes_by_outcome"} <= there
        rows = selection.page(session, {"flag": ["sale"]}, limit=5).rows
        assert len(rows) == 5
        for row in rows:
            shown = shape.outcome(row)
            assert shown["flags"] == ["contact", "sale"] and shown["connect_outcome"] == "connected"
            assert UUID(shown["id"]).version == 7 and json.dumps(shown)
    with pytest.raises(SystemExit):
        filling.fill(database, CALLS)


def test_a_multiplied_database_has_all_that_stands_behind_its_calls(database):
    made = multiplied.fill(database, 3 * multiplied.COPIES)
    assert made and made % multiplied.COPIES == 0
    with database.read() as session:
        counts = {
            model: session.scalar(select(func.count()).select_from(model))
            for model in (CallGroup, CallOutcome, CallKey)
        }
        assert set(counts.values()) == {made}
        assert session.scalar(select(func.count()).select_from(Receipt)) == made * multiplied.RECEIPTS
        told = select(CallEvent.id).join(Receipt, Receipt.id == CallEvent.receipt_id)
        told = told.join(CallKey, CallKey.group_id == CallEvent.group_id).join(
            CallOutcome, CallOutcome.id == CallEvent.outcome_id
        )
        assert len(session.scalars(told).all()) == made
        places = session.scalars(select(CallOutcome.position).order_by(CallOutcome.position)).all()
        assert places == list(range(1, made + 1)) and session.scalars(select(ChangeFeed.last_position)).one() == made
        assert session.scalar(select(func.count(CallOutcome.call_id.distinct()))) == made
        inspected = inspect(session.connection())
        assert "ix_receipts_connection" in {str(index["name"]) for index in inspected.get_indexes("receipts")}
        assert not {"invented", "few_receipts"} & {*inspected.get_table_names()}
    with pytest.raises(SystemExit):
        multiplied.fill(database, multiplied.COPIES)
