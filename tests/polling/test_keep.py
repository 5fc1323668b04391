"""Keeping pages: what is news, what is not, and what it costs."""

import threading
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import event, text, update

from dialers.asking import Record, ReportPage
from dialers.base import Connection
from lib.http.errors import WalkStuck
from models import Receipt
from outcomes.normalize import normalize_pending
from polling import walk
from polling.keep import Kept, keep_page
from polling.walk import small
from tests.polling.polls import NOW, receipts, statements

QVOICE = Connection("qvoice-main", "qvoice")


def record(words: str, key: str | None = "call:1", **context) -> Record:
    return Record(f'{{"said":"{words}"}}'.encode(), key, context or None)


def keep(database, *records: Record, minute: float = 0, told=None) -> Kept:
    with database.write() as session:
        at = NOW + timedelta(minutes=minute)
        return keep_page(session, QVOICE, "lead_history", ReportPage(list(records)), at, told)


def said(database) -> list[str]:
    """The words of all receipts, those that count as seen last at the end."""
    return [receipt.body.decode().split('"')[3] for receipt in receipts(database)]


def all_read(database) -> None:
    """What the normalizer leaves behind."""
    with database.write() as session:
        session.execute(update(Receipt).values(state="normalized", readings=1, processed_at=NOW))


def pending(database) -> list[str]:
    return [r.body.decode().split('"')[3] for r in receipts(database) if r.state == "pending"]


def test_a_record_becomes_a_receipt(database):
    assert keep(database, record("a", campaign_id="c1")) == Kept(1, 1)
    (receipt,) = receipts(database)
    assert (receipt.connection, receipt.dialer, receipt.source, receipt.kind) == (
        "qvoice-main",
        "qvoice",
        "report",
        "lead_history",
    )
    assert (receipt.body, receipt.body_size, receipt.truncated) == (b'{"said":"a"}', 12, False)
    assert (receipt.record_key, receipt.context) == ("call:1", {"campaign_id": "c1"})
    assert (receipt.state, receipt.readings, receipt.stranger) == ("pending", 0, False)
    assert receipt.received_at == receipt.seen_at == NOW


def test_of_a_large_record_the_beginning_is_kept_and_it_is_put_aside(database):
    large = Record(b'{"call_id":"' + b"x" * 2**20 + b'"}', "call:1")
    assert keep(database, large, record("b", "call:2")) == Kept(2, 2)
    assert keep(database, large) == Kept(1, 0)
    while normalize_pending(database, {QVOICE.name: QVOICE}):
        pass
    cut = next(receipt for receipt in receipts(database) if receipt.truncated)
    assert (cut.body, cut.body_size) == (large.body[: 2**20], len(large.body))
    assert (cut.state, cut.reason) == ("quarantined", "oversized")


def test_a_large_page_is_kept_a_few_records_at_a_time():
    pages = [ReportPage([record("a")] * 12_000, "It was cut."), ReportPage([], "No job answered."), ReportPage([])]
    found = list(small(iter(pages)))
    assert [(len(page.records), page.warning) for page in found] == [
        (5_000, None),
        (5_000, None),
        (2_000, "It was cut."),
        (0, "No job answered."),
        (0, None),
    ]


def test_a_walk_without_an_end_has_one(monkeypatch):
    monkeypatch.setattr(walk, "MOST_OF_A_WALK", 25)
    pages = small(ReportPage([record(str(number))] * 10) for number in count())
    with pytest.raises(WalkStuck, match="no end after 25 records"):
        list(pages)


def test_an_unchanged_record_writes_nothing(database):
    keep(database, record("a"))
    all_read(database)
    with statements(database) as sent:
        assert keep(database, record("a"), minute=1) == Kept(1, 0)
    assert [statement for statement in sent if not statement.startswith(("SELECT", "BEGIN", "SET LOCAL"))] == []
    assert pending(database) == []
    assert receipts(database)[0].seen_at == NOW


def test_a_changed_record_is_a_new_receipt(database):
    keep(database, record("a"))
    assert keep(database, record("b"), minute=1) == Kept(1, 1)
    assert said(database) == ["a", "b"]


def test_words_that_come_back_make_their_receipt_news_again(database):
    keep(database, record("a"))
    keep(database, record("b"), minute=1)
    all_read(database)
    assert keep(database, record("a"), minute=2) == Kept(1, 1)
    assert said(database) == ["b", "a"]  # no third receipt
    assert pending(database) == ["a"]
    revived = receipts(database)[-1]
    assert (revived.received_at, revived.seen_at) == (NOW, NOW + timedelta(minutes=2))
    assert (revived.readings, revived.processed_at) == (1, None)
    assert keep(database, record("a"), minute=3) == Kept(1, 0)


def test_the_same_words_about_two_campaigns_are_two_records(database):
    assert keep(database, record("a", "1", campaign_id="x"), record("a", "2", campaign_id="y")) == Kept(2, 2)


def test_repetitions_within_a_page_are_one(database):
    assert keep(database, record("a"), record("a"), record("a")) == Kept(3, 1)


def test_two_versions_in_one_page_are_both_kept_and_stay_quiet(database):
    assert keep(database, record("a"), record("b")) == Kept(2, 2)
    assert said(database) == ["a", "b"]
    assert keep(database, record("a"), record("b"), minute=1) == Kept(2, 0)


def test_two_legs_that_change_places_in_a_page_are_no_news(database):
    assert keep(database, record("a"), record("b")) == Kept(2, 2)
    all_read(database)
    for minute in range(1, 7):
        legs = [record("b"), record("a")] if minute % 2 else [record("a"), record("b")]
        assert keep(database, *legs, minute=minute) == Kept(2, 0)
    assert pending(database) == []
    assert keep(database, record("a"), minute=9) == Kept(1, 1)  # alone it is a version again, and the present one


def test_two_versions_on_two_pages_do_not_take_turns_for_ever(database):
    news = []
    for minute in range(0, 10, 2):
        told = set()
        news.append([keep(database, record("a"), minute=minute, told=told).new])
        news[-1].append(keep(database, record("b"), minute=minute + 1, told=told).new)
    assert news == [[1, 1], [1, 0], [0, 0], [0, 0], [0, 0]]


def test_records_without_a_key_are_told_by_what_they_say(database):
    assert keep(database, record("a", None), record("b", None)) == Kept(2, 2)
    assert keep(database, record("a", None), record("c", None), minute=1) == Kept(2, 1)


def test_a_page_that_was_asked_for_earlier_does_not_come_out_on_top(database):
    """Two walks overlap: the slower one asked before the agent wrote "b", and keeps its page after the other."""
    keep(database, record("a"))
    keep(database, record("b"), minute=2)
    all_read(database)
    assert keep(database, record("a"), minute=1) == Kept(1, 0)
    assert keep(database, record("older"), minute=1.5) == Kept(1, 1)
    assert said(database) == ["a", "older", "b"]


def test_a_clock_that_was_set_back_hides_no_correction(database):
    keep(database, record("a"), minute=60 * 24)
    assert keep(database, record("b")) == Kept(1, 1)
    assert said(database) == ["a", "b"]
    assert keep(database, record("a"), minute=1) == Kept(1, 1)
    assert said(database) == ["b", "a"]


def cost(database, sent: list[str]) -> int:
    """On SQLite the texts that are prepared: it takes many rows in pieces of a few sizes, and no piece goes anywhere."""
    return len(set(sent)) if database.is_sqlite else len(sent)


@pytest.mark.parametrize("minute", [0, 1])
def test_a_page_of_a_thousand_costs_a_handful_of_statements(database, minute):
    page = [record(str(number), f"call:{number}") for number in range(1000)]
    with statements(database) as sent:
        assert keep(database, *page) == Kept(1000, 1000)
    assert cost(database, sent) < 8
    with statements(database) as sent:
        changed = [record(f"{number} again", f"call:{number}") for number in range(500)]
        assert keep(database, *changed, *page[500:], minute=minute) == Kept(1000, 500)
    assert cost(database, sent) < 8
    with statements(database) as sent:
        assert keep(database, *page, minute=2) == Kept(1000, 500)  # 500 are news again
    assert cost(database, sent) < 8


def test_what_is_known_of_a_page_is_looked_up_record_by_record(database):
    """Nobody has counted the rows of SQLite's tables; PostgreSQL counts them by itself."""
    keep(database, *[record(str(number), f"call:{number}") for number in range(3000)])
    explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
    plans = []

    def look(connection, cursor, statement, parameters, context, executemany):
        if statement.startswith("SELECT receipts.record_key"):
            found = cursor.connection.cursor().execute(explain + statement, parameters).fetchall()
            plans.append(" ".join(str(row[-1]) for row in found))

    if not database.is_sqlite:
        with database.write() as session:
            session.execute(text("ANALYZE receipts"))
    event.listen(database.engine, "before_cursor_execute", look)
    keep(database, *[record(str(number), f"call:{number}") for number in range(100)], minute=1)
    event.remove(database.engine, "before_cursor_execute", look)
    (plan,) = plans
    assert "ix_receipts_record" in plan
    assert ("record_key=?" if database.is_sqlite else "(record_key = ANY") in plan.partition("Filter")[0]


def test_a_page_of_more_records_than_a_statement_may_have_parameters(database):
    page = [record(str(number), f"call:{number}") for number in range(6000)]
    assert keep(database, *page) == Kept(6000, 6000)
    assert keep(database, *page, minute=1) == Kept(6000, 0)


def test_the_same_page_kept_by_many_at_once_is_kept_once(database):
    pages = [
        [record(str(number), f"call:{number}") for number in range(200)][:: 1 if turn % 2 else -1] for turn in range(6)
    ]
    together = threading.Barrier(len(pages))
    news = []

    def work(page):
        together.wait()
        news.append(keep(database, *page).new)

    threads = [threading.Thread(target=work, args=(page,)) for page in pages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(news) == len(pages) and sum(news) == 200
    assert len(receipts(database)) == 200


def test_text_that_no_database_stores_is_kept_as_it_came(database):
    odd = Record(b'{"name":"\\u0000\\ud800 \xff"}', "call:9")
    assert keep(database, odd) == Kept(1, 1)
    assert receipts(database)[0].body == odd.body
