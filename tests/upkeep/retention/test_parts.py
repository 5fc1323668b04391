"""On PostgreSQL a month goes as a whole."""

import threading

import pytest
from sqlalchemy import event, text

from lib import months
from models import (
    parting,
)
from models.database import Database
from models.retention import KINDS, QUARANTINE, RECEIPTS
from queries import kept
from tests import factories
from tests.upkeep.retention.aged import BEFORE, NOW, OLD, SINCE, an_id
from upkeep.retention import parts
from upkeep.retention.ages import Ages
from upkeep.retention.keeper import GRACE, Keeper, NotParted, apply
from upkeep.retention.pace import Pace, Stopped


@pytest.fixture
def parted(postgresql_url):
    database = Database(postgresql_url)
    with database.engine.begin() as connection:  # as it is after a year
        parting.take_off(connection, parting.FIRST)
        connection.exec_driver_sql(f"DROP TABLE {parting.FIRST}")
        for month in (OLD, BEFORE, SINCE):
            parting._make(connection, months.begin(month))
    yield database
    database.close()


def tables(database):
    with database.engine.connect() as connection:
        return [one.table for one in parting.parts(connection) if one.end and one.end <= NOW]


def test_a_month_is_dropped_and_what_stays_of_it_is_put_elsewhere(parted):
    with parted.write() as session:
        for number in range(5):
            factories.receipt(session, id=an_id(OLD, number))
            factories.receipt(session, id=an_id(SINCE, number))
        factories.receipt(session, id=an_id(OLD, 10), state="pending")
        factories.receipt(session, id=an_id(BEFORE, 10), state="quarantined")
    assert tables(parted) == ["receipts_2025_08", "receipts_2025_10", "receipts_2025_11"]
    assert apply(parted, Ages({RECEIPTS: 12}), NOW) == {RECEIPTS: 5}
    assert tables(parted) == ["receipts_2025_11"]
    with parted.read() as session:
        assert sorted(session.scalars(text("SELECT id FROM receipts_rest"))) == [an_id(OLD, 10), an_id(BEFORE, 10)]
        assert session.scalar(text("SELECT count(*) FROM receipts")) == 7
        assert session.scalar(text("SELECT count(*) FROM pg_class WHERE relname LIKE 'receipts_dropped%'")) == 0
    assert apply(parted, Ages({QUARANTINE: 12}), NOW) == {QUARANTINE: 1}


def test_a_month_of_which_much_stays_is_deleted_row_by_row(parted, monkeypatch):
    monkeypatch.setattr(parts, "MOST_ROWS", 1)
    with parted.write() as session:
        for number in range(5):
            factories.receipt(session, id=an_id(OLD, number), state="normalized" if number < 3 else "quarantined")
    assert apply(parted, Ages({RECEIPTS: 12}), NOW) == {RECEIPTS: 3}
    assert "receipts_2025_08" in tables(parted) and "receipts_2025_10" not in tables(parted)


def test_what_was_taken_off_is_dropped_by_the_next_one(parted):
    with parted.write() as session:
        factories.receipt(session, id=an_id(OLD))
    parts._take_off(parted, "receipts_2025_08", Pace(parted))
    parts.drop_taken_off(parted)
    with parted.read() as session:
        assert session.scalar(text("SELECT count(*) FROM pg_class WHERE relname LIKE 'receipts_dropped%'")) == 0


def test_while_somebody_reads_all_receipts_a_month_is_seldom_asked_for(parted, monkeypatch):
    """As pg_dump does for hours: callbacks wait behind whoever waits for it to end."""
    asked, stop = [], threading.Event()

    def drop():
        with pytest.raises(Stopped):
            parts.drop_due(parted, months.begin(SINCE), Pace(parted, stop))

    event.listen(
        parted.engine, "before_cursor_execute", lambda *given: asked.append(given[2]) if "DETACH" in given[2] else None
    )
    with parted.engine.connect() as reading:
        reading.execute(text("SELECT count(*) FROM receipts"))
        dropping = threading.Thread(target=drop)
        dropping.start()
        dropping.join(3.0)
        assert len(asked) == 1 and dropping.is_alive()
        stop.set()
        dropping.join(10.0)
    monkeypatch.setattr(parts, "PAUSE_SECONDS", 0.1)
    stop.clear()
    parts.drop_due(parted, months.begin(SINCE), Pace(parted, stop))
    assert tables(parted) == ["receipts_2025_11"]


def test_a_table_that_is_not_parted_yet_is_waited_for(parted):
    with parted.write() as session:
        factories.receipt(session, id=an_id(OLD))
    with parted.engine.begin() as connection:
        parting.unite(connection)
    with pytest.raises(NotParted):
        apply(parted, Ages({RECEIPTS: 12}), NOW)
    worker = Keeper(parted, Ages({RECEIPTS: 12}))
    worker.step(NOW)
    assert not worker.step(NOW + GRACE)
    with parted.read() as session:
        (figures,) = [one for one in kept.figures(session) if one.kind == RECEIPTS]
    assert figures.failing_since == NOW + GRACE and figures.error and "parted" in figures.error
    while parting.Parting(parted).step():
        pass
    assert worker.step(NOW + 3 * GRACE)
    with parted.read() as session:
        assert [one.failing_since for one in kept.figures(session)] == [None] * len(KINDS)
