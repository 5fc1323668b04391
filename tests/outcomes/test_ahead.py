"""What was read and folded before the transaction that writes is used only while it is still true."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from dialers.asking import Record, ReportPage
from dialers.base import Connection
from lib import clock
from models import CallEvent, Receipt
from models.receipts import NORMALIZED, PENDING
from outcomes import normalize as normalizing
from outcomes import receipts as sent_back
from outcomes.ahead import prepare
from outcomes.normalize import Batch, normalize_pending
from polling.keep import keep_page
from queries import evidence
from tests.evidence import CONNECTIONS, START, connect, keep, normalize, outcomes, receipt, terminal

NOW = START + timedelta(minutes=5)
QVOICE = Connection("qvoice-main", "qvoice", settings={}, default_country="US")


@pytest.fixture(autouse=True)
def connections(monkeypatch):
    monkeypatch.setitem(CONNECTIONS, QVOICE.name, QVOICE)


def read_ahead(database, **batch):
    with database.read() as session:
        receipts = normalizing._claimed(session, Batch(100, **batch), lock=False)
    return prepare(receipts, CONNECTIONS, NOW)


def write(database, ahead) -> int:
    with database.write() as session:
        return normalizing._write(session, CONNECTIONS, Batch(100), clock.now(), ahead)


def events(database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(CallEvent))


def test_a_call_that_one_receipt_tells_of_is_folded_beforehand_and_others_are_not(database):
    alone, first, second = keep(
        database, receipt(terminal(1, 11)), receipt(connect(2), "connect"), receipt(terminal(2, 12))
    )
    ahead = read_ahead(database)
    assert {events[0].receipt_id for events, _ in ahead.folded.values()} == {alone.id}
    assert {item.receipt.id for item in ahead.came_in} == {alone.id, first.id, second.id}
    assert write(database, ahead) == 3
    assert [row.call_id for row in outcomes(database)] == ["1", "2"]


def test_what_another_worker_has_taken_meanwhile_is_left_to_it(database):
    keep(database, receipt(terminal(1, 11)), receipt(terminal(2, 12)))
    ahead = read_ahead(database)
    normalize(database)
    before = events(database)
    assert write(database, ahead) == 0
    assert events(database) == before and [row.revision for row in outcomes(database)] == [1, 1]


def test_what_was_taken_and_sent_back_meanwhile_is_read_anew(database):
    (kept,) = keep(database, receipt(terminal(1, 11)))
    ahead = read_ahead(database)
    normalize(database)
    before = events(database)
    with database.write() as session:
        assert sent_back.replay(session, evidence.conditions({})) == 1
    assert write(database, ahead) == 0, "it was read when nothing was known of its call"
    with database.read() as session:
        assert session.get(Receipt, kept.id).state == PENDING
    normalize(database)
    assert events(database) == before and len(outcomes(database)) == 1


def test_what_became_known_of_a_call_meanwhile_counts(database):
    keep(database, receipt(terminal(1, 11)))
    ahead = read_ahead(database)
    (early,) = keep(database, receipt(connect(1, queueName="Sales"), "connect", at=START - timedelta(minutes=2)))
    assert normalize_pending(database, CONNECTIONS, only=[early.id], now=NOW) == 1
    assert write(database, ahead) == 1
    (row,) = outcomes(database)
    assert (row.connect_outcome, row.revision) == ("connected", 2)
    assert row.sources == ["callback:connect", "callback:terminal"]


def test_two_begin_at_the_two_ends(database):
    kept = keep(database, *(receipt(terminal(call, call), at=START + timedelta(seconds=call)) for call in range(1, 9)))
    assert normalize_pending(database, CONNECTIONS, limit=3, now=NOW) == 3
    assert normalize_pending(database, CONNECTIONS, limit=3, now=NOW, newest=True) == 3
    with database.read() as session:
        left = set(session.scalars(select(Receipt.id).where(Receipt.state == PENDING)))
    assert left == {one.id for one in kept[3:5]}


def test_what_no_table_can_hold_is_found_from_the_other_end_too(database):
    good = [receipt(terminal(call, call)) for call in range(1, 10)]
    bad = receipt(terminal(99, 99, notes="x\x00y"))
    keep(database, *good[:5], bad, *good[5:])
    while normalize_pending(database, CONNECTIONS, now=NOW, newest=True):
        pass
    with database.read() as session:
        states = dict(session.execute(select(Receipt.id, Receipt.state)).all())
    assert {states[one.id] for one in good} == {NORMALIZED} and PENDING not in states.values()


def test_words_that_a_poll_has_met_again_meanwhile_are_read_as_the_latest(database):
    def polled(disposition: str, minute: int) -> None:
        row = {
            "timestamp": 1_763_460_000,
            "lead_number": "+12195011918",
            "call_id": "c1",
            "agent_disposition": disposition,
        }
        with database.write() as session:
            page = ReportPage([Record(json.dumps(row).encode(), "c1")])
            keep_page(session, QVOICE, "lead_history", page, START + timedelta(minutes=minute))

    polled("Sale", 0)
    polled("Refused", 1)
    ahead = read_ahead(database)
    polled("Sale", 2)
    write(database, ahead)
    normalize(database)
    assert [row.disposition for row in outcomes(database)] == ["Sale"]


class Meanwhile(dict):
    """The connections; something happens when they are first asked for, while a batch is being understood."""

    def __init__(self, connections, act):
        super().__init__(connections)
        self._acts = [act]

    def get(self, *key):
        while self._acts:
            self._acts.pop()()
        return super().get(*key)


def test_where_others_have_taken_the_whole_batch_meanwhile_the_next_one_follows(database):
    keep(database, *(receipt(terminal(call, call)) for call in range(1, 4)))
    connections = Meanwhile(CONNECTIONS, lambda: normalize_pending(database, CONNECTIONS, limit=2, now=NOW))
    assert normalize_pending(database, connections, limit=2, now=NOW), "0 would say that none is left"
    assert [row.call_id for row in outcomes(database)] == ["1", "2", "3"]
