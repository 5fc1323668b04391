"""Many rows at once are stored as one by one: the same values come back, and the same errors."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError

from lib import ids
from models import CallGroup, CallKey, CallOutcome, Receipt, bulk
from tests.factories import NOON, outcome, receipt

INDIA = timezone(timedelta(hours=5, minutes=30))
OUTCOMES = CallOutcome.__table__


def row_of(session, **values) -> dict:
    """An outcome that stands in no table yet, in a group that does."""
    made = outcome(session, **values)
    found = {column.name: getattr(made, column.name) for column in OUTCOMES.columns}
    session.delete(made)
    session.flush()
    return found


def stored(session) -> list[dict]:
    return [dict(row) for row in session.execute(select(*OUTCOMES.columns).order_by(OUTCOMES.c.position)).mappings()]


def test_every_value_comes_back_as_it_went_in(database):
    odd = 'tab\t, line\n, \\N, "quote", zoë, 東京, \\'
    with database.write() as session:
        full = row_of(
            session,
            notes=odd,
            custom_fields={odd: odd, "long": 10**30},
            created_at=datetime(2026, 11, 18, 12, 0, 0, 120, tzinfo=UTC),
            ended_at=datetime(2026, 11, 18, 17, 30, tzinfo=INDIA),
            talk_seconds=2**40,
            flags=["sale"],
            set_by={"notes": str(ids.new())},
        )
        empty = row_of(session, started_at=None)
        bulk.insert_rows(session, OUTCOMES, [full, empty])
    with database.read() as session:
        assert stored(session) == [full, empty]


def test_some_columns_of_some_rows_are_changed(database):
    with database.write() as session:
        first, second, third = (row_of(session, notes="before", revision=1) for _ in range(3))
        bulk.insert_rows(session, OUTCOMES, [first, second, third])
        for number, row in enumerate((first, third)):
            row |= {"notes": f"{number}\t'", "flags": ["sale"], "ended_at": NOON, "merged_into": second["id"]}
        second["revision"] = 7  # not named: stays
        bulk.update_rows(session, OUTCOMES, [first, third], ("notes", "flags", "ended_at", "merged_into"))
    with database.read() as session:
        assert stored(session) == [first, {**second, "revision": 1}, third]


def test_what_is_there_already_is_left_alone_and_not_counted(database):
    with database.write() as session:
        mine, other = ids.new(), ids.new()
        groups = [{"id": group, "connection": "ryng-main", "dialer": "ryng"} for group in (mine, other)]
        bulk.insert_rows(session, CallGroup.__table__, groups)
        keys = [{"connection": "ryng-main", "key": key, "group_id": mine} for key in ("call:1", "call:'2'")]
        assert bulk.insert_new(session, CallKey.__table__, keys) == 2
        again = [*keys, {"connection": "ryng-main", "key": "call:3", "group_id": other}]
        assert bulk.insert_new(session, CallKey.__table__, [{**key, "group_id": other} for key in again]) == 1
        assert dict(session.execute(select(CallKey.key, CallKey.group_id)).all()) == {
            "call:1": mine,
            "call:'2'": mine,
            "call:3": other,
        }


def test_bytes_are_inserted_and_what_is_not_named_is_as_the_table_says(database):
    body = bytes(range(256)) + b'\\x00"'
    with database.write() as session:
        mine = receipt(session)
        session.flush()
        names = ("connection", "source", "kind", "received_at", "seen_at", "truncated", "stranger", "state", "readings")
        row = {name: getattr(mine, name) for name in names}
        row |= {
            "id": ids.new(),
            "body": body,
            "body_size": 258,
            "content_hash": "0" * 64,
            "context": {"zoë": ["1", None]},
        }
        empty = row | {"id": ids.new(), "body": b"", "context": None}
        assert bulk.insert_new(session, Receipt.__table__, [row, empty]) == 2
        assert bulk.insert_new(session, Receipt.__table__, [row]) == 0
        for given in (row, empty):
            kept = session.get_one(Receipt, given["id"])
            assert {name: getattr(kept, name) for name in given} == given
            assert (kept.known_sender, kept.method, kept.headers) == (False, None, None)


def test_among_finds_ids_and_texts(database):
    with database.write() as session:
        rows = [receipt(session, kind=kind) for kind in ("a", "b'", "c")]
        for column, wanted in ((Receipt.id, [rows[0].id, rows[1].id]), (Receipt.kind, {"a", "b'"})):
            found = session.scalars(select(Receipt.kind).where(bulk.among(session, column, wanted)))
            assert set(found) == {"a", "b'"}
        assert session.scalars(select(Receipt).where(bulk.among(session, Receipt.id, []))).all() == []


def test_nothing_is_written_for_no_rows(database):
    with database.write() as session:
        bulk.insert_rows(session, OUTCOMES, [])
        bulk.update_rows(session, OUTCOMES, [], ("notes",))
        assert bulk.insert_new(session, CallKey.__table__, []) == 0


@pytest.mark.parametrize("wrong", [{"connect_outcome": "odd"}, {"group_id": ids.new()}])
def test_what_the_table_refuses_raises_what_sqlalchemy_raises(database, wrong):
    with pytest.raises(IntegrityError), database.write() as session:
        bulk.insert_rows(session, OUTCOMES, [row_of(session) | wrong])


def test_what_postgresql_cannot_hold_is_a_data_error(postgresql_url):
    from models.database import Database

    database = Database(postgresql_url)
    with pytest.raises(DataError), database.write() as session:
        bulk.insert_rows(session, OUTCOMES, [row_of(session, notes="x") | {"notes": "a\x00b"}])
    database.close()
