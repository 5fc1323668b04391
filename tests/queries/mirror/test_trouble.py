"""What stands in the way of the mirror is told: the tables answer, and say why; a database that is away is one."""

import resource
from contextlib import contextmanager

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from models import CallOutcome
from queries.exports import choice, reading, source
from queries.mirror import fetching
from queries.mirror.follower import Follower
from queries.sources import AUTO, MIRROR, NEVER, TABLES, Sources
from tests import factories

NOT_BEGUN = "Asked from the tables, which is slower: the mirror has not been begun yet."


@pytest.fixture
def calls(database):
    with database.write() as session:
        for _ in range(3):
            factories.outcome(session)


def answered(sources, filters=None):
    told = sources.ask(lambda whom: list(whom.execute(select(CallOutcome.id))), filters)
    assert told.value
    return told.source, told.note


def test_where_there_should_be_one_and_is_none_the_answer_says_so(database, calls, folder):
    assert answered(Sources(database, folder, AUTO, rows=3)) == (TABLES, NOT_BEGUN)
    assert answered(Sources(database, folder, AUTO, rows=4)) == (TABLES, None)  # there need not be one
    assert answered(Sources(database, folder, NEVER, rows=3)) == (TABLES, None)
    assert answered(Sources(database, folder, AUTO, rows=3), {"unread": ["x"]}) == (TABLES, None)


@contextmanager
def small_files(most: int):
    """No file of this process grows beyond so many bytes, as where the disk is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_without_room_for_what_has_changed_the_tables_are_asked(database, calls, folder):
    sources, follower = Sources(database, folder), Follower(database, folder)
    while follower.step():
        pass
    assert answered(sources) == (MIRROR, None)
    with database.write() as session:
        factories.outcome(session, notes="x" * 2_000_000)
    with small_files(1_000_000):
        asked, note = answered(sources)
        rows, giver = source.pieces(database, sources, {}, choice.Choice(("id",)), reading.PLAIN)
        rows.close()
    assert (asked, giver) == (TABLES, TABLES)
    assert note.endswith("what has changed since cannot be laid over it (OSError).")
    assert answered(sources) == (MIRROR, None)
    assert not list(folder.glob("*.csv"))
    sources.close()


def test_what_the_driver_says_is_said_as_by_the_database(database, calls, tmp_path):
    with pytest.raises(DBAPIError), database.write() as session:
        session.execute(text("ALTER TABLE call_outcomes RENAME TO gone"))
        fetching.changes(session, tmp_path / "changes.csv", 0, 3, 10)
