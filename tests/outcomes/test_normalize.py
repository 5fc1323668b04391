"""From receipts to outcomes, through the real tables."""

import gzip
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from models import CallEvent, CallGroup, Receipt
from outcomes import receipts as sent_back
from outcomes.normalize import normalize_pending
from outcomes.settle import settle_due
from queries import evidence
from tests.evidence import CONNECTIONS, RYNG, START, connect, keep, normalize, outcomes, receipt, terminal


def states(database):
    with database.read() as session:
        return dict(session.execute(select(Receipt.state, func.count()).group_by(Receipt.state)).all())


def test_a_terminal_callback_becomes_one_outcome(database):
    (kept,) = keep(database, receipt(terminal()))
    assert normalize(database) == 1

    (row,) = outcomes(database)
    assert (row.call_id, row.attempt_id, row.connect_outcome, row.settling) == ("19", "49", "connected", "settled")
    assert (row.disposition, row.flags, row.talk_seconds) == ("Interested", ["contact", "sale"], 95)
    assert row.set_by["disposition"] == str(kept.id)
    assert row.sources == ["callback:terminal"]
    assert (row.revision, row.position) == (1, 1)
    assert states(database) == {"normalized": 1}


def test_a_call_in_progress_becomes_the_ended_call_under_the_same_id(database):
    keep(database, receipt(connect(), "connect"))
    normalize(database)
    (before,) = outcomes(database)
    assert (before.connect_outcome, before.settling, before.is_final) == ("in_progress", "provisional", False)

    keep(database, receipt(terminal(), at=START + timedelta(minutes=3)))
    normalize(database)
    (after,) = outcomes(database)
    assert (after.id, after.connect_outcome, after.revision) == (before.id, "connected", 2)
    assert after.sources == ["callback:connect", "callback:terminal"]


def test_a_late_connect_callback_does_not_reopen_the_call(database):
    keep(database, receipt(terminal()))
    normalize(database)
    (before,) = outcomes(database)
    keep(database, receipt(connect(event="customer-connected"), "connect", at=START + timedelta(minutes=1)))
    normalize(database)
    (after,) = outcomes(database)
    assert (after.id, after.connect_outcome, after.settling) == (before.id, "connected", "settled")


def test_a_retry_is_a_duplicate_and_changes_nothing(database):
    keep(database, receipt(terminal()), receipt(terminal(), at=START + timedelta(minutes=1)))
    normalize(database)
    keep(database, receipt(terminal(), at=START + timedelta(minutes=2)))
    normalize(database)
    (row,) = outcomes(database)
    assert row.revision == 1
    assert states(database) == {"normalized": 1, "duplicate": 2}


def test_two_attempts_of_one_call_are_two_outcomes(database):
    second = terminal(log_id=50, callStarted="2026-11-18T11:00:00Z", callEnded="2026-11-18T11:00:30Z", status="busy")
    keep(database, receipt(terminal()), receipt(second, at=START + timedelta(hours=1)))
    normalize(database)
    assert [(row.attempt_id, row.connect_outcome) for row in outcomes(database)] == [
        ("49", "connected"),
        ("50", "busy"),
    ]


def test_the_same_number_in_several_calls_stays_several_calls(database):
    keep(database, *(receipt(terminal(call_id=n, log_id=100 + n)) for n in range(3)))
    normalize(database)
    assert len(outcomes(database)) == 3


def test_what_cannot_be_understood_is_quarantined_with_a_reason_and_does_not_stop_the_others(database):
    keep(
        database,
        receipt(b'{"callID": 1,'),
        receipt(b"[]"),
        receipt({"event": "call-ended"}),
        receipt(b""),
        receipt(b"[" * 100_000),
        receipt(terminal(call_id="x" * 300)),
        receipt(terminal(notes="a\x00b\ud800c", callID=7)),
        receipt(terminal()),
    )
    normalize(database)
    assert [row.notes for row in outcomes(database)] == [None, "a\ufffdb\ufffdc"]
    assert states(database) == {"quarantined": 5, "ignored": 1, "normalized": 2}
    with database.read() as session:
        reasons = session.scalars(select(Receipt.reason).where(Receipt.state == "quarantined").order_by(Receipt.reason))
        assert list(reasons) == ["bad_identifier", "no_call_id", "not_an_object", "unparseable", "unparseable"]


def test_awaiting_a_disposition_ends_with_the_window(database):
    undisposed = terminal(disposition=None, callDisposed=None)
    keep(database, receipt(undisposed))
    normalize(database)
    (row,) = outcomes(database)
    assert (row.settling, row.is_final) == ("awaiting_disposition", True)

    assert settle_due(database, CONNECTIONS, now=START + timedelta(hours=23)) == 0
    assert settle_due(database, CONNECTIONS, now=START + timedelta(hours=24)) == 1
    (row,) = outcomes(database)
    assert (row.settling, row.revision) == ("never_disposed", 2)
    assert settle_due(database, CONNECTIONS, now=START + timedelta(hours=48)) == 0

    keep(database, receipt(terminal(), at=START + timedelta(hours=50)))
    normalize(database, now=START + timedelta(hours=51))
    (row,) = outcomes(database)
    assert (row.settling, row.disposition, row.revision) == ("settled", "Interested", 3)


def test_a_call_whose_end_is_never_told_is_closed_as_unknown(database):
    keep(database, receipt(connect(event="customer-connected"), "connect"))
    normalize(database)
    settle_due(database, CONNECTIONS, now=START + timedelta(hours=25))
    (row,) = outcomes(database)
    assert (row.connect_outcome, row.settling, row.is_final) == ("unknown", "never_disposed", True)


def test_reading_a_receipt_again_keeps_ids_and_revisions(database):
    first, second = keep(database, receipt(connect(), "connect"), receipt(terminal()))
    normalize(database)
    (before,) = outcomes(database)
    with database.write() as session:
        for kept in (first, second):
            session.get(Receipt, kept.id).state = "pending"
    normalize(database)
    (after,) = outcomes(database)
    assert (after.id, after.revision) == (before.id, before.revision)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(CallEvent)) == 3
        assert session.scalar(select(func.count()).select_from(CallGroup)) == 1


def test_an_unmapped_status_is_repaired_by_mapping_it_and_reading_again(database):
    (kept,) = keep(database, receipt(terminal(status="17", talktime=0, legDetails=None)))
    normalize(database)
    (row,) = outcomes(database)
    assert (row.connect_outcome, row.status_raw) == ("unknown", "17")

    mapped = replace(RYNG, settings={"status_codes": {"17": "busy"}})
    with database.write() as session:
        session.get(Receipt, kept.id).state = "pending"
    normalize(database, {RYNG.name: mapped})
    (row,) = outcomes(database)
    assert (row.connect_outcome, row.revision) == ("busy", 2)


def test_an_empty_database_has_nothing_to_do(database):
    assert normalize(database) == 0


def test_a_row_follows_its_call_and_not_whatever_is_in_progress_now(database):
    keep(database, receipt(connect(), "connect"))
    normalize(database)
    (shown,) = outcomes(database)

    later = connect(callStarted="2026-11-18T11:00:00Z")
    keep(
        database,
        receipt(terminal(), at=START + timedelta(minutes=2)),
        receipt(later, "connect", START + timedelta(hours=1)),
    )
    normalize(database)
    first, second = sorted(outcomes(database), key=lambda row: row.settling, reverse=True)
    assert (first.id, first.attempt_id, first.settling) == (shown.id, "49", "settled")
    assert (second.attempt_id, second.connect_outcome) == (None, "in_progress")


def test_a_row_that_lost_its_evidence_stays_and_waits_for_nothing(database):
    (kept,) = keep(database, receipt(terminal(disposition=None, callDisposed=None)))
    normalize(database)
    (before,) = outcomes(database)
    with database.write() as session:  # read again, and now it says nothing
        again = session.get(Receipt, kept.id)
        again.body, again.state = b"", "pending"
    normalize(database)
    (after,) = outcomes(database)
    assert (after.id, after.revision, after.settle_by) == (before.id, before.revision, None)
    assert settle_due(database, CONNECTIONS, now=START + timedelta(days=9)) == 0


def test_a_receipt_that_cannot_be_understood_any_more_keeps_what_it_said(database):
    keep(database, receipt(terminal()))
    normalize(database)
    (before,) = outcomes(database)
    again(database)
    normalize(database, {})  # its connection was taken out of the settings
    assert states(database) == {"quarantined": 1}
    assert [row.id for row in outcomes(database)] == [before.id]

    again(database)
    normalize(database)
    (after,) = outcomes(database)
    assert (after.id, after.revision) == (before.id, before.revision)


def test_a_row_whose_evidence_comes_back_is_the_same_row(database):
    (kept,) = keep(database, receipt(terminal()))
    normalize(database)
    (before,) = outcomes(database)
    for body in (b"", kept.body):
        with database.write() as session:
            read_again = session.get(Receipt, kept.id)
            read_again.body, read_again.state = body, "pending"
        normalize(database)
    assert [row.id for row in outcomes(database)] == [before.id]


def test_replaying_a_first_delivery_reads_its_retry_again_too(database):
    keep(database, receipt(terminal()), receipt(terminal(), at=START + timedelta(minutes=1)))
    normalize(database, {RYNG.name: replace(RYNG, dispositions={})})
    (row,) = outcomes(database)
    assert row.flags == []
    with database.write() as session:
        assert sent_back.replay(session, evidence.conditions({"state": "normalized"})) == 1
    normalize(database)
    (row,) = outcomes(database)
    assert row.flags == ["contact", "sale"]
    assert states(database) == {"normalized": 1, "duplicate": 1}


def test_a_schema_that_does_not_fit_quarantines_nothing(database):
    keep(database, *(receipt(terminal(call_id=n)) for n in range(3)))
    with database.write() as session:
        session.execute(text("DROP VIEW call_outcomes_v1"))
        session.execute(text("ALTER TABLE call_outcomes DROP COLUMN notes"))
    with pytest.raises(DBAPIError):
        normalize(database)
    assert states(database) == {"pending": 3}


REFUSE_CALL_7 = {
    True: "CREATE TRIGGER refuse BEFORE INSERT ON call_outcomes WHEN new.call_id = '7' BEGIN SELECT RAISE(ABORT, 'no'); END",
    False: "ALTER TABLE call_outcomes ADD CONSTRAINT refuse CHECK (call_id <> '7')",
}


def test_a_receipt_that_no_table_takes_is_quarantined_and_costs_no_other_its_outcome(database):
    keep(database, *(receipt(terminal(call_id=n, log_id=100 + n)) for n in range(11)))
    with database.write() as session:
        session.execute(text(REFUSE_CALL_7[database.is_sqlite]))
    assert normalize(database) == 11
    assert states(database) == {"normalized": 10, "quarantined": 1}
    assert "7" not in {row.call_id for row in outcomes(database)}
    with database.read() as session:
        assert session.scalars(select(Receipt.reason).where(Receipt.state == "quarantined")).all() == [
            "refused_by_database"
        ]


def test_a_body_that_states_too_many_events_is_quarantined(database):
    many = ",".join(f'"event":"e{n}"' for n in range(5000))
    keep(database, receipt(b'{"callID":1,' + many.encode() + b"}", "connect"))
    normalize(database)
    assert states(database) == {"quarantined": 1}


def test_a_call_with_hundreds_of_attempts_is_one_outcome_per_attempt(database):
    bodies = [terminal(log_id=n, callStarted=None, callEnded=None) for n in range(400)]
    keep(database, *(receipt(body, at=START + timedelta(seconds=n)) for n, body in enumerate(bodies)))
    keep(database, *(receipt(connect(agentID=n), "connect", START + timedelta(seconds=n)) for n in range(400)))
    normalize(database)
    assert len(outcomes(database)) == 400


def again(database) -> None:
    with database.write() as session:
        session.execute(update(Receipt).values(state="pending"))


def test_a_batch_holds_no_more_bytes_than_it_may(database, monkeypatch):
    """A thousand bodies of a mebibyte each would be a gibibyte at once."""
    monkeypatch.setattr("outcomes.normalize.BATCH_BYTES", 1_000)
    keep(database, *(receipt(terminal(n, 100 + n, notes="n" * 400)) for n in range(5)))
    taken = []
    while count := normalize_once(database):
        taken.append(count)
    assert sum(taken) == 5 and max(taken) < 3
    assert states(database) == {"normalized": 5}
    keep(database, receipt(terminal(9, 109, notes="n" * 5_000)))
    assert normalize_once(database) == 1  # one that is larger than all that may be is taken alone


def test_compressed_bodies_count_as_what_they_become(database, monkeypatch):
    """A thousand of a kibibyte each may be a gibibyte; what is ended for that would take them up again, and again."""
    monkeypatch.setattr("outcomes.normalize.BATCH_BYTES", 5_000)
    bodies = [gzip.compress(json.dumps(terminal(n, 100 + n, notes="n" * 2_000)).encode()) for n in range(5)]
    assert sum(map(len, bodies)) < 5_000
    keep(database, *map(receipt, bodies))
    taken = []
    while count := normalize_once(database):
        taken.append(count)
    assert sum(taken) == 5 and max(taken) < 3
    assert states(database) == {"normalized": 5}


def normalize_once(database) -> int:
    return normalize_pending(database, CONNECTIONS)
