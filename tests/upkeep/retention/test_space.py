"""SQLite gives back the space of what was deleted."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

import migrations
from models.database import Database
from models.retention import RECEIPTS
from models.rewriting import NoRoom
from tests import factories
from tests.server import ROOT
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


COMPACT = (
    "import sys; from models.database import Database; from upkeep.retention import space; "
    "space.compact(Database(sys.argv[1]))"
)


def test_it_is_written_anew_where_temporary_files_have_no_room(sqlite_url, disk_of):
    """A container's /tmp is small, or its memory; SQLite would write all of the database there."""
    with closing(Database(sqlite_url)) as database, database.write() as session:
        for number in range(100):
            factories.receipt(session, id=an_id(OLD, number), body=os.urandom(40_000))
    environ = {name: value for name, value in os.environ.items() if name != "SQLITE_TMPDIR"} | {
        "TMPDIR": str(disk_of("1M"))
    }
    done = subprocess.run(
        [sys.executable, "-c", COMPACT, sqlite_url], env=environ, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_a_disk_without_room_says_how_much_is_needed(disk_of):
    with closing(Database(f"sqlite:///{disk_of('20M')}/wrapup.db")) as database:
        migrations.upgrade(database)
        with pytest.raises(NoRoom, match=r"has 1. MB free; 6. MB are needed to write wrapup\.db anew\."):
            space.compact(database)
