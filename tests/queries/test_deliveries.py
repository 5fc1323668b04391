"""Deliveries listed: each filter alone and together, page by page, and the same whatever way finds them."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from lib import ids
from models.deliveries import DELIVERY_STATES, OPERATIONS
from queries import deliveries, keyset
from tests.factories import NOON, delivery, destination

REASONS = (None, "validation", "nobody_found")


def listed(database, limit=100, **filters):
    """Every page of it, and how many pages that were."""
    found, cursor, pages = [], None, 0
    with database.read() as session:
        while True:
            page = deliveries.page(session, filters, cursor, limit)
            found += page.rows
            cursor, pages = page.next, pages + 1
            if cursor is None:
                return found, pages


@pytest.fixture
def mixed(database):
    """Two deliveries of every state, operation and reason at two destinations."""
    with database.write() as session:
        made = [
            delivery(session, destination=name, state=state, operation=operation, reason=reason)
            for name in ("sales", "hook")
            for state in DELIVERY_STATES
            for operation in OPERATIONS
            for reason in REASONS
        ]
    return made


FILTERS = [
    {},
    {"destination": ["sales"]},
    {"destination": ["sales", "hook", "nowhere"], "state": ["held"]},
    {"state": ["refused", "held"]},
    {"reason": ["validation"]},
    {"reason": ["validation", "nobody_found"], "state": ["done"], "destination": ["hook"]},
    {"operation": ["remove_call"]},
    {"operation": ["remove_call"], "reason": ["nobody_found"]},
    {"destination": ["nowhere"]},
    {"reason": ["\x00"]},
    {"reason": [f"r{n}" for n in range(40)]},  # too many ways: one walk
]


def test_every_filter_finds_exactly_its_own_newest_first(database, mixed):
    for filters in FILTERS:
        wanted = [row.id for row in mixed if all(getattr(row, name) in words for name, words in filters.items())]
        found, pages = listed(database, limit=7, **filters)
        assert [row.id for row in found] == sorted(wanted, reverse=True), filters
        assert pages == max(1, -(-len(wanted) // 7)), filters
    by_outcome_and_of_one_call(database, mixed)
    what_comes_in_between_two_pages_shifts_nothing(database, mixed)


def by_outcome_and_of_one_call(database, mixed):
    wanted = mixed[5].outcome_id
    assert [row.id for row in listed(database, outcome=[wanted])[0]] == [mixed[5].id]
    assert listed(database, outcome=[ids.new()])[0] == []
    with database.write() as session:
        later = delivery(session, outcome_id=wanted, revision=2)
        assert [row.id for row in deliveries.of_outcome(session, wanted)] == [later.id, mixed[5].id]
        assert deliveries.of_outcome(session, wanted, most=1)[0].id == later.id


def what_comes_in_between_two_pages_shifts_nothing(database, mixed):
    with database.read() as session:
        first = deliveries.page(session, {"state": "held"}, None, 5)
    with database.write() as session:
        delivery(session, state="held")
    with database.read() as session:
        second = deliveries.page(session, {"state": "held"}, first.next, 5)
    assert [row.id for row in (*first.rows, *second.rows)] == [
        row.id for row in reversed(mixed) if row.state == "held"
    ][:10]


def test_a_cursor_of_another_list(database):
    for cursor in ("x", keyset.encode("-receipts", str(ids.new())), keyset.encode("-deliveries", "1")):
        with database.read() as session, pytest.raises(keyset.BadCursor):
            deliveries.page(session, {}, cursor)


def test_a_filter_that_is_none_is_our_fault():
    with pytest.raises(KeyError):
        deliveries.conditions({"since": NOON})


def test_a_page_of_what_hardly_anything_matches_reads_no_more_than_it_shows(database):
    """A million that are done stand in front of the three that were refused: here some thousands, and the plan."""
    with database.write() as session:
        destination(session)
        first = delivery(session, state="refused", reason="validation")
        row = {column.name: getattr(first, column.name) for column in first.__table__.columns}
        many = [row | {"id": ids.new(), "outcome_id": ids.new(), "state": "done", "reason": None} for _ in range(5_000)]
        session.execute(first.__table__.insert(), many)
        session.execute(text("ANALYZE"))
    for filters in ({"state": "refused"}, {"destination": "sales", "state": "refused"}, {"reason": "validation"}):
        with database.read() as session:
            statements = []

            def plan(conn, cursor, statement, parameters, *_, kept=statements):
                kept.append((statement, parameters))

            from sqlalchemy import event

            event.listen(database.engine, "before_cursor_execute", plan)
            try:
                assert [found.id for found in deliveries.page(session, filters).rows] == [first.id]
            finally:
                event.remove(database.engine, "before_cursor_execute", plan)
            asked, parameters = statements[-1]
            explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
            told = " ".join(
                str(part)
                for line in session.connection().exec_driver_sql(explain + asked, parameters).all()
                for part in line
            )
            assert "ix_deliveries_" in told and "Seq Scan" not in told, (filters, told)


def test_a_later_revision_or_a_removal_outdates_what_was_before(database):
    call, other = ids.new(), ids.new()
    with database.write() as session:
        rows = {
            "old": delivery(session, outcome_id=call, state="refused"),
            "new": delivery(session, outcome_id=call, state="refused", revision=2),
            "status": delivery(session, outcome_id=call, state="refused", operation="set_status"),
            "elsewhere": delivery(session, outcome_id=call, state="refused", destination="hook"),
            "removed": delivery(session, outcome_id=other, state="refused"),
            "removal": delivery(session, outcome_id=other, state="pending", revision=2, operation="remove_call"),
        }
    with database.read() as session:
        found = set(session.scalars(deliveries.select(deliveries.Delivery.id).where(deliveries.outdated())))
    assert {name for name, row in rows.items() if row.id in found} == {"old", "removed"}


def test_as_it_is_shown(database):
    with database.write() as session:
        row = delivery(session, state="held", candidates=[{"id": "1", "name": "A", "url": None}], sent_at=None)
        shown = deliveries.shown(row)
    contract = "id destination outcome_id revision operation state reason remote_id remote_url attempts sent_at answer"
    assert list(shown)[:12] == contract.split()
    assert (shown["sent_at"], shown["candidates"][0]["id"]) == (None, "1")
    assert shown["due_at"] == "2026-11-18T12:00:00Z" and shown["id"] == str(row.id)
    assert timedelta(0) == row.due_at - NOON
