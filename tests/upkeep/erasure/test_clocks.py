"""Hosts whose clocks are ahead: what they stamped before an erasure goes, and the person's calls since then stay."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from lib import clock, ids
from lib.phone_spellings import Spellings
from lib.stand_ins import is_stand_in
from models import CallOutcome, Erasure, Receipt
from outcomes.before import MOST_AHEAD
from outcomes.feed import begin_epoch
from tests import factories
from tests.evidence import connect, keep, outcomes, receipt, terminal
from tests.outcomes.test_erasing import NUMBER, OTHER, PERSONAL, told
from tests.upkeep.erasure import dump
from tests.upkeep.erasure.test_working import erased, erased_and_put_back, finish
from upkeep.erasure import beginning, ledger

SPELLINGS = Spellings(NUMBER)
AHEAD = timedelta(hours=1)
SOON = timedelta(minutes=10)  # after an erasure, and before what a clock that is ahead has said
UNTIMED = connect(17, callCreated=None)


@pytest.fixture
def ahead(monkeypatch):
    """A host whose clock is ahead, by an hour where nobody says otherwise: what it stamps, while it does."""
    new = ids.new

    class Host:
        by = AHEAD

        def __enter__(self):
            monkeypatch.setattr(ids, "new", lambda: UUID(int=new().int + (int(self.by.total_seconds() * 1000) << 80)))
            return clock.now() + self.by

        def __exit__(self, *_):
            monkeypatch.setattr(ids, "new", new)

    return Host()


def tell_all(database, ahead) -> None:
    """A call that states no time, one that states its times, another's that names the person, and what nobody understands."""
    with ahead as at:
        told(database, UNTIMED, terminal(**PERSONAL), at=at)
        told(database, terminal(20, 50, customerNum=OTHER, notes="Ask her husband: 098000 12345"), at=at)
        with database.write() as session:
            lost = b'{"tel": "0 9800 012345" and no JSON'
            factories.receipt(session, body=lost, state="quarantined", reason="unparseable", received_at=at)


def fresh_call(call_id=80, after=SOON) -> dict:
    at = clock.iso(clock.now() + after)
    times = dict.fromkeys(("callCreated", "callStarted", "callEnded", "callDisposed"), at)
    return terminal(call_id, call_id + 1, **times, notes="She is a customer again")


def numbers(database) -> list[tuple[str, bool]]:
    """(the dialer's id of the call, whether the person was taken out of it); stand-ins come last."""
    return sorted((row.call_id, is_stand_in(row.customer_number)) for row in outcomes(database))


def test_nothing_of_what_they_stamped_is_left(database, tmp_path, ahead):
    tell_all(database, ahead)
    row = erased(database, tmp_path)
    assert row.known_to >= row.erased_at + AHEAD - timedelta(minutes=5)
    assert not SPELLINGS.within(dump(database)) and "Kowalska" not in dump(database)
    assert OTHER in dump(database) and "Ask her husband: erased" in dump(database)


def test_nor_after_a_restore(database, tmp_path, ahead):
    tell_all(database, ahead)
    with erased_and_put_back(database, tmp_path):
        assert len(ledger.together(database, tmp_path)) == 1
        finish(database, tmp_path)
        assert not SPELLINGS.within(dump(database)) and "Kowalska" not in dump(database)


def test_what_was_not_read_yet_goes(database, tmp_path, ahead):
    with ahead as at:
        keep(database, receipt(UNTIMED, kind="connect", at=at))
    erased(database, tmp_path)
    (row,) = outcomes(database)
    assert is_stand_in(row.customer_number) and not SPELLINGS.within(dump(database))


def test_calls_since_then_stay_while_it_runs(database, tmp_path, ahead):
    tell_all(database, ahead)
    beginning.begin(database, tmp_path, NUMBER, "Ann")
    told(database, fresh_call(), at=clock.now() + timedelta(seconds=1))
    with ahead as at:
        told(database, fresh_call(90), at=at)
    finish(database, tmp_path)
    stay = [call for call, gone in numbers(database) if not gone]
    assert stay == ["20", "80", "90"]
    with database.read() as session:
        bodies = session.scalars(select(Receipt.body).where(Receipt.erased_at.is_(None))).all()
        assert sum(b"She is a customer again" in body for body in bodies) == 2
        rows = session.scalars(select(CallOutcome).where(CallOutcome.customer_number == NUMBER)).all()
        assert {row.notes for row in rows} == {"She is a customer again"} and len(rows) == 2


def test_calls_since_then_stay_where_the_ledger_is_told_late(database, tmp_path, ahead):
    """By the file of a second host, say, after the first has put an older database back and served for a while."""
    tell_all(database, ahead)
    with erased_and_put_back(database, tmp_path):
        with database.write() as session:  # as a start does it: places are above all that were ever given
            begin_epoch(session, clock.now())
        told(database, fresh_call(), at=clock.now())
        assert len(ledger.together(database, tmp_path)) == 1
        finish(database, tmp_path)
        assert [call for call, gone in numbers(database) if not gone] == ["20", "80"]


def test_a_clock_that_is_wrong_by_a_year_moves_nothing(database, tmp_path, ahead):
    ahead.by = timedelta(days=365)
    with ahead as at:
        told(database, connect(17, callCreated=None), at=at)
    row = erased(database, tmp_path)
    assert row.known_to <= row.erased_at + MOST_AHEAD
    told(database, fresh_call(after=timedelta(days=30)), at=clock.now() + timedelta(days=30))
    assert [gone for _, gone in numbers(database)] == [False, True]


def test_the_ledger_keeps_what_was_known_and_reads_older_lines(database, tmp_path, ahead):
    with ahead as at:
        told(database, UNTIMED, at=at)
    row = erased(database, tmp_path)
    (line,) = ledger.read(tmp_path).values()
    assert ledger.entry(row) == line and line.position > 0 and clock.parse(line.known_to) == row.known_to
    older = '{"id": "%s", "stand_in": "s", "key_id": "k", "erased_at": "2026-11-29T10:00:00Z", "by": "A", "keep_uncalled": true}'
    (tmp_path / ledger.FILE).write_text(older % ids.new() + "\n" + (older % ids.new())[:-1] + ', "later": 1}\n')
    assert [one.known_to for one in ledger.read(tmp_path).values()] == [None, None]
    assert isinstance(ledger.begun(one := next(iter(ledger.read(tmp_path).values()))), Erasure) and one.position == 0
