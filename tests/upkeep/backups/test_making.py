"""A backup has everything, at one moment, while others write; where it cannot be made there is nothing of it."""

import os
import sqlite3
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from lib import clock, durable, private
from models import Receipt
from models.database import Database
from rig.waiting import until
from tests import factories
from tests.chaos import disks
from tests.upkeep.backups import stage
from upkeep.backups import folders, making, manifest, noted, postgresql, sqlite_copy
from upkeep.backups.manifest import SQLITE_FILE
from upkeep.backups.refused import Refused

NOON = factories.NOON


def test_it_has_everything_that_belongs_to_it(database, tmp_path):
    stage.fill(database)
    own = stage.beside(tmp_path / "data")
    made = making.make(database, own, tmp_path / "backups", at=NOON)
    there = {str(path.relative_to(made.folder)) for path in made.folder.rglob("*") if path.is_file()}
    file = SQLITE_FILE if database.is_sqlite else "database.dump"
    assert made.folder == tmp_path / "backups" / "2026-11-18T12-00-00Z"
    assert there == {
        *("manifest.json", "wrapup.toml", "erasures.jsonl", file),
        *("spool/000000000007.spool", "secrets/ryng_callback_token", "secrets/secret_key"),
    }
    assert (made.folder / "wrapup.toml").read_text() == stage.SETTINGS  # ${...} as it stands
    assert (made.folder / "secrets" / "secret_key").read_text().strip() == stage.KEY
    assert (made.folder / "spool" / "000000000007.spool").read_bytes() == stage.lines(b"one", b"two")
    told = manifest.load(made.folder)
    assert told == made.manifest
    assert (told.made_at, told.needs) == ("2026-11-18T12:00:00Z", ("RYNG_CALLBACK_TOKEN",))
    assert (told.database.epoch, told.database.place) == (1, 3)
    assert {name: told.database.counts[name] for name in ("receipts", "call_events", "call_outcomes", "views")} == {
        "receipts": 3,
        "call_events": 3,
        "call_outcomes": 3,
        "views": 0,
    }
    assert manifest.damage(made.folder, told) == []
    assert noted.read(tmp_path / "data", noted.BACKUP)["at"] == NOON
    every = [made.folder, *made.folder.rglob("*")]
    assert [path for path in every if path.stat().st_mode & private.OTHERS] == []


def test_what_fails_when_it_is_there_does_not_undo_it(tmp_path):
    own = stage.beside(tmp_path / "data")
    (tmp_path / "data" / noted.BACKUP / "in the way").mkdir(parents=True)
    with pytest.raises(Refused, match="is made, and is whole; that it was made could not be noted"):
        making.make(None, own, tmp_path / "backups", at=NOON)
    assert [path.name for path in folders.whole(tmp_path / "backups")] == [folders.name(NOON)]
    # Of SQLite, what is beside the database is not all that has to be backed up.
    making.make(None, own, tmp_path / "backups", at=NOON + timedelta(days=1), is_all=False)
    assert (tmp_path / "data" / noted.BACKUP).is_dir()


def test_without_a_database_it_has_what_lies_beside_it(tmp_path):
    made = making.make(None, stage.beside(tmp_path / "data"), tmp_path / "backups", at=NOON)
    assert made.manifest.database is None
    assert sorted(path.name for path in made.folder.iterdir()) == [
        "erasures.jsonl",
        "manifest.json",
        "secrets",
        "spool",
        "wrapup.toml",
    ]
    with pytest.raises(Refused, match="no backup with a database"):
        folders.newest(tmp_path / "backups", NOON)


def test_what_was_committed_before_is_in_it_and_nobody_waits(sqlite_url, tmp_path):
    """Others write at all times: SQLite's own copying would begin anew after each of their transactions, and never end."""
    database, other = Database(sqlite_url), Database(sqlite_url)
    with database.write() as session:
        factories.receipt(session, body=os.urandom(6_000_000))
    written, over = [], threading.Event()

    def write() -> None:
        while not over.is_set():
            with other.write() as session:
                written.append(factories.receipt(session, state="pending").id)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        until(lambda: len(written) > 5, 30)
        before, began = list(written), len(written)
        made = making.make(database, stage.beside(tmp_path / "data"), tmp_path / "backups")
        meanwhile = len(written) - began
    finally:
        over.set()
        writer.join()
    copied = Database(f"sqlite:///{made.folder / SQLITE_FILE}")
    with copied.read() as session:
        kept = set(session.scalars(select(Receipt.id).where(Receipt.state == "pending")))
    for one in (copied, database, other):
        one.close()
    assert meanwhile > 5
    assert set(before[:-1]) <= kept
    assert kept <= set(written) and len(kept) + 1 == made.manifest.database.counts["receipts"]


def test_two_within_a_second_have_each_a_name(tmp_path):
    own, folder = stage.beside(tmp_path / "data"), tmp_path / "backups"
    made = [making.make(None, own, folder).folder for _ in range(2)]
    assert len(set(made)) == 2 and folders.whole(folder) == made


def test_old_ones_go_when_a_new_one_is_whole(sqlite_url, tmp_path):
    database, own, folder = Database(sqlite_url), stage.beside(tmp_path / "data"), tmp_path / "backups"
    for day in range(3):
        making.make(database, own, folder, at=NOON + timedelta(days=day))
    making.make(None, own, folder, at=NOON + timedelta(days=3))
    (folder / "something-else").mkdir()
    made = making.make(database, own, folder, keep=2, at=NOON + timedelta(days=4))
    database.close()
    assert made.pruned == ["2026-11-18T12-00-00Z", "2026-11-19T12-00-00Z"]
    assert sorted(path.name for path in folder.iterdir() if path.name[0] != ".") == [
        "2026-11-20T12-00-00Z",
        "2026-11-21T12-00-00Z",  # of another kind: what is beside a database
        "2026-11-22T12-00-00Z",
        "something-else",
    ]


def test_one_that_is_named_of_a_time_to_come_is_no_newer_one(sqlite_url, tmp_path):
    """A clock was years ahead for a night, and was set back: what is made today is kept, and is what a drill tries."""
    database, own, folder = Database(sqlite_url), stage.beside(tmp_path / "data"), tmp_path / "backups"
    ahead = making.make(database, own, folder, at=NOON + timedelta(days=4000)).folder
    made = [making.make(database, own, folder, keep=2, at=NOON + timedelta(days=day)) for day in range(2)]
    database.close()
    assert [one.pruned for one in made] == [[], [ahead.name]]
    assert folders.whole(folder) == [one.folder for one in made]
    making.make(None, own, folder, at=NOON + timedelta(days=4000))  # of the future, too, and without a database
    assert folders.newest(folder, NOON + timedelta(days=1)) == made[1].folder


def test_the_one_that_was_just_made_is_kept_whatever_the_others_are_called(tmp_path):
    own, folder = stage.beside(tmp_path / "data"), tmp_path / "backups"
    for day in (10, 11):
        making.make(None, own, folder, at=NOON + timedelta(days=day))
    made = making.make(None, own, folder, keep=1, at=NOON)  # by a machine that has not asked for the time yet
    assert folders.whole(folder) == [made.folder]


def test_it_is_not_made_where_it_would_be_lost_with_what_it_is_of(tmp_path):
    own = stage.beside(tmp_path / "data")
    (tmp_path / "link").symlink_to(tmp_path / "data")
    for folder in (tmp_path / "data", tmp_path / "data" / "backups", tmp_path / "link" / "backups"):
        with pytest.raises(Refused, match="is in the data folder"):
            making.make(None, own, folder)
    assert not (tmp_path / "data" / "backups").exists()


def test_what_cannot_be_made_leaves_nothing(database, tmp_path):
    """Nothing of Wrapup is in it, or it is one of somebody else."""
    with database.write() as session:
        session.execute(text("DROP VIEW IF EXISTS call_outcomes_v1"))
        session.execute(text("ALTER TABLE alembic_version RENAME TO versions"))
    folder = tmp_path / "backups"
    with pytest.raises(Refused, match="no tables of Wrapup"):
        making.make(database, stage.beside(tmp_path / "data"), folder)
    assert [path.name for path in folder.iterdir()] == [".lock"]
    assert noted.read(tmp_path / "data", noted.BACKUP) is None


def test_a_database_that_is_damaged_is_not_taken_for_a_backup(sqlite_url, tmp_path):
    database = Database(sqlite_url)
    stage.fill(database, 400)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        root = connection.exec_driver_sql("SELECT rootpage FROM sqlite_master WHERE name = 'receipts'").scalar_one()
    database.close()
    with open(database.url.database, "r+b") as file:
        file.seek((root - 1) * 4096 + 20)
        file.write(b"\xff" * 400)
    with pytest.raises(Refused, match="The copy is not whole, SQLite says"):
        making.make(database, stage.beside(tmp_path / "data"), tmp_path / "backups")
    assert folders.whole(tmp_path / "backups") == []
    database.close()


def test_one_that_died_is_removed_by_the_next(tmp_path):
    folder = tmp_path / "backups"
    for left in (".2026-11-17T12-00-00Z.new", ".2026-11-16T12-00-00Z.gone"):
        (folder / left).mkdir(parents=True)
    making.make(None, stage.beside(tmp_path / "data"), folder, at=NOON)
    assert sorted(path.name for path in folder.iterdir()) == [".lock", "2026-11-18T12-00-00Z"]


def test_two_at_once_do_not_write_over_each_other(tmp_path):
    folder = tmp_path / "backups"
    with folders.alone(folder), pytest.raises(Refused, match="Another backup is being written"):
        making.make(None, stage.beside(tmp_path / "data"), folder)


def test_a_disk_without_room_says_how_much_is_needed(sqlite_url, tmp_path):
    with disks.disk(tmp_path / "disk") as disk:
        if disk is None:
            pytest.skip("no right to mount")
        database = Database(sqlite_url)
        with disks.full(disk), pytest.raises(Refused, match=r"are needed\.|disk is full"):
            making.make(database, stage.beside(tmp_path / "data"), disk / "backups")
        database.close()


def test_a_disk_that_fills_meanwhile_hurts_nothing(database, tmp_path, monkeypatch):
    """On SQLite at its copying, on PostgreSQL at pg_dump's writing: there was room when it began, and is for a megabyte."""
    with disks.disk(tmp_path / "disk") as disk:
        if disk is None:
            pytest.skip("no right to mount")
        for part, name in ((sqlite_copy, "copy"), (postgresql, "dump")):
            monkeypatch.setattr(part, name, _while_the_disk_fills(disk, getattr(part, name)))
        with database.write() as session:
            for _ in range(6):
                factories.receipt(session, body=os.urandom(1_000_000))
        with pytest.raises(Refused) as refused:
            making.make(database, stage.beside(tmp_path / "data"), disk / "backups")
        assert str(refused.value) == "The backup does not fit: the disk is full. What was begun of it was removed."
        assert [path.name for path in (disk / "backups").iterdir()] == [".lock"]
        assert noted.read(tmp_path / "data", noted.BACKUP) is None
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM receipts")) == 6


def _while_the_disk_fills(disk, real):
    def written(*given):
        with disks.full(disk, spare=1_000_000):
            return real(*given)

    return written


def test_what_a_backup_is_stands_in_it_alone(sqlite_url, tmp_path):
    """Its name says nothing, and a later release's is not read as one of this."""
    database = Database(sqlite_url)
    made = making.make(database, stage.beside(tmp_path / "data"), tmp_path / "backups")
    database.close()
    manifest.save(made.folder, replace(made.manifest, version=manifest.VERSION + 1, release="9.0"))
    with pytest.raises(Refused, match=r"made by a newer release of Wrapup \(9.0\)"):
        manifest.load(made.folder)
    durable.replace(made.folder / manifest.FILE, '{"version": 1}')
    with pytest.raises(Refused, match="the backup is damaged"):
        manifest.load(made.folder)


def test_its_age_is_known(tmp_path):
    assert noted.age(tmp_path, noted.BACKUP, clock.now()) is None
    noted.note(tmp_path, noted.BACKUP, NOON)
    assert noted.age(tmp_path, noted.BACKUP, NOON + timedelta(hours=2)) == 7200
    (tmp_path / noted.BACKUP).write_text("{}")
    assert noted.age(tmp_path, noted.BACKUP, clock.now()) is None


def test_the_copy_is_one_file(sqlite_url, tmp_path):
    """Whoever takes it elsewhere takes it whole."""
    database = Database(sqlite_url)
    made = making.make(database, stage.beside(tmp_path / "data"), tmp_path / "backups")
    database.close()
    line = sqlite3.connect(made.folder / SQLITE_FILE)
    assert line.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    line.close()
    assert [path.name for path in made.folder.glob("database*")] == [SQLITE_FILE]
