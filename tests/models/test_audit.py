"""The audit log: a note stands with its act, is never changed, and goes by age alone."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

import migrations
from lib import clock, ids
from models import Audit, audit
from models.audit import Actor
from models.database import Database
from models.retention import AUDIT
from upkeep.retention import keeper
from upkeep.retention.ages import Ages

ALICE = Actor("Alice", "192.0.2.7", ids.new(), "r-1")


def notes(database):
    with database.read() as session:
        return list(session.scalars(select(Audit).order_by(Audit.id)))


def put(database, days: float):
    """A note of so many days ago."""
    with database.write() as session:
        happened = clock.now() - timedelta(days)
        session.add(Audit(id=ids.new(), happened_at=happened, who="Alice", source="cli", act="poll.now"))


def test_a_note_says_who_did_what_and_from_where(database):
    with audit.acting(ALICE), database.write() as session:
        audit.note(session, "receipts.replay", connection="ryng-main", subject=7, count=3, details={"state": "ignored"})
    [note] = notes(database)
    assert (note.who, note.key_id, note.source, note.request_id) == ("Alice", ALICE.key_id, "192.0.2.7", "r-1")
    assert (note.act, note.connection, note.subject, note.count) == ("receipts.replay", "ryng-main", "7", 3)
    assert note.details == {"state": "ignored"}
    assert abs(clock.now() - note.happened_at) < timedelta(minutes=5)


def test_an_act_that_is_rolled_back_leaves_no_note(database):
    with pytest.raises(RuntimeError), audit.acting(ALICE), database.write() as session:
        audit.note(session, "poll.now")
        raise RuntimeError("the act failed")
    assert notes(database) == []


def test_what_the_worker_does_is_nobodys_act(database):
    with database.write() as session:
        audit.note(session, "poll.now")
    assert notes(database) == []


def test_an_act_that_nobody_has_named_is_refused(database):
    with database.write() as session, pytest.raises(ValueError, match="none of the acts"):
        audit.note(session, "coffee.make", by=ALICE)


@pytest.mark.parametrize("statement", [update(Audit).values(who="Bob"), delete(Audit), text("DELETE FROM audit_log")])
def test_the_databases_refuse_to_change_and_to_delete(database, statement):
    with database.write() as session:
        audit.note(session, "poll.now", by=ALICE)
    with pytest.raises(DBAPIError, match="audit_log: rows are"), database.write() as session:
        session.execute(statement)
    assert [note.who for note in notes(database)] == ["Alice"]


@pytest.mark.parametrize(
    "statement",
    ["INSERT OR REPLACE INTO audit_log", "REPLACE INTO audit_log", "INSERT OR IGNORE INTO audit_log"],
)
def test_sqlite_refuses_to_replace(sqlite_url, statement):
    """Which deletes the row that was there, and tells no trigger that it does."""
    database = Database(sqlite_url)
    migrations.upgrade(database)
    with database.write() as session:
        audit.note(session, "poll.now", by=ALICE)
    of_it = "(id, happened_at, who, source, act) SELECT id, happened_at, 'Bob', source, act FROM audit_log"
    with pytest.raises(DBAPIError, match="only added"), database.write() as session:
        session.execute(text(f"{statement} {of_it}"))
    assert [note.who for note in notes(database)] == ["Alice"]
    database.close()


def test_postgresql_refuses_to_truncate(postgresql_url):
    database = Database(postgresql_url)
    with pytest.raises(DBAPIError, match="only added"), database.write() as session:
        session.execute(text("TRUNCATE audit_log"))
    database.close()


def test_what_is_old_goes_by_age_alone(database):
    for days in (160, 170, 180, 89):
        put(database, days)
    younger = clock.now() - timedelta(days=88)
    with pytest.raises(DBAPIError, match="audit_log: rows are"), database.write() as session:
        session.execute(delete(Audit).where(Audit.happened_at < younger))
    assert keeper.apply(database, Ages({AUDIT: 4})) == {AUDIT: 3}
    [left] = notes(database)
    assert clock.now() - left.happened_at < timedelta(days=90)
