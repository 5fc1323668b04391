"""The ledger can fail: each kind of loss, doubling and invention is seen, in real tables. And what it must bear, it bears."""

import json
from itertools import islice

import pytest
from sqlalchemy import delete, insert, select, update

from lib import ids
from models import CallEvent, CallOutcome, Receipt
from tests.chaos import calls, ledger, stored
from tests.chaos.faults import for_database, plan
from tests.chaos.run import ended
from tests.evidence import normalize, receipt

NUMBERS = range(20)


@pytest.fixture
def book(database):
    """A ledger in which everything was answered at the first try, and the tables that Wrapup made of it."""
    book = ledger.Ledger(lags=[0.0])
    with database.write() as session:
        for number in NUMBERS:
            for kind, _ in calls.sendings(number):
                session.add(receipt(calls.body(number, kind), kind))
                entry = book.entry(number, kind)
                entry.tries += 1
                entry.answered += 1
    normalize(database)
    return book


def problems(database, book) -> list[str]:
    return ledger.wrong(book, stored.look(database.url.render_as_string(hide_password=False)))


def change(database, *statements) -> None:
    with database.write() as session:
        for statement in statements:
            session.execute(statement)


def receipt_of(database, number):
    with database.read() as session:
        found = select(CallEvent.receipt_id).join(CallOutcome, CallOutcome.id == CallEvent.outcome_id)
        return session.scalars(found.where(CallOutcome.call_id == str(number))).first()


def test_it_balances_when_nothing_happened(database, book):
    assert problems(database, book) == []


def test_a_lost_outcome_is_seen(database, book):
    change(database, delete(CallOutcome).where(CallOutcome.call_id == "7"))
    assert problems(database, book) == ["call 7: 0 outcomes of 1 terminal and 0 connect receipts"]


def test_a_lost_receipt_is_seen_even_where_its_outcome_is_lost_with_it(database, book):
    lost = receipt_of(database, 7)
    change(
        database,
        delete(CallEvent).where(CallEvent.receipt_id == lost),
        delete(CallOutcome).where(CallOutcome.call_id == "7"),
        delete(Receipt).where(Receipt.id == lost),
    )
    assert problems(database, book) == ["terminal 7: 0 receipts, though it was answered 1 times in 1 tries"]


def test_a_doubled_outcome_is_seen(database, book):
    with database.write() as session:
        (row,) = session.execute(select(CallOutcome.__table__).where(CallOutcome.call_id == "7")).mappings()
        session.execute(insert(CallOutcome.__table__), dict(row) | {"id": ids.new(), "position": 1_000_000})
    assert problems(database, book) == ["call 7: 2 outcomes of 1 terminal and 0 connect receipts"]


def test_a_doubled_receipt_is_seen(database, book):
    with database.write() as session:
        session.add(receipt(calls.body(7, "terminal")))
    normalize(database)
    assert problems(database, book) == ["terminal 7: 2 receipts, though it was answered 1 times in 1 tries"]


def test_a_try_without_an_answer_may_have_left_a_receipt_or_none(database, book):
    book.entry(7, "terminal").tries += 1
    assert problems(database, book) == []
    with database.write() as session:
        session.add(receipt(calls.body(7, "terminal")))
    normalize(database)
    assert problems(database, book) == []


def test_another_content_is_seen(database, book):
    change(database, update(CallOutcome).where(CallOutcome.call_id == "7").values(talk_seconds=1))
    (problem,) = problems(database, book)
    assert problem.startswith("call 7: the outcome says ")


def test_changed_bytes_are_seen(database, book):
    changed = calls.body(7, "terminal").replace(b"call 7", b"call 8")
    change(database, update(Receipt).where(Receipt.id == receipt_of(database, 7)).values(body=changed))
    assert any("that nobody sent like this" in problem for problem in problems(database, book))


def test_what_was_never_sent_is_seen(database, book):
    with database.write() as session:
        session.add(receipt(calls.body(99, "terminal")))
    normalize(database)
    assert problems(database, book) == [
        "terminal 99: a receipt of what was never sent",
        "call 99: an outcome of what was never sent",
    ]


def test_what_was_quarantined_is_seen(database, book):
    quarantined = {"state": "quarantined", "reason": "cut_off"}
    change(database, update(Receipt).where(Receipt.id == receipt_of(database, 7)).values(quarantined))
    (problem,) = problems(database, book)
    assert problem.endswith("of terminal 7: quarantined cut_off")


def test_the_senders_lines_are_read(tmp_path):
    (tmp_path / "ledger").write_text(
        "due 0 1\ntry 0 terminal 0\nnot 0 terminal 0 broken:EOF\nnot 0 terminal 0 refused\n"
        "try 0 terminal 0\nnot 0 terminal 0 502\ntry 0 terminal 0\n200 0 terminal 0 950.5\n"
        "due 1 900\ntry 1 connect 0\nnot 1 connect 0 late\nend 1 connect 0\n"
    )
    book = ledger.read(tmp_path / "ledger")
    entry = book.entries[0, "terminal"]
    assert (entry.tries, entry.answered, entry.refused, entry.given_up) == (3, 1, 1, 0)
    assert book.latencies == [950.5] and book.behind
    assert ledger.wrong(book, ledger.Stored()) == [
        "terminal 0: 0 receipts, though it was answered 1 times in 3 tries",
        "terminal 0: answered 502 instead of 200, 1 times",
        "connect 1: given up, nobody answered",
    ]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_seed_is_a_plan(kind):
    first, same, other = (
        [(strike.at, strike.fault.name, strike.seconds) for strike in islice(plan(seed, for_database(kind), 1.0), 200)]
        for seed in (1, 1, 2)
    )
    assert first == same != other
    assert {name for _, name, _ in first} >= {"kill -9 of a receiver", "kill -9 of everything", "spool: disk full"}


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b'0badcafe {"id": "01a2", "body": "eyJj', False),  # a write that a kill has torn
        (b"0bad", False),
        (b'0badcafe {"id": "01a2"}', True),  # whole, and not what its checksum says
        (b"\x00\x00\x00\x00", True),
    ],
)
def test_what_the_spool_sets_aside_is_a_fault_but_for_a_torn_end(tmp_path, line, fault):
    (tmp_path / "damaged").write_bytes(b"\n" + line)
    assert bool(stored.damaged(tmp_path)) is fault


def test_a_process_that_ended_by_itself_is_seen(tmp_path):
    killed = {"event": "Worker (pid:7) was sent SIGKILL! Perhaps out of memory?", "level": "error"}
    died = {"event": "Exception in worker process", "level": "error", "exception": "Traceback ...\nLoopExit: forever"}
    (tmp_path / "log").write_text(f"\n{json.dumps(killed)}\n")
    assert list(ended(tmp_path / "log")) == []
    (tmp_path / "log").write_text("".join(f"{json.dumps(one, separators=(',', ':'))}\n" for one in (killed, died)))
    (said,) = ended(tmp_path / "log")
    assert said.endswith("LoopExit: forever")
