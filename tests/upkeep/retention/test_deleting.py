"""What is due is shown and deleted, the same rows, and nothing else; what is left is true."""

import sqlite3
import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update
from structlog.testing import CapturingLogger

import migrations
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
    parting,
)
from models.database import Database
from models.retention import DELIVERIES, KINDS, LOADS, OUTCOMES, QUARANTINE, RECEIPTS, SNAPSHOTS
from queries import kept
from tests import factories
from tests.upkeep.retention import at
from upkeep.retention import due, keeper, marks, parts, showing, space
from upkeep.retention.ages import Ages, days
from upkeep.retention.keeper import GRACE, LONG_GRACE, Keeper, NotParted, apply
from upkeep.retention.pace import Pace

NOW = at("2026-11-29 12:00")
OLD, BEFORE, SINCE = at("2025-08-14 10:00"), at("2025-10-31 23:59"), at("2025-11-01 00:00")
AGES = Ages({kind: 12 for kind in KINDS})


def an_id(moment, number=0):
    return type(ids.new())(int=ids.first(moment).int + number)


def count(database, model):
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(model))


def everything(session, moment, number: int) -> None:
    """One of each kind, of this moment."""
    receipt = factories.receipt(
        session, id=an_id(moment, number), received_at=moment, body=f'{{"n": {number}}}'.encode()
    )
    quarantined = {"state": "quarantined", "reason": "unparseable", "stranger": True, "body": f"{number}".encode()}
    factories.receipt(session, id=an_id(moment, number + 50), received_at=moment, **quarantined)
    outcome = factories.outcome(session, started_at=moment, first_seen_at=moment)
    factories.event(session, outcome, receipt)
    session.add(CallKey(connection="ryng-main", key=f"call:{number}", group_id=outcome.group_id))
    factories.delivery(session, id=an_id(moment, number), outcome_id=outcome.id)
    load = factories.load(session, ["accepted", "rejected"], finished_at=moment)
    for lead in session.query(LoadedLead).filter(LoadedLead.load_id == load.id):
        lead.number, lead.sent_at = f"+38050000{number:04}", moment
    said = {"number": lead.number, "number_raw": lead.number, "source": "person", "added_by": "Ann", "added_at": moment}
    session.add(suppression := Suppression(id=ids.new(), spread_at=moment, **said))
    session.flush()
    named = {"ref": f"loaded:{lead.id}", "loaded_lead": lead.id, "suppression_id": suppression.id}
    done = {"connection": "qvoice-main", "state": "done", "made_at": moment, "due_at": moment, "settled_at": moment}
    session.add(TakeOut(id=ids.new(), number=lead.number, **named, **done))
    send = {"due_at": moment, "trial": False, "state": "sent", "created_at": moment, "next_at": moment, "missed": 0}
    session.add(ScheduledSend(id=an_id(moment, number), schedule_id=ids.new(), attempts=1, **send))
    for seen in (0, 1):  # of each the one seen last stays
        factories.campaign(
            session,
            id=an_id(moment, number + seen),
            campaign_id=f"c{number}",
            seen_at=moment + timedelta(seconds=seen),
            receipt_id=receipt.id,
        )
    session.flush()


@pytest.fixture
def old_and_new(database):
    with database.write() as session:
        factories.destination(session)
        for number, moment in enumerate((OLD, BEFORE, SINCE, NOW)):
            everything(session, moment, number * 100)
    return database


def test_what_is_shown_is_what_is_deleted_and_the_rest_stays(old_and_new):
    with old_and_new.read() as session:
        shown = showing.counted(session, AGES, NOW)
    by_kind = {kind: sum(one.rows for one in shown if one.kind == kind) for kind in KINDS}
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
    assert {kind: one.deleted for kind, one in figures.items()} == by_kind
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


def test_whole_months_are_kept():
    assert Ages({RECEIPTS: 13}).since(RECEIPTS, NOW) == at("2025-10-01 00:00")
    assert Ages({RECEIPTS: 1}).since(RECEIPTS, at("2026-01-01 00:00")) == at("2025-12-01 00:00")
    assert Ages().since(RECEIPTS, NOW) is None
    first = at("2024-01-01 00:00")
    for length in range(1, 60):
        shortest = min((months.later(m, length) - m).days for m in (months.later(first, n) for n in range(48)))
        assert days(length) <= shortest, length


# On PostgreSQL a month goes as a whole. ----------------------------------------------------------------------------------


@pytest.fixture
def parted(postgresql_url):
    database = Database(postgresql_url)
    with database.engine.begin() as connection:  # as it is after a year
        parting.take_off(connection, parting.FIRST)
        connection.exec_driver_sql(f"DROP TABLE {parting.FIRST}")
        for month in (OLD, BEFORE, SINCE):
            parting._make(connection, months.begin(month))
    yield database
    database.close()


def tables(database):
    with database.engine.connect() as connection:
        return [one.table for one in parting.parts(connection) if one.end and one.end <= NOW]


def test_a_month_is_dropped_and_what_stays_of_it_is_put_elsewhere(parted):
    with parted.write() as session:
        for number in range(5):
            factories.receipt(session, id=an_id(OLD, number))
            factories.receipt(session, id=an_id(SINCE, number))
        factories.receipt(session, id=an_id(OLD, 10), state="pending")
        factories.receipt(session, id=an_id(BEFORE, 10), state="quarantined")
    assert tables(parted) == ["receipts_2025_08", "receipts_2025_10", "receipts_2025_11"]
    assert apply(parted, Ages({RECEIPTS: 12}), NOW) == {RECEIPTS: 5}
    assert tables(parted) == ["receipts_2025_11"]
    with parted.read() as session:
        assert sorted(session.scalars(text("SELECT id FROM receipts_rest"))) == [an_id(OLD, 10), an_id(BEFORE, 10)]
        assert session.scalar(text("SELECT count(*) FROM receipts")) == 7
        assert session.scalar(text("SELECT count(*) FROM pg_class WHERE relname LIKE 'receipts_dropped%'")) == 0
    assert apply(parted, Ages({QUARANTINE: 12}), NOW) == {QUARANTINE: 1}


def test_a_month_of_which_much_stays_is_deleted_row_by_row(parted, monkeypatch):
    monkeypatch.setattr(parts, "MOST_ROWS", 1)
    with parted.write() as session:
        for number in range(5):
            factories.receipt(session, id=an_id(OLD, number), state="normalized" if number < 3 else "quarantined")
    assert apply(parted, Ages({RECEIPTS: 12}), NOW) == {RECEIPTS: 3}
    assert "receipts_2025_08" in tables(parted) and "receipts_2025_10" not in tables(parted)


def test_what_was_taken_off_is_dropped_by_the_next_one(parted):
    with parted.write() as session:
        factories.receipt(session, id=an_id(OLD))
    parts._take_off(parted, "receipts_2025_08", Pace(parted))
    parts.drop_taken_off(parted)
    with parted.read() as session:
        assert session.scalar(text("SELECT count(*) FROM pg_class WHERE relname LIKE 'receipts_dropped%'")) == 0


def test_a_table_that_is_not_parted_yet_is_waited_for(parted):
    with parted.write() as session:
        factories.receipt(session, id=an_id(OLD))
    with parted.engine.begin() as connection:
        parting.unite(connection)
    with pytest.raises(NotParted):
        apply(parted, Ages({RECEIPTS: 12}), NOW)
    worker = Keeper(parted, Ages({RECEIPTS: 12}))
    worker.step(NOW)
    assert not worker.step(NOW + GRACE)
    with parted.read() as session:
        (figures,) = [one for one in kept.figures(session) if one.kind == RECEIPTS]
    assert figures.failing_since == NOW + GRACE and figures.error and "parted" in figures.error
    while parting.Parting(parted).step():
        pass
    assert worker.step(NOW + 3 * GRACE)
    with parted.read() as session:
        assert [one.failing_since for one in kept.figures(session)] == [None] * len(KINDS)


# SQLite ------------------------------------------------------------------------------------------------------------------


def test_sqlite_gives_space_back(sqlite_url):
    database = Database(sqlite_url)
    assert space.gives_back(database)
    with database.write() as session:
        for number in range(400):
            factories.receipt(session, id=an_id(OLD, number), body=bytes(2_000))
    assert apply(database, Ages({RECEIPTS: 12}), NOW) == {RECEIPTS: 400}
    assert space.free_pages(database) == 0
    database.close()


def test_a_file_of_an_earlier_release_does_after_it_was_written_anew(tmp_path):
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as made:  # as those were made
        made.execute("CREATE TABLE x (y)")
        made.execute("DROP TABLE x")
    made.close()
    database = Database(f"sqlite:///{path}")
    migrations.upgrade(database)
    assert not space.gives_back(database)
    with database.write() as session:
        for number in range(100):
            factories.receipt(session, id=an_id(OLD, number), body=bytes(2_000))
    apply(database, Ages({RECEIPTS: 12}), NOW)
    assert space.free_pages(database) > 20
    space.compact(database)
    assert space.gives_back(database) and space.free_pages(database) == 0
    database.close()


def test_every_kind_has_rows_and_every_row_has_a_kind(kept_database):
    with kept_database.read() as session:
        told = {kind: [rows.name for rows in due.of_kind(session, kind)] for kind in KINDS}
    assert all(told.values())
