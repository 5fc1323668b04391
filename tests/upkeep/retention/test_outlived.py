"""Outcomes that have outlived their evidence stand as they were last known, whatever comes late."""

import itertools
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, select, text

from lib import clock, ids, months
from models import CallEvent, CallGroup, CallKey, CallOutcome, Receipt
from outcomes import renormalize as history
from outcomes.receipts import replay
from outcomes.settle import settle_due
from tests import evidence
from tests.evidence import CONNECTIONS, START, connect, normalize, outcomes, terminal
from tests.upkeep.retention import at
from upkeep.retention.ages import Ages
from upkeep.retention.keeper import apply

OLD, NOW = at("2025-08-14 10:00"), at("2026-11-29 12:00")
LATE = NOW - timedelta(days=2)
NUMBERS = itertools.count(1)
AGES = Ages({"receipts": 13})


def keep(database, body, moment, **more):
    row = evidence.receipt(body, at=moment, **more)
    row.id = UUID(int=ids.first(moment).int + next(NUMBERS))
    evidence.keep(database, row)
    normalize(database, now=moment + timedelta(minutes=1))
    return row.id


def fate(database, receipt):
    with database.read() as session:
        row = session.get_one(Receipt, receipt)
        return row.state, row.reason


def shown(database):
    return [(row.id, row.revision, row.disposition, row.talk_seconds, row.settling) for row in outcomes(database)]


def evidence_of(database):
    with database.read() as session:
        return session.scalar(text("SELECT count(*) FROM receipts")), session.scalar(
            text("SELECT count(*) FROM call_events")
        )


@pytest.fixture
def gone(database):
    """A call of which the evidence was deleted."""
    keep(database, terminal(), OLD)
    before = shown(database)
    assert apply(database, AGES, NOW) == {"receipts": 3}
    assert evidence_of(database) == (0, 0)
    assert shown(database) == before
    return database


def test_a_late_event_of_the_call_is_put_aside_and_says_why(gone):
    before = shown(gone)
    late = keep(gone, terminal(disposition="Call back later", talktime=1), LATE)
    assert fate(gone, late) == ("quarantined", "evidence_deleted")
    assert shown(gone) == before
    with gone.write() as session:
        assert replay(session, [Receipt.id == late]) == 1
    normalize(gone, now=NOW)
    assert fate(gone, late) == ("quarantined", "evidence_deleted")
    assert shown(gone) == before and evidence_of(gone) == (1, 0)


def test_what_may_be_of_the_call_makes_no_second_row(gone):
    before = shown(gone)
    late = keep(gone, connect(), LATE, kind="connect")
    assert fate(gone, late) == ("quarantined", "evidence_deleted")
    assert shown(gone) == before


def test_another_attempt_that_the_dialer_names_is_a_row_of_its_own(gone):
    (before,) = shown(gone)
    other = keep(gone, terminal(log_id=50), LATE)
    assert fate(gone, other) == ("normalized", None)
    after = shown(gone)
    assert before in after and len(after) == 2
    again = keep(gone, terminal(log_id=50, disposition="Call back later"), LATE + timedelta(hours=1))
    assert fate(gone, again) == ("normalized", None)
    assert before in shown(gone) and [row[2] for row in shown(gone)].count("Call back later") == 1


def test_what_is_left_of_the_evidence_rewrites_nothing(database):
    """The first receipt is gone, a later one is still there."""
    keep(database, terminal(disposition="Interested"), OLD)
    rest = keep(database, terminal(disposition=None, callDisposed=None, talktime=7), at("2025-11-02 10:00"))
    before = shown(database)
    apply(database, AGES, NOW)
    assert evidence_of(database) == (1, 1)
    with database.write() as session:
        replay(session, [Receipt.id == rest])
    normalize(database, now=NOW)
    assert fate(database, rest) == ("quarantined", "evidence_deleted")
    differences = [found for _, found in history.renormalize(database, CONNECTIONS, "ryng-main", apply=True, now=NOW)]
    assert [(one.changed, one.made, one.outlived) for one in differences] == [(0, 0, 1)]
    assert shown(database) == before and evidence_of(database) == (1, 1)


def test_waiting_ends_by_the_clock_alone(database):
    keep(database, terminal(disposition=None, callDisposed=None), OLD)
    keep(database, connect(call_id=20), OLD + timedelta(seconds=1), kind="connect")
    apply(database, AGES, NOW)
    assert sorted(row[4] for row in shown(database)) == ["awaiting_disposition", "provisional"]
    assert settle_due(database, CONNECTIONS, NOW) == 2
    with database.read() as session:
        found = session.execute(select(CallOutcome.settling, CallOutcome.connect_outcome, CallOutcome.is_final)).all()
    assert sorted(map(tuple, found)) == [("never_disposed", "connected", True), ("never_disposed", "unknown", True)]
    assert settle_due(database, CONNECTIONS, NOW) == 0


def test_a_call_is_not_merged_into_one_that_is_not_folded_any_more(gone):
    """A row of another call turns out to be of the same one: it stays by itself."""
    (before,) = shown(gone)
    keep(gone, terminal(call_id=20, log_id=60), LATE)
    with gone.write() as session:  # as if a record had named both
        groups = session.scalars(select(CallGroup.id).order_by(CallGroup.id)).all()
        for table in (CallKey, CallEvent, CallOutcome):
            session.execute(table.__table__.update().where(table.group_id == groups[1]).values(group_id=groups[0]))
        session.execute(delete(CallGroup).where(CallGroup.id == groups[1]))
    again = keep(gone, terminal(call_id=20, log_id=60, disposition="Call back later"), LATE + timedelta(minutes=1))
    assert fate(gone, again) == ("normalized", None)
    found = shown(gone)
    assert before in found and len(found) == 2


def test_what_happened_before_outcomes_are_kept_makes_none(database):
    keep(database, terminal(callStarted="2025-08-14T10:00:00.000Z"), OLD)
    assert apply(database, Ages({"receipts": 13, "outcomes": 13}), NOW) == {"receipts": 3, "outcomes": 1}
    with database.read() as session:
        for table in ("call_outcomes", "call_groups", "call_keys"):
            assert session.scalar(text(f"SELECT count(*) FROM {table}")) == 0, table
    late = keep(database, terminal(callStarted="2025-08-14T10:00:00.000Z"), LATE)
    assert fate(database, late) == ("ignored", "older_than_kept")
    with database.read() as session:
        for table in ("call_outcomes", "call_events", "call_groups", "call_keys"):
            assert session.scalar(text(f"SELECT count(*) FROM {table}")) == 0, table
    assert fate(database, keep(database, terminal(call_id=21), LATE))[0] == "normalized"


def test_ids_and_months_say_the_same(database):
    month = months.begin(START)
    assert ids.first(month) <= ids.first(START) < ids.first(months.later(month, 1))
    assert ids.made_at(ids.first(START)) == START and clock.now() - ids.made_at(ids.new()) < timedelta(minutes=1)
