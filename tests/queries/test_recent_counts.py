"""A scrape does not have millions of receipts counted each time, and never gives what nobody could renew."""

import json
import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from outcomes.feed import begin_epoch
from queries import receipt_counts, recent_counts
from queries.recent_counts import LONGEST, RESTS, NotYet, RecentCounts
from tests.factories import NOON, outcome, receipt


@pytest.fixture
def slow(monkeypatch):
    """Everything takes five seconds of this clock to be counted."""
    now, count = [0.0], receipt_counts.by_state

    def counted(session, *conditions):
        now[0] += 0.0 if conditions else 5.0
        return count(session, *conditions)

    monkeypatch.setattr(recent_counts.receipt_counts, "by_state", counted)
    monkeypatch.setattr(recent_counts, "FEW_CALLS", -1)
    return now


def renewed():
    for thread in threading.enumerate():
        if thread.name == "counts":
            thread.join(20)


def found(database, recent):
    """(state -> receipts, how old)"""
    with database.read() as session:
        counts, age = recent.receipts(session, {})
    return {row["state"]: row["receipts"] for row in counts}, age


def test_what_takes_no_time_is_counted_anew(database):
    recent = RecentCounts(database)
    for number in range(3):
        assert found(database, recent) == ({"normalized": number} if number else {}, 0)
        calls, age = recent.calls({})
        assert (calls.settling, age) == ([("ryng-main", "settled", number)] if number else [], 0)
        with database.write() as session:
            receipt(session)
            outcome(session)


def test_what_takes_long_rests_and_says_how_old_it_is(database, slow):
    recent = RecentCounts(database, lambda: slow[0])
    assert found(database, recent) == ({}, 5)
    with database.write() as session:
        receipt(session)
        receipt(session, state="pending")
        receipt(session, state="quarantined", reason="unparseable")
        receipt(session, state="quarantined", reason="unparseable", dismissed_at=NOON)
    open_now = {"pending": 1, "quarantined": 1, "dismissed": 1}
    for at in (100.0, 101.0):  # at the second a thread begins to count
        slow[0] = at
        assert found(database, recent) == (open_now, at)
    renewed()
    assert found(database, recent) == ({"normalized": 1} | open_now, 5)


def test_what_nobody_asked_for_in_a_while_is_not_given_as_it_was_where_counting_it_is_soon_done(
    database, slow, monkeypatch
):
    monkeypatch.setattr(recent_counts, "SOON", 20.0)  # five of which are less
    recent = RecentCounts(database, lambda: slow[0])
    assert found(database, recent) == ({}, 5)
    with database.write() as session:
        receipt(session)
    slow[0] = 29.0
    assert found(database, recent) == ({}, 29)
    slow[0] = 500.0
    assert found(database, recent) == ({"normalized": 1}, 5)


def test_an_old_answer_is_no_answer_where_the_database_fails(database, slow):
    recent = RecentCounts(database, lambda: slow[0])
    found(database, recent)
    with database.write() as session:
        session.execute(text("ALTER TABLE change_feed RENAME TO gone"))
    slow[0] = LONGEST
    assert found(database, recent) == ({}, LONGEST)
    renewed()
    slow[0] = LONGEST + 1
    with pytest.raises(SQLAlchemyError):
        found(database, recent)


def test_who_does_not_wait_for_the_first_goes_without_and_the_next_finds_it(database, monkeypatch):
    count, goes_on = receipt_counts.by_state, threading.Event()

    def waits(session, *conditions):
        return count(session, *conditions) if conditions or goes_on.wait(20) else []

    monkeypatch.setattr(recent_counts.receipt_counts, "by_state", waits)
    recent = RecentCounts(database)
    with database.read() as session:
        for _ in range(2):
            with pytest.raises(NotYet):
                recent.receipts(session, {}, 0.01)
        assert recent.known_receipts(session, {}, 0.01) == ([], None)
        goes_on.set()
        assert recent.receipts(session, {}, 20)[0] == []


def test_who_does_not_wait_gets_nothing_that_is_too_old(database, slow, monkeypatch):
    goes_on, recent = threading.Event(), RecentCounts(database, lambda: slow[0])
    found(database, recent)
    count = recent_counts.receipt_counts.by_state

    def waits(session, *conditions):
        return count(session, *conditions) if conditions or goes_on.wait(20) else []

    monkeypatch.setattr(recent_counts.receipt_counts, "by_state", waits)
    slow[0] += 10 * LONGEST
    with database.read() as session:
        with pytest.raises(NotYet):
            recent.receipts(session, {}, 0.01)
        goes_on.set()
        assert recent.receipts(session, {}, 20)[0] == []


def test_the_first_count_that_fails_is_an_error_and_not_a_figure(database, monkeypatch):
    def fails(session, *conditions):
        session.execute(text("SELECT * FROM no_such_table"))

    monkeypatch.setattr(recent_counts.receipt_counts, "by_state", fails)
    with database.read() as session, pytest.raises(SQLAlchemyError):
        RecentCounts(database).receipts(session, {}, 20)


def test_a_new_process_gives_what_the_last_one_left_and_goes_on_from_there(database, slow, tmp_path):
    with database.write() as session:
        receipt(session)
    found(database, RecentCounts(database, lambda: slow[0], tmp_path))
    with database.write() as session:
        receipt(session)
    slow[0] = 0.0  # of the new process's clock
    recent = RecentCounts(database, lambda: slow[0], tmp_path)
    counts, age = found(database, recent)
    assert counts == {"normalized": 1} and age >= 5
    renewed()
    assert found(database, recent)[0] == {"normalized": 1}  # it rests as long as it would have in the other process
    slow[0] = 5 * RESTS
    older(tmp_path, 5 * RESTS)
    found(database, recent)
    renewed()
    assert found(database, recent)[0] == {"normalized": 2}
    with database.write() as session:  # it was restored: what was counted before is of another one
        begin_epoch(session, NOON)
        receipt(session)
    recent = RecentCounts(database, lambda: slow[0], tmp_path)
    assert found(database, recent) == ({"normalized": 3}, 5)


def older(folder, seconds):
    """What was left is older by so much."""
    file = folder / "counted_receipts.json"
    left = json.loads(file.read_text())
    file.write_text(json.dumps(left | {"at": left["at"] - seconds}))


def test_what_took_minutes_is_given_for_as_long_by_the_next_process(database, slow, tmp_path, monkeypatch):
    with database.write() as session:
        receipt(session)
    took = LONGEST / RESTS
    row = {"connection": "ryng-main", "source": "callback", "kind": "terminal", "state": "normalized", "receipts": 1}

    def counted(session, *conditions):
        slow[0] += 0.0 if conditions else took
        return [] if conditions else [row]

    monkeypatch.setattr(recent_counts.receipt_counts, "by_state", counted)
    found(database, RecentCounts(database, lambda: slow[0], tmp_path))
    for seconds, given in ((1.9 * LONGEST, True), (2.1 * LONGEST, False)):
        older(tmp_path, seconds)
        before = slow[0]
        counts, age = found(database, RecentCounts(database, lambda: slow[0], tmp_path))
        renewed()
        assert counts == {"normalized": 1} and (age > seconds) == given
        assert slow[0] > before  # counted anew, beside or while it was waited for
