"""What is due is shown and deleted, the same rows, and nothing else; what is left is true."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from lib import ids, months
from models import (
    CallGroup,
    CallKey,
    CallOutcome,
    CampaignStatus,
    Delivery,
    DestinationState,
    Kept,
    Lead,
    LeadLoad,
    LeadStatus,
    LoadedLead,
    Receipt,
    ScheduledSend,
    StrangerQuota,
    Suppression,
    TakeOut,
)
from models.retention import AUDIT, DELIVERIES, KINDS, LOADS, OUTCOMES, QUARANTINE, RECEIPTS, SNAPSHOTS
from queries import kept
from tests import factories
from tests.upkeep.retention import at
from tests.upkeep.retention.aged import AGES, NOW, OLD, SINCE, an_id, count
from upkeep.retention import due, showing
from upkeep.retention.ages import Ages, days
from upkeep.retention.keeper import Keeper, apply


def test_what_is_shown_is_what_is_deleted_and_the_rest_stays(old_and_new):
    with old_and_new.read() as session:
        shown = showing.counted(session, AGES, NOW)
    by_kind = {kind: sum(one.rows for one in shown if one.kind == kind) for kind in AGES.months}
    assert by_kind == {RECEIPTS: 4, QUARANTINE: 2, OUTCOMES: 2, DELIVERIES: 4, LOADS: 2, SNAPSHOTS: 2}
    assert {one.month for one in shown} == {"2025-08", "2025-10"} and all(one.bytes for one in shown)
    assert "receipts    2025-08  call_events                   1 rows" in showing.lines(shown)[0]
    assert apply(old_and_new, AGES, NOW) == by_kind
    counts = [count(old_and_new, model) for model in (Receipt, CallOutcome, Delivery, LeadLoad, LoadedLead, TakeOut)]
    assert counts == [4, 2, 2, 2, 4, 2]
    assert [count(old_and_new, model) for model in (ScheduledSend, CampaignStatus, CallGroup, CallKey)] == [2, 6, 2, 2]
    with old_and_new.read() as session:
        assert showing.counted(session, AGES, NOW) == []
        assert session.scalars(select(DestinationState.deliveries)).one() == 2
        assert session.scalars(select(DestinationState.calls)).one() == 2
        assert session.scalars(select(StrangerQuota.receipts)).one() == 2
        assert session.scalars(select(func.min(CallOutcome.occurred_at))).one() == SINCE
        figures = {one.kind: one for one in kept.figures(session)}
        known = {one.kind: one for one in session.scalars(select(Kept))}
    assert {kind: one.deleted for kind, one in figures.items()} == by_kind | {AUDIT: 0}
    assert figures[OUTCOMES].oldest == SINCE and figures[RECEIPTS].oldest == SINCE
    assert {(one.since, one.deleting, one.rounds) for one in known.values()} == {(SINCE, False, 1)}
    assert apply(old_and_new, AGES, NOW) == {}


def test_nothing_is_due_where_nothing_is_configured(old_and_new):
    assert apply(old_and_new, Ages(), NOW) == {}
    assert not Keeper(old_and_new, Ages()).step(NOW + timedelta(days=9_000))
    assert count(old_and_new, CallOutcome) == 4


def test_what_waits_for_somebody_stays(database):
    with database.write() as session:
        factories.destination(session)
        for number, state in enumerate(("pending", "sending", "held", "parked", "unknown", "done")):
            factories.delivery(session, id=an_id(OLD, number), state=state)
        factories.load(session, ["unknown"], finished_at=OLD)
        factories.load(session, ["accepted"], finished_at=None, state="running")
        by_hand = factories.load(session, ["accepted"], finished_at=OLD)
        lead = session.query(LoadedLead).filter(LoadedLead.load_id == by_hand.id).one()
        factories.take_out(session, loaded_lead=lead.id)
        factories.receipt(session, id=an_id(OLD), state="pending")
    assert apply(database, AGES, NOW) == {DELIVERIES: 1}
    assert [count(database, model) for model in (Delivery, LeadLoad, Receipt)] == [5, 3, 1]


@pytest.mark.parametrize("by", ["mark", "dialer_id", "number"])
def test_a_load_stays_while_a_call_of_it_may_be_folded_again(database, by):
    """Else the call would lose what it has taken from its lead, or take something from another one."""
    with database.write() as session:
        load = factories.load(session, ["accepted"], finished_at=OLD)
        lead = session.query(LoadedLead).one()
        lead.sent_at, lead.dialer_id = OLD, "17" if by == "dialer_id" else None
        named = {"mark": str(lead.id), "dialer_id": "17", "number": None}[by]
        number = lead.number if by == "number" else "+1"
        call = {"lead_id": named, "customer_number": number, "campaign_id": load.campaign}
        outcome = factories.outcome(session, started_at=SINCE, first_seen_at=SINCE, **call)
    assert apply(database, AGES, NOW) == {}
    with database.write() as session:
        session.execute(update(CallOutcome).where(CallOutcome.id == outcome.id).values(first_seen_at=OLD))
        session.add(Kept(kind=RECEIPTS, since=SINCE, deleting=False, rounds=1, deleted=1))
    assert apply(database, AGES, NOW) == {LOADS: 1}


def test_a_listed_lead_goes_when_what_told_it_has_gone(database):
    with database.write() as session:
        receipt = factories.receipt(session, id=an_id(OLD), source="report", kind="leads")
        lead = {"connection": "ryng-main", "seen_at": OLD, "first_seen_at": OLD, "receipt_id": receipt.id}
        session.add(Lead(id=an_id(OLD), lead_id="1", **lead))
        session.flush()
        status = {"lead_id": an_id(OLD), "seen_at": OLD, "receipt_id": receipt.id}
        session.add(LeadStatus(id=an_id(OLD), status="Open", **status))
    assert apply(database, Ages({SNAPSHOTS: 12}), NOW) == {}
    assert apply(database, AGES, NOW) == {RECEIPTS: 1}
    assert apply(database, AGES, NOW) == {SNAPSHOTS: 1}
    assert (count(database, Lead), count(database, LeadStatus)) == (0, 0)


def test_a_call_that_said_dnc_keeps_its_number_on_the_list(database):
    with database.write() as session:
        outcome = factories.outcome(session, started_at=OLD, first_seen_at=OLD, flags=["dnc"])
        said = {"number": "+1", "number_raw": "+1", "source": "outcome", "origin": str(outcome.id)}
        session.add(Suppression(id=ids.new(), added_at=OLD, added_by="ryng-main", **said))
        merged = factories.outcome(session, started_at=SINCE, first_seen_at=SINCE, merged_into=outcome.id)
        factories.delivery(session, outcome_id=merged.id)
    assert apply(database, AGES, NOW) == {OUTCOMES: 2}
    assert [count(database, model) for model in (CallOutcome, CallGroup, Delivery, Suppression)] == [0, 0, 0, 1]


def test_whole_months_are_kept():
    assert Ages({RECEIPTS: 13}).since(RECEIPTS, NOW) == at("2025-10-01 00:00")
    assert Ages({RECEIPTS: 1}).since(RECEIPTS, at("2026-01-01 00:00")) == at("2025-12-01 00:00")
    assert Ages().since(RECEIPTS, NOW) is None
    first = at("2024-01-01 00:00")
    for length in range(1, 60):
        shortest = min((months.later(m, length) - m).days for m in (months.later(first, n) for n in range(48)))
        assert days(length) <= shortest, length


def test_every_kind_has_rows_and_every_row_has_a_kind(kept_database):
    with kept_database.read() as session:
        told = {kind: [rows.name for rows in due.of_kind(session, kind)] for kind in KINDS}
    assert all(told.values())
