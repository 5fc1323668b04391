"""SQLite gives back the space of what was deleted."""

import sqlite3

import migrations
from models.database import Database
from models.retention import RECEIPTS
from tests import factories
from tests.upkeep.retention.aged import NOW, OLD, an_id
from upkeep.retention import space
from upkeep.retention.ages import Ages
from upkeep.retention.keeper import apply


def test_sqlite_gives_space_back(sqlite_url):
    database = Database(sqlite_url)
    assert space.gives_back(database)
    with database.write() as session:
        for number in range(400):
            factories.receipt(session, id=an_id(OLD, number), body=bytes(2_000))
    assert apply(database, Ages({RECEIPTS: 12}), NOW) == {RECEIPTS: 400}
    assert space.free_pages(database) == 0
    database.close()


def test_a_file_of_an_earlier_release_does_after_it_was_written_anew(tmp_path):
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as made:  # as those were made
        made.execute("CREATE TABLE x (y)")
        made.execute("DROP TABLE x")
    made.close()
    database = Database(f"sqlite:///{path}")
    migrations.upgrade(database)
    assert not space.gives_back(database)
    with database.write() as session:
        for number in range(100):
            factories.receipt(session, id=an_id(OLD, number), body=bytes(2_000))
    apply(database, Ages({RECEIPTS: 12}), NOW)
    assert space.free_pages(database) > 20
    space.compact(database)
    assert space.gives_back(database) and space.free_pages(database) == 0
    database.close()
