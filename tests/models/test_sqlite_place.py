"""SQLite's file is moved, deleted or another one while it is open: nobody goes on in it, and nothing of it is lost."""

import os
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

import migrations
from callbacks.ladder.database import DatabaseStore
from callbacks.strangers import Strangers
from models import sqlite_place
from models.database import Database
from tests.callbacks.drafts import draft, kept
from tests.forks import end_of, forked

ADD = "INSERT INTO portal_budgets (portal, \"limit\", next_at) VALUES (:name, 'b', '2026-11-29 00:00:00.000000')"
NAMES = "SELECT portal FROM portal_budgets ORDER BY portal"


@pytest.fixture
def place(tmp_path):
    return tmp_path / "wrapup.db"


@pytest.fixture
def said(monkeypatch):
    """What the log was told."""
    told = []
    for level in ("error", "warning"):
        monkeypatch.setattr(sqlite_place.log, level, lambda name, said: told.append((name, said)))
    return told


@pytest.fixture
def database(sqlite_url, said):
    with closing(Database(sqlite_url)) as found:
        add(found, "before")
        yield found


def add(database, name: str) -> None:
    with database.write() as session:
        session.execute(text(ADD), {"name": name})


def names(database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(text(NAMES)))


def alone(file: Path, folder: Path) -> list[str]:
    """What the file itself holds, without any log beside it."""
    copy = shutil.copy(file, folder / f"copy of {file.name}")
    with closing(sqlite3.connect(copy)) as line:
        return [name for (name,) in line.execute(NAMES)]


def refused(database) -> str:
    with pytest.raises(OperationalError) as raised:
        names(database)
    with pytest.raises(OperationalError):
        add(database, "lost")
    return str(raised.value.orig)


def test_nobody_goes_on_in_a_file_that_was_moved(database, place, tmp_path, said):
    add(Database(str(database.url)), "by another")
    away = place.rename(tmp_path / "away.db")
    for _ in range(2):
        assert refused(database).startswith(f"there is no database at {place}, ")
    assert not place.exists()
    assert alone(away, tmp_path) == ["before", "by another"]
    assert len(said) == 1 and said[0][0] == "database_file_left" and f"it is {away} now" in said[0][1]
    away.rename(place)
    add(database, "after")
    assert names(database) == ["after", "before", "by another"]
    assert said[1:] == [("database_file_there", sqlite_place.BACK)]


def test_what_is_written_while_it_is_moved_is_in_it(database, place, tmp_path):
    with database.write() as session:
        session.execute(text(ADD), {"name": "meanwhile"})
        away = place.rename(tmp_path / "away.db")
    refused(database)
    assert alone(away, tmp_path) == ["before", "meanwhile"]


def test_what_was_deleted_can_be_had_as_the_log_says(database, place, tmp_path, said):
    for path in tmp_path.glob("wrapup.db*"):
        path.unlink()
    assert "no database" in refused(database)
    (event, words), *_ = said
    assert event == "database_file_left" and "was deleted" in words
    copied = words.partition("by cp ")[2].partition(" FILE")[0]
    assert alone(Path(copied), tmp_path) == ["before"]
    shutil.copy(copied, place)
    add(database, "after")
    assert names(database) == ["after", "before"]
    assert said[1:] == [("database_file_there", sqlite_place.ANOTHER)]


@pytest.mark.parametrize("at_once", [True, False])
def test_another_database_of_wrapups_is_used(database, sqlite_template, place, tmp_path, said, at_once):
    """And nothing of the log of the one before comes into it."""
    other = Database(str(database.url))
    assert names(other) == ["before"]
    away = place.rename(tmp_path / "away.db")
    if not at_once:
        refused(database)
    shutil.copy(sqlite_template, place)
    add(database, "in the new one")
    assert names(database) == names(other) == ["in the new one"]
    add(other, "by the other")
    other.close()
    assert names(database) == ["by the other", "in the new one"]
    assert alone(away, tmp_path) == ["before"]
    database.close()
    assert alone(place, tmp_path) == ["by the other", "in the new one"]
    assert said[-1] == ("database_file_there", sqlite_place.ANOTHER)


@pytest.mark.parametrize("what", ["empty", "no database", "of an older release", "of somebody else"])
def test_whatever_else_is_at_its_place_is_left_alone(database, sqlite_template, place, tmp_path, what):
    other = tmp_path / "other.db"
    if what == "empty":
        other.touch()
    elif what == "no database":
        other.write_bytes(b"no database " * 999)
    else:
        shutil.copy(sqlite_template, other)
        change = "UPDATE alembic_version SET version_num = '0001'" if "older" in what else "DROP TABLE alembic_version"
        with closing(sqlite3.connect(other, isolation_level=None)) as line:
            line.execute(change)
    place.rename(tmp_path / "away.db")
    other.rename(place)
    there = place.read_bytes()
    assert refused(database) == f"the file at {place} is no database of this release of Wrapup"
    assert place.read_bytes() == there
    os.replace(tmp_path / "away.db", place)
    assert names(database) == ["before"]


def test_only_who_migrates_makes_a_file(tmp_path):
    with closing(Database(f"sqlite:///{tmp_path}/new/wrapup.db")) as database:
        assert refused(database).startswith("there is no database at ")
        assert not list((tmp_path / "new").glob("*.db"))
        migrations.upgrade(database)
        assert names(database) == []


def test_only_a_start_makes_one_where_one_was_moved(database, place, tmp_path):
    """Those who run would go on in an empty one that a command has made."""
    place.rename(tmp_path / "away.db")
    refused(database)
    with closing(Database(str(database.url))) as command:
        with pytest.raises(OperationalError, match="there is no database at"):
            migrations.upgrade(command)
        assert not place.exists()
        command.make(anew=True)
        migrations.upgrade(command)
    assert names(database) == []


def test_a_log_without_its_file_is_not_thrown_away(sqlite_url, place, tmp_path):
    """SQLite would, as soon as it makes a new file."""
    log = place.with_name("wrapup.db-wal")
    with closing(Database(sqlite_url)) as database:
        add(database, "before")
        kept = log.read_bytes()
        assert kept
        place.rename(tmp_path / "away.db")
        shutil.copy(log, tmp_path / "log")
    os.replace(tmp_path / "log", log)  # as whoever was killed leaves it
    with closing(Database(sqlite_url)) as database:
        with pytest.raises(OperationalError, match="in which its last commits stand"):
            migrations.upgrade(database)
        assert not place.exists() and log.read_bytes() == kept
        (tmp_path / "away.db").rename(place)
        migrations.upgrade(database)
        assert names(database) == ["before"]


def test_whose_folder_was_moved_goes_on_when_it_is_back(sqlite_template, tmp_path):
    (folder := tmp_path / "data").mkdir()
    shutil.copy(sqlite_template, folder / "wrapup.db")
    with closing(Database(f"sqlite:///{folder}/wrapup.db")) as database:
        add(database, "before")
        away = folder.rename(tmp_path / "elsewhere")
        assert refused(database).startswith("there is no database at ")
        away.rename(folder)
        add(database, "after")
        assert names(database) == ["after", "before"]


@pytest.fixture(params=[["-wal"], ["-wal", "-shm"]], ids=lambda found: " ".join(found))
def deleted(request, place):
    """What takes away files beside the database, as a script that cleans up does."""
    return lambda: [place.with_name(place.name + end).unlink() for end in request.param]


def test_what_stood_in_a_log_that_was_deleted_is_brought_into_the_database(database, deleted, said, sqlite_url):
    other = Database(str(database.url))
    add(other, "by the other")
    deleted()
    add(database, "after")
    assert names(database) == names(other) == ["after", "before", "by the other"]
    add(other, "at last")
    other.close()
    database.close()
    with closing(Database(sqlite_url)) as anew, anew.read() as session:
        assert list(session.scalars(text(NAMES))) == ["after", "at last", "before", "by the other"]
        assert session.scalar(text("PRAGMA integrity_check")) == "ok"
    assert {event for event, _ in said} == {"database_log_left"}
    assert sqlite_place.LOG_GONE.format(database.file) in {words for _, words in said}


def test_nor_is_anything_lost_where_who_had_it_open_is_killed(sqlite_url, place, deleted):
    def work() -> None:
        database, other = Database(sqlite_url), Database(sqlite_url)
        add(database, "before")
        assert names(other) == ["before"]
        deleted()
        add(other, "after")
        add(database, "at last")
        os.kill(os.getpid(), signal.SIGKILL)

    assert end_of(forked(work)) == -signal.SIGKILL
    with closing(Database(sqlite_url)) as database:
        assert names(database) == ["after", "at last", "before"]


def test_a_callback_that_was_written_into_a_log_that_was_deleted_counts_as_not_kept(sqlite_url, deleted):
    with closing(Database(sqlite_url)) as database:
        store = DatabaseStore(database, Strangers(10, 10**6))
        store.keep([draft(1)])
        deleted()
        with pytest.raises(OSError, match="its log was moved or deleted"):
            store.keep([draft(2)])
        store.close()
        anew = DatabaseStore(database, Strangers(10, 10**6))
        anew.keep([draft(2), draft(3)])
        anew.close()
        assert kept(database) == [1, 2, 3]
