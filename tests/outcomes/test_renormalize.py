"""The past read again after a mapping was changed: shown first, then done, once, and from wherever it was stopped."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from dialers.base import Connection
from dialers.ryng import words
from models import CallEvent, CallOutcome, ChangeFeed, Receipt
from outcomes import receipts as sent_back
from outcomes import settle
from outcomes.differences import Differences
from outcomes.renormalize import renormalize
from queries import evidence
from tests.evidence import CONNECTIONS, RYNG, START, connect, keep, normalize, outcomes, receipt, terminal

MAPPED_WORDS = {"NO-FORWARD": "canceled"}
MAPPED = {RYNG.name: replace(RYNG, words=MAPPED_WORDS)}
QVOICE = Connection("qvoice-main", "qvoice", default_country="US")
LATER = START + timedelta(minutes=10)


def again(database, connections=MAPPED, apply=True, batch=None, now=LATER, name=RYNG.name) -> Differences:
    found = Differences()
    for _, differences in renormalize(database, connections, name, apply, batch, now):
        found.add(differences)
    return found


def unmapped(call_id, **fields) -> dict:
    """A call that ended in a word nobody knows, without a disposition."""
    silent = {"talktime": 0, "legDetails": None, "disposition": None, "callDisposed": None}
    return terminal(call_id, log_id=1000 + call_id, **(silent | {"status": "no-forward"} | fields))


def rows(database) -> dict:
    """Everything of every outcome, merged ones too."""
    with database.read() as session:
        found = session.execute(select(*CallOutcome.__table__.columns)).mappings()
        return {row["id"]: dict(row) for row in found}


def told(database) -> list:
    """Every event as it is stored."""
    with database.read() as session:
        columns = CallEvent.__table__.columns
        return sorted(map(str, session.execute(select(*columns)).all()))


def last_position(database) -> int:
    with database.read() as session:
        return session.scalar(select(ChangeFeed.last_position))


@pytest.fixture
def history(database):
    """Seven unmapped calls, one with its retry and its connect callback, and two that are well."""
    keep(
        database,
        *(receipt(unmapped(n)) for n in range(7)),
        receipt(unmapped(3), at=START + timedelta(minutes=1)),
        receipt(connect(3), "connect"),
        receipt(terminal(100, 1100)),
        receipt(terminal(101, 1101, status="busy")),
    )
    normalize(database)


def test_unknown_becomes_mapped_for_all_history(database, history):
    before, feed = rows(database), last_position(database)
    found = again(database)
    assert (found.changed, found.made, found.receipts) == (7, 0, 11)
    assert found.lines() == [
        "connect_outcome: unknown -> canceled  7",
        "settling: awaiting_disposition -> settled  7",
    ]
    after = rows(database)
    assert set(after) == set(before)
    for row_id, row in after.items():
        changed = row["status_raw"] == "no-forward"
        assert row["revision"] == before[row_id]["revision"] + changed
        if changed:
            assert (row["connect_outcome"], row["settling"], row["settle_by"]) == ("canceled", "settled", None)
            assert row["position"] > feed
        else:
            assert row == before[row_id]
    assert last_position(database) == feed + 7


def test_nothing_changes_twice(database, history):
    again(database)
    before, feed, events = rows(database), last_position(database), told(database)
    second = again(database)
    assert (second.changed, second.lines(), second.receipts) == (0, [], 11)
    assert (rows(database), last_position(database), told(database)) == (before, feed, events)


def test_looking_changes_nothing_and_foretells_all(database, history):
    before, feed, events = rows(database), last_position(database), told(database)
    foretold = again(database, apply=False)
    assert (rows(database), last_position(database), told(database)) == (before, feed, events)
    assert foretold == again(database)


@pytest.mark.parametrize("size", [1, 2, 100])
def test_the_size_of_a_batch_is_nobodys_business(database, history, size):
    assert again(database, batch=size).lines() == [
        "connect_outcome: unknown -> canceled  7",
        "settling: awaiting_disposition -> settled  7",
    ]


def test_it_is_what_normalizing_with_the_new_words_would_have_made(database, history):
    again(database)
    renewed = rows(database)
    with database.write() as session:
        sent_back.replay(session, evidence.conditions({"connection": RYNG.name}))
    normalize(database, MAPPED, now=LATER)
    assert rows(database) == renewed


def test_flags_follow_their_table(database, history):
    tabled = {RYNG.name: replace(RYNG, dispositions={"Interested": ("callback",)})}
    assert again(database, tabled).lines() == ["flags: contact sale -> callback  2"]
    assert again(database, CONNECTIONS).lines() == ["flags: callback -> contact sale  2"]


def test_a_mapping_that_is_taken_back(database, history):
    settle.settle_due(database, CONNECTIONS, now=START + timedelta(days=2))
    again(database, now=START + timedelta(days=2))
    assert again(database, CONNECTIONS, now=START + timedelta(days=3)).lines() == [
        "connect_outcome: canceled -> unknown  7",
        "settling: settled -> never_disposed  7",
    ]


def test_what_a_newer_rule_knows_comes_to_rows_whose_receipts_say_what_they_said(database):
    """As after an update: this row was made before anything was computed."""
    keep(database, receipt(terminal(callDuration=None)), receipt(terminal(20, 50)))
    normalize(database)
    made = rows(database)
    with database.write() as session:
        (old,) = session.scalars(select(CallOutcome).where(CallOutcome.duration_source == "computed"))
        old.duration_seconds = old.duration_source = None
        old.set_by = {name: by for name, by in old.set_by.items() if name != "duration_seconds"}
        outcome = old.id
    before = last_position(database)

    looked = again(database, CONNECTIONS, apply=False)
    assert looked.lines() == ["duration_seconds: none -> a value  1", "duration_source: none -> computed  1"]
    assert (looked.changed, last_position(database)) == (1, before)

    assert again(database, CONNECTIONS).lines() == looked.lines()
    after = rows(database)[outcome]
    assert (after["duration_seconds"], after["duration_source"], after["revision"]) == (120, "computed", 2)
    assert after["set_by"] == made[outcome]["set_by"]
    assert last_position(database) == before + 1  # the other row is as it was
    assert again(database, CONNECTIONS).changed == 0


def test_rows_that_were_merged_stay_merged(database):
    """A row seen without its call id, another without its time, and a third that says they are one call."""
    row = {"timestamp": 1_763_460_000, "lead_number": "+12195011918", "hangup_cause": "NO-FORWARD"}
    only_id = {"call_id": "abc", "lead_number": "+12195011918", "hangup_cause": "NO-FORWARD"}
    for bodies in ([row, only_id], [row | only_id]):
        polled = {"kind": "lead_history", "connection": QVOICE, "source": "report", "method": None, "headers": None}
        keep(database, *(receipt(body, **polled) for body in bodies))
        normalize(database, {QVOICE.name: QVOICE})
    before = rows(database)
    (merged,) = [row for row in before.values() if row["merged_into"]]
    found = again(database, {QVOICE.name: replace(QVOICE, words=MAPPED_WORDS)}, name=QVOICE.name)
    assert found.lines()[0] == "connect_outcome: unknown -> canceled  1"
    after = rows(database)
    assert set(after) == set(before)
    assert after[merged["id"]] == merged
    assert after[merged["merged_into"]]["connect_outcome"] == "canceled"


def test_other_connections_and_waiting_receipts_are_left_alone(database, history):
    other = replace(RYNG, name="other")
    keep(database, receipt(unmapped(7), connection=other))
    both = CONNECTIONS | {"other": other}
    normalize(database, both)
    (waiting,) = keep(database, receipt(unmapped(8)))
    found = again(database, MAPPED | {"other": replace(other, words={"no forward": "busy"})})
    assert found.changed == 7
    assert [row.connect_outcome for row in outcomes(database) if row.connection == "other"] == ["unknown"]
    with database.read() as session:
        assert session.get(Receipt, waiting.id).state == "pending"


def test_a_receipt_that_is_replayed_now_is_the_workers(database, history):
    with database.write() as session:
        sent_back.replay(session, evidence.conditions({"connection": RYNG.name}))
    assert again(database).receipts == 0
    normalize(database, MAPPED, now=LATER)
    assert again(database).changed == 0


def test_receipts_that_cannot_be_read_any_more_keep_what_they_said(database, history):
    with database.write() as session:
        for row in session.scalars(select(Receipt)):
            row.body = b"{"
    before = rows(database)
    found = again(database)
    assert (found.changed, found.unreadable) == (0, 11)
    assert rows(database) == before


REFUSE = {  # a fault of the database, in one call of the batch
    True: (
        "CREATE TRIGGER refuse BEFORE UPDATE ON call_outcomes WHEN new.call_id = '5' BEGIN SELECT RAISE(ABORT, 'no'); END",
        "DROP TRIGGER refuse",
    ),
    False: (
        "ALTER TABLE call_outcomes ADD CONSTRAINT refuse CHECK (call_id <> '5' OR connect_outcome = 'unknown')",
        "ALTER TABLE call_outcomes DROP CONSTRAINT refuse",
    ),
}


def test_a_batch_that_fails_leaves_no_half(database, history):
    before, events = rows(database), told(database)
    refuse, take = REFUSE[database.is_sqlite]
    with database.write() as session:
        session.execute(text(refuse))
    with pytest.raises(DBAPIError):
        again(database)
    assert (rows(database), told(database)) == (before, events)
    with database.write() as session:
        session.execute(text(take))
    assert again(database).changed == 7


KILLED = """
import os, signal
from models.database import Database
from outcomes.renormalize import renormalize
from tests.outcomes.test_renormalize import LATER, MAPPED, RYNG
for at, _ in enumerate(renormalize(Database({url!r}), MAPPED, RYNG.name, True, 2, LATER)):
    if at == 1:
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
def test_killed_in_the_middle_and_run_again(database, database_url, history):
    ended = subprocess.run([sys.executable, "-c", KILLED.format(url=database_url)], timeout=60)
    assert ended.returncode == -signal.SIGKILL
    done = sum(row["connect_outcome"] == "canceled" for row in rows(database).values())
    assert 0 < done < 7
    assert again(database).changed == 7 - done
    assert {row["revision"] for row in rows(database).values() if row["status_raw"] == "no-forward"} == {2}


def test_beside_a_worker(database, history):
    """Between any two batches the worker takes what has come; both write the same calls."""
    stopped = renormalize(database, MAPPED, RYNG.name, True, 1, LATER)
    for at, _ in enumerate(stopped):
        keep(database, receipt(unmapped(at % 7, notes=f"{at}", callDisposed="2026-11-18T10:03:00.000Z"), at=LATER))
        normalize(database, MAPPED, now=LATER)
    assert again(database).changed == 0
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(CallOutcome)) == 9
    assert {row.connect_outcome for row in outcomes(database) if row.status_raw == "no-forward"} == {"canceled"}


def test_at_the_same_moment_as_workers(database):
    keep(database, *(receipt(unmapped(n)) for n in range(40)))
    normalize(database)
    more = {"disposition": "Interested", "callDisposed": "2026-11-18T10:03:00.000Z"}
    keep(database, *(receipt(unmapped(n, **more), at=LATER) for n in range(40)))

    def work(_) -> int:
        return normalize(database, MAPPED, now=LATER, limit=3)

    def renew(_) -> int:
        return again(database, batch=4).changed

    with ThreadPoolExecutor(4) as pool:
        working, renewing = [pool.submit(work, at) for at in range(2)], [pool.submit(renew, at) for at in range(2)]
        assert sum(one.result(60) for one in working) == 40
        assert 0 <= sum(one.result(60) for one in renewing) <= 40
    assert again(database).changed == 0
    ended = {(row.connect_outcome, row.disposition, row.settling) for row in outcomes(database)}
    assert ended == {("canceled", "Interested", "settled")}
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(CallOutcome)) == 40
        assert session.scalar(select(func.count()).select_from(CallEvent)) == 120


def test_what_a_terminal_would_obey_is_not_printed():
    found = Differences()
    found.note({"id": 1, "status_raw": "\x1b[2J"}, {"status_raw": "x" * 500}, ["status_raw"])
    (line,) = found.lines()
    assert line == "status_raw: '\\x1b[2J' -> " + "x" * 80 + "  1"


def test_what_customers_said_is_counted_and_not_shown():
    found = Differences()
    found.note({"id": 1, "notes": "old", "flags": []}, {"notes": "new", "flags": ["sale"]}, ["notes", "flags"])
    assert found.lines() == ["flags: none -> sale  1", "notes: a value -> a value  1"]


def test_words_that_are_all_different_do_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr("outcomes.differences.MOST_PAIRS", 2)
    found = Differences()
    for at in range(5):
        found.note({"id": at, "status_raw": None}, {"status_raw": f"{at}"}, ["status_raw"])
    assert found.lines()[0] == "status_raw: a value -> a value  3"


def test_ryngs_own_words_are_looked_up_like_the_tenants(database):
    assert "no-answer" in words.STATUSES
    keep(database, receipt(unmapped(1, status="NO ANSWER")))
    normalize(database)
    assert [row.connect_outcome for row in outcomes(database)] == ["no_answer"]
