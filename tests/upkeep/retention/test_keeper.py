"""The worker that deletes for age: it says so first, is wary of clocks and settings, and goes on where it stopped."""

import threading
from datetime import timedelta

from sqlalchemy import select
from structlog.testing import CapturingLogger

from models import (
    CallOutcome,
    Kept,
)
from models.retention import OUTCOMES, RECEIPTS
from tests import factories
from tests.upkeep.retention import at
from tests.upkeep.retention.aged import NOW, OLD, count
from upkeep.retention import keeper, marks
from upkeep.retention.ages import Ages
from upkeep.retention.keeper import GRACE, LONG_GRACE, Keeper


def test_the_worker_says_first_what_it_will_delete(old_and_new, monkeypatch):
    said = CapturingLogger()  # whatever level others have set
    monkeypatch.setattr(keeper, "log", said)
    worker = Keeper(old_and_new, Ages({OUTCOMES: 12, RECEIPTS: 12}))
    assert not worker.step(NOW)
    assert [line.args[0] for line in said.calls] == ["retention_will_delete"] * 2 and "2025-11" in str(said.calls)
    assert count(old_and_new, CallOutcome) == 4
    said.calls.clear()
    assert not worker.step(NOW + GRACE / 2)
    assert Keeper(old_and_new, Ages({OUTCOMES: 12, RECEIPTS: 12})).step(NOW + GRACE)  # also where it was started anew
    assert "retention_will_delete" not in str(said.calls) and "deleted_by_retention" in str(said.calls)
    assert count(old_and_new, CallOutcome) == 2
    assert not worker.step(NOW + 2 * GRACE)
    said.calls.clear()
    assert not worker.step(at("2026-12-01 00:00")) and "2025-12" in str(said.calls)


def test_deleting_fails_no_more_where_nothing_is_to_be_deleted_any_more(old_and_new):
    for kind in (RECEIPTS, OUTCOMES):
        marks.note(old_and_new, kind, failing_since=NOW, error="It is refused.")
    Keeper(old_and_new, Ages({OUTCOMES: 12})).step(NOW)  # which has yet to succeed; receipts are kept for ever now
    with old_and_new.read() as session:
        failing = {one.kind: one.failing_since for one in session.scalars(select(Kept))}
    assert failing == {RECEIPTS: None, OUTCOMES: NOW}
    Keeper(old_and_new, Ages()).step(NOW)
    with old_and_new.read() as session:
        assert session.scalars(select(Kept.error).where(Kept.error.is_not(None))).all() == []


def test_a_clock_that_is_far_ahead_for_an_hour_deletes_nothing(old_and_new):
    """Nor does a setting that somebody has mistyped, and mends within the day."""
    worker = Keeper(old_and_new, Ages({OUTCOMES: 12, RECEIPTS: 12}))
    worker.step(NOW)
    assert worker.step(NOW + GRACE) and count(old_and_new, CallOutcome) == 2
    ahead = NOW + timedelta(days=700)
    for later in (ahead, ahead + GRACE, ahead + 2 * GRACE):
        assert not worker.step(later)
    with old_and_new.write() as session:
        factories.outcome(session, occurred_at=OLD)
    assert not worker.step(NOW + 3 * GRACE), "it looks again when the clock is right, and says so first"
    assert worker.step(NOW + 4 * GRACE) and count(old_and_new, CallOutcome) == 2
    typed = Keeper(old_and_new, Ages({OUTCOMES: 1}))
    assert not typed.step(NOW) and not typed.step(NOW + 2 * GRACE)
    assert count(old_and_new, CallOutcome) == 2
    assert not worker.step(ahead) and worker.step(ahead + LONG_GRACE)
    assert count(old_and_new, CallOutcome) == 0


def test_who_is_stopped_goes_on_later(old_and_new):
    stop = threading.Event()
    stop.set()
    ages = Ages({OUTCOMES: 12, RECEIPTS: 12})
    Keeper(old_and_new, ages, stop).step(NOW)
    Keeper(old_and_new, ages, stop).step(NOW + GRACE)
    with old_and_new.read() as session:
        assert {one.deleting for one in session.scalars(select(Kept))} == {True}
    assert Keeper(old_and_new, ages).step(NOW + GRACE)
    assert count(old_and_new, CallOutcome) == 2


def test_a_step_goes_on_where_time_was_over(old_and_new, monkeypatch):
    """Who watches the worker's loops need not think that this one hangs."""
    monkeypatch.setattr("upkeep.retention.keeper.STEP_SECONDS", 0.0)
    worker, steps = Keeper(old_and_new, Ages({OUTCOMES: 12, RECEIPTS: 12})), 0
    worker.step(NOW)
    while worker.step(NOW + GRACE):
        steps += 1
    assert steps > 1 and count(old_and_new, CallOutcome) == 2
    with old_and_new.read() as session:
        found = list(session.scalars(select(Kept)))
    assert sum(one.deleted for one in found) == 6 and not any(one.deleting for one in found)
