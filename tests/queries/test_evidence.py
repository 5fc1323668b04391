"""Receipts: pages, the evidence of an outcome, and the way back out of quarantine."""

import pytest
import sqlalchemy.event
from sqlalchemy import select, text

from lib import ids
from models import Receipt, StrangerQuota
from outcomes import receipts as sent_back
from queries import evidence, keyset
from tests.factories import NOON, event, minutes, outcome, receipt


def quota(database):
    with database.read() as session:
        found = session.scalars(select(StrangerQuota)).one()
        return found.receipts, found.bytes


def states(database):
    with database.read() as session:
        return {row.kind: row.state for row in session.scalars(select(Receipt))}


@pytest.fixture
def kept(database):
    """kind -> id; the kind is the row's name."""
    with database.write() as session:
        return {
            row.kind: row.id
            for row in (
                receipt(session, kind="fine"),
                receipt(session, kind="odd", state="quarantined", reason="unparseable", detail="Not JSON."),
                receipt(session, kind="other", state="quarantined", reason="no_call_id", connection="voipex-prague"),
                receipt(session, kind="stray", state="quarantined", reason="wrong_token", stranger=True, body=b"12345"),
                receipt(session, kind="late", state="ignored", received_at=NOON + minutes(10)),
                receipt(session, kind="new", state="pending", readings=0, processed_at=None),
            )
        }


CASES = [
    ({}, "fine odd other stray late new"),
    ({"state": ["quarantined"]}, "odd other stray"),
    ({"state": ["quarantined", "pending"]}, "odd other stray new"),
    ({"connection": ["voipex-prague"]}, "other"),
    ({"source": ["report"]}, ""),
    ({"kind": ["odd"]}, "odd"),
    ({"reason": ["no_call_id", "wrong_token"]}, "other stray"),
    ({"since": NOON + minutes(10)}, "late"),
    ({"until": NOON + minutes(10)}, "fine odd other stray new"),
    ({"kind": ["o\x00dd"]}, ""),
    ({"token": "other"}, "stray"),
    ({"token": "ours"}, ""),
]


@pytest.mark.parametrize("filters, expected", CASES)
def test_filters(database, kept, filters, expected):
    with database.read() as session:
        page = evidence.page(session, filters)
    assert [row.kind for row in page.rows] == expected.split()[::-1]  # newest first


def test_the_cases_leave_no_filter_out():
    assert {name for filters, _ in CASES for name in filters} == set(evidence.FILTERS)


def test_pages(database, kept):
    seen, cursor = [], None
    with database.read() as session:
        while True:
            page = evidence.page(session, {}, cursor, 4)
            seen += [row.id for row in page.rows]
            if page.next is None:
                break
            cursor = page.next
        with pytest.raises(keyset.BadCursor):
            evidence.page(session, {}, keyset.encode("-receipts", "x"))
    assert seen == sorted(kept.values(), reverse=True)


def test_one_receipt_goes_back(database, kept):
    with database.write() as session:
        row = sent_back.replay_one(session, kept["odd"])
        assert (row.state, row.reason, row.detail, row.processed_at, row.readings) == ("pending", None, None, None, 1)
    assert states(database)["other"] == "quarantined"


def test_a_stranger_that_goes_back_is_vouched_for(database, kept):
    assert quota(database) == (1, 5)
    with database.write() as session:
        assert sent_back.replay_one(session, kept["stray"]).stranger is False
    assert quota(database) == (0, 0)
    with database.write() as session:
        sent_back.replay_one(session, kept["stray"])
    assert quota(database) == (0, 0)


def test_a_quota_that_was_set_back_does_not_fall_below_zero(database, kept):
    with database.write() as session:
        session.scalars(select(StrangerQuota)).one().bytes = 2
    with database.write() as session:
        sent_back.replay_one(session, kept["stray"])
    assert quota(database) == (0, 0)


def test_many_go_back(database, kept):
    with database.write() as session:
        assert sent_back.replay(session, evidence.conditions({"state": "quarantined"})) == 3
    assert quota(database) == (0, 0)
    found = states(database)
    assert {kind for kind, state in found.items() if state == "pending"} == {"odd", "other", "stray", "new"}
    with database.write() as session:
        assert sent_back.replay(session, evidence.conditions({"state": "quarantined"})) == 0


def test_what_waits_already_is_not_counted(database, kept):
    with database.write() as session:
        assert sent_back.replay(session, evidence.conditions({"kind": "new"})) == 0
        assert sent_back.replay_one(session, kept["new"]).state == "pending"
        assert sent_back.replay_one(session, ids.new()) is None


def test_the_evidence_of_an_outcome(database):
    """Receipts of its events, and one that set a field though its event was counted elsewhere by a merge."""
    with database.write() as session:
        told, set_one, elsewhere = (receipt(session) for _ in range(3))
        row = outcome(session, set_by={"talk_seconds": str(set_one.id), "notes": str(told.id), "odd": "not an id"})
        event(session, row, told)
        event(session, outcome(session), elsewhere)
    with database.read() as session:
        found = [receipt.id for receipt in evidence.of_outcome(session, row.id, row.set_by)]
    assert found == [told.id, set_one.id]


def test_the_evidence_of_an_outcome_is_found_by_its_ids(database):
    """However many receipts there are: of two subqueries PostgreSQL read all of them."""
    with database.write() as session:
        said = [receipt(session, body=b"%d" % number) for number in range(1_500)]
        row = outcome(session, set_by={"talk_seconds": str(said[7].id)})
        event(session, row, said[9])
    explain, plans = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN ", []

    def look(connection, cursor, statement, parameters, context, executemany):
        found = cursor.connection.cursor().execute(explain + statement, parameters).fetchall()
        plans.append(" ".join(str(one[-1]) for one in found))

    if not database.is_sqlite:
        with database.write() as session:
            session.execute(text("ANALYZE"))
    sqlalchemy.event.listen(database.engine, "before_cursor_execute", look)
    with database.read() as session:
        assert len(evidence.of_outcome(session, row.id, row.set_by)) == 2
    sqlalchemy.event.remove(database.engine, "before_cursor_execute", look)
    plan = plans[-1]
    assert ("SEARCH receipts" if database.is_sqlite else "Cond: (id = ANY") in plan and "Filter" not in plan


@pytest.mark.parametrize(
    "body, text, encoded",
    [(b'{"a": "\xc3\xa9"}', '{"a": "é"}', None), (b"\xff\x00", None, "/wA="), (b"", "", None), (b"\x00", "\x00", None)],
)
def test_a_body_is_shown_as_text_where_it_is_text(database, body, text, encoded):
    with database.write() as session:
        shown = evidence.shown_whole(receipt(session, body=body))
    assert (shown["body"], shown["body_base64"], shown["body_size"]) == (text, encoded, len(body))
