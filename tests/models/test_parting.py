"""Receipts in parts by months, on PostgreSQL: made of a table that is there, without losing or locking out anybody."""

import threading
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import migrations
from dialers.asking import Record, ReportPage
from lib import clock, ids, months
from models import Receipt, parting
from models.database import Database
from models.parting import FIRST, LOCK_MILLISECONDS, REST, Parting, parts
from polling.keep import keep_page
from tests import evidence
from tests.conftest import empty_database

NOW = clock.now()
# One more than what a migration parts by itself.
MANY = text(
    "INSERT INTO receipts (id, connection, dialer, source, kind, received_at, seen_at, body, body_size, truncated, stranger, "
    "content_hash, state, readings) SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'ryng-main', 'ryng', "
    "'callback', 'terminal', now(), now(), '', 0, false, false, '', 'normalized', 1 FROM generate_series(1, 20001) AS n"
)


@pytest.fixture
def plain(request, tmp_path):
    """A database that had too many receipts for its migration to part them."""
    with empty_database(request, tmp_path, "postgresql") as url:
        database = Database(url)
        migrations.upgrade(database, "0038")
        with database.write() as session:
            session.execute(MANY)
        migrations.upgrade(database)
        with database.write() as session:
            session.execute(text("DELETE FROM receipts"))
        evidence.keep(database, *(evidence.receipt(evidence.terminal(call)) for call in range(5)))
        yield database
        database.close()


def kept(database) -> list[UUID]:
    with database.read() as session:
        return list(session.scalars(text("SELECT id FROM receipts ORDER BY id")))


def shape(database) -> list:
    with database.engine.connect() as connection:
        return parts(connection)


def test_a_large_table_is_parted_step_by_step_whoever_comes_next(plain):
    before = kept(plain)
    with plain.write() as session:
        session.execute(text("CREATE ROLE wrapup_looker"))
        session.execute(text("GRANT SELECT ON receipts TO wrapup_looker"))
    steps = 0
    while Parting(plain).step():  # each by another process
        steps += 1
        evidence.keep(plain, evidence.receipt(evidence.terminal(100 + steps)))
        assert kept(plain)[:5] == before and len(kept(plain)) == 5 + steps
    assert steps == 3 + sum(one.begin is not None for one in shape(plain))
    first, *_, last = shape(plain)
    assert (first.table, first.end) == (FIRST, months.later(months.begin(NOW), 2)) and last.table == REST
    with plain.write() as session:
        assert session.scalar(text("SELECT has_table_privilege('wrapup_looker', 'receipts', 'SELECT')"))
        session.execute(text("DROP OWNED BY wrapup_looker; DROP ROLE wrapup_looker"))
    assert not Parting(plain).step()


def test_whoever_holds_the_table_is_not_waited_for(plain):
    """Who waits for a lock has all others wait behind them."""
    for _ in range(2):
        assert Parting(plain).step()
    with plain.write() as session:
        session.add(evidence.receipt(evidence.terminal(7)))
        session.flush()
        assert not Parting(plain).step()
    assert Parting(plain).step() and shape(plain)


def test_a_bound_that_came_too_near_is_moved(plain):
    with plain.engine.begin() as connection:
        parting.bind(connection, NOW - timedelta(days=61))
    assert Parting(plain).step() and Parting(plain).step() and Parting(plain).step() and Parting(plain).step()
    assert shape(plain)[0].end == parting.first_end(NOW)


def test_a_table_with_an_id_of_a_time_to_come_stays_as_it_is(plain):
    late = evidence.receipt(evidence.terminal(7))
    late.id = ids.first(NOW + timedelta(days=900))
    evidence.keep(plain, late)
    worker = Parting(plain)
    while worker.step():
        pass
    assert not shape(plain) and len(kept(plain)) == 6
    late = evidence.receipt(evidence.terminal(8))
    late.id = ids.first(NOW + timedelta(days=901))
    evidence.keep(plain, late)


def test_what_has_no_month_is_kept_all_the_same(postgresql_url):
    database = Database(postgresql_url)
    far = evidence.receipt(evidence.terminal(7))
    far.id = ids.first(NOW + timedelta(days=900))
    evidence.keep(database, far)
    with database.read() as session:
        assert session.scalars(text(f"SELECT id FROM {REST}")).all() == [far.id]
        assert session.get(Receipt, far.id) is not None
    database.close()


@pytest.mark.parametrize("most", [1, 0])
def test_months_are_made_ahead_also_where_rows_have_come_before(plain, monkeypatch, most):
    """One of a clock that was ahead is moved, so that the month's own do not go where it is; many stay."""
    monkeypatch.setattr(parting, "MOST_MOVED", most)
    while Parting(plain).step():
        pass
    later = months.later(months.begin(NOW), 5)
    row = evidence.receipt(evidence.terminal(7))
    row.id = ids.first(later + timedelta(days=1))
    evidence.keep(plain, row)
    while Parting(plain).step(later):  # nobody has worked for months
        pass
    known = {f"{one.begin:%Y-%m}" for one in shape(plain) if one.begin is not None}
    ahead = {months.name(months.later(later, count)) for count in range(1, 4)}
    assert ahead <= known and (months.name(later) in known) == (most > 0)
    assert row.id in kept(plain)
    with plain.read() as session:
        assert session.scalars(text(f"SELECT id FROM {REST}")).all() == ([] if most else [row.id])


def test_a_clock_that_was_years_ahead_leaves_no_gap(plain):
    """It has months made of its own time; those between are still made as they come near."""
    for moment in (NOW, NOW + timedelta(days=3_650), NOW + timedelta(days=150)):
        while Parting(plain).step(moment):
            pass
    row = evidence.receipt(evidence.terminal(7))
    row.id = ids.first(NOW + timedelta(days=200))
    evidence.keep(plain, row)
    with plain.read() as session:
        assert session.scalars(text(f"SELECT id FROM {REST}")).all() == []


def test_a_poll_keeps_a_record_once_whatever_month_it_came_in(postgresql_url):
    """Two at once, of which neither can see what the other keeps; no index reaches over months."""
    database = Database(postgresql_url)
    record = ReportPage([Record(b'{"id": 1}', "1")])
    begun, found = threading.Barrier(2), []

    def keep():
        begun.wait()
        with database.write() as session:
            found.append(keep_page(session, evidence.RYNG, "calls", record, NOW).new)

    threads = [threading.Thread(target=keep) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [0, 1] and len(kept(database)) == 1
    with database.write() as session:  # as if it had come in another month
        session.execute(text("UPDATE receipts SET id = :id"), {"id": ids.first(NOW + timedelta(days=200))})
    with database.write() as session:
        assert keep_page(session, evidence.RYNG, "calls", record, NOW + timedelta(minutes=1)).new == 0
    database.close()


def test_down_again_it_is_one_table(plain):
    before = kept(plain)
    while Parting(plain).step():
        pass
    evidence.keep(plain, evidence.receipt(evidence.terminal(9)))
    with plain.engine.begin() as connection:
        parting.take_off(connection, FIRST)  # as if that had been dropped
        connection.execute(text(f"INSERT INTO {parting.WHOLE} SELECT * FROM {FIRST}"))
        connection.execute(text(f"DROP TABLE {FIRST}"))
    migrations.downgrade(plain, "0038")
    assert kept(plain)[:5] == before and len(kept(plain)) == 6
    migrations.upgrade(plain)
    assert kept(plain)[:5] == before and shape(plain)


def test_waiting_is_bounded(plain):
    with plain.engine.begin() as connection:
        parting._patiently(connection)
        assert connection.scalar(text("SHOW lock_timeout")) == f"{LOCK_MILLISECONDS}ms"
    with (
        pytest.raises(DBAPIError) as found,
        psycopg.connect(plain.url.set(drivername="postgresql").render_as_string(False)) as held,
    ):
        held.execute("LOCK TABLE receipts IN ACCESS SHARE MODE")
        with plain.engine.begin() as connection:
            parting.bind(connection, NOW)
    assert parting.is_busy(found.value)
