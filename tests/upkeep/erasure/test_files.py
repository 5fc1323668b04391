"""Files in which a number stands, and the mirror."""

import base64
import gzip
import os
import zipfile
from contextlib import closing
from pathlib import Path

import duckdb

import migrations
from lib import locks
from lib.phone_spellings import Spellings
from models.database import Database
from queries.mirror import forgetting
from tests.factories import receipt
from upkeep.erasure import files, mirror, scrubbing

NUMBER = "+919800012345"
SPELLINGS = Spellings(NUMBER)


def test_exports_with_the_number_go_whatever_they_are_and_others_stay(database, tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "a.csv").write_text("number\n098000 12345\n")
    with gzip.open(folder / "b.ndjson.gz", "wt") as file:
        file.write('{"number": "+919800012345"}\n')
    with zipfile.ZipFile(folder / "c.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", "<t>+91 98000 12345</t>")
    for name, number in (("d", NUMBER), ("others", "+919800067890")):
        duckdb.sql(f"COPY (SELECT '{number}' AS n) TO '{folder}/{name}.parquet' (COMPRESSION zstd)")
    (folder / "others.csv").write_text("number\n+919800067890\n")
    found = files.take_out([tmp_path], SPELLINGS, database)
    assert found.counts == {"exports": 4} and len(found.left) == 4
    assert sorted(path.name for path in folder.iterdir()) == ["others.csv", "others.parquet"]


def test_a_file_with_the_number_in_its_name_goes_and_no_sentence_keeps_it(database, tmp_path):
    """As that of a schedule which is called by whom it is about; so may the folder be that the schedule has."""
    places = tmp_path / "exports" / "+91 98000 12345", tmp_path / "exports" / "919800012345"
    for folder in places:
        folder.mkdir(parents=True)
        (folder / "a.csv").write_text("calls\n3\n")
    (places[1] / "notes.txt").write_text("something")
    named = tmp_path / "exports" / "Calls-of-098000-12345-3fa4c2-20261118T070000Z.csv"
    named.write_text(f"number\n{NUMBER}\n")
    (tmp_path / "exports" / "Calls-of-91-20-7946-0958.csv").write_text("calls\n3\n")
    looked = sorted(files.look([tmp_path], SPELLINGS, database))
    assert looked == sorted(map(str, (named, places[0] / "a.csv", places[1] / "a.csv", places[1] / "notes.txt")))
    found = files.take_out([tmp_path], SPELLINGS, database)
    assert found.counts == {"exports": 3} and not any(map(SPELLINGS.within, found.left))
    assert files.REMOVED.format(f"{tmp_path}/exports/Calls-of-erased-3fa4c2-20261118T070000Z.csv") in found.left
    assert files.NOT_OURS.format(f"{tmp_path}/exports/erased/notes.txt") in found.left
    assert files.CALLED_SO.format(f"{tmp_path}/exports/erased") in found.left
    left = sorted(path.name for path in (tmp_path / "exports").iterdir())
    assert left == ["919800012345", "Calls-of-91-20-7946-0958.csv"]


def test_what_is_no_export_of_ours_is_named_and_left(database, tmp_path):
    (tmp_path / "notes.txt").write_text(NUMBER)
    found = files.take_out([tmp_path], SPELLINGS, database)
    assert found.counts == {} and found.left == [files.NOT_OURS.format(tmp_path / "notes.txt")]
    assert (tmp_path / "notes.txt").exists()
    aside = tmp_path / "before-2026-11-18T12-00-00Z" / "wrapup.db"
    aside.parent.mkdir()
    (tmp_path / "notes.txt").rename(aside)
    assert files.take_out([tmp_path], SPELLINGS, database).left == [files.MOVED_ASIDE.format(aside)]


def test_what_lies_behind_a_link_is_looked_at(database, tmp_path):
    """An exports folder on another disk, and a link that goes round."""
    data_dir, disk = tmp_path / "data", tmp_path / "disk"
    (data_dir / "exports").mkdir(parents=True)
    (disk / "spool").mkdir(parents=True)
    (disk / "a.csv").write_text(NUMBER)
    (disk / "spool" / "damaged").write_bytes(b"x +919800012345\ny")
    (data_dir / "disk").symlink_to(disk)
    (data_dir / "spool").symlink_to(disk / "spool")
    (disk / "round").symlink_to(data_dir)
    (data_dir / "b.csv").symlink_to(disk / "a.csv")
    (data_dir / "nowhere.csv").symlink_to(disk / "nowhere.csv")
    assert list(files.look([data_dir], SPELLINGS, database)) == [f"{disk}/a.csv", f"{disk}/spool/damaged"]
    found = files.take_out([data_dir], SPELLINGS, database)
    assert found.left == [files.LINKED.format(disk / "a.csv")] and found.counts == {"spool": 1}
    assert (disk / "a.csv").exists() and (disk / "spool" / "damaged").read_bytes() == b"y"


def test_a_copy_beside_the_database_is_looked_at(database, tmp_path):
    copy = Path(f"{database.url.database}.bak" if database.is_sqlite else tmp_path / "wrapup.db.bak")
    copy.write_text(NUMBER)
    assert files.take_out([copy.parent], SPELLINGS, database).left == [files.NOT_OURS.format(copy)]


def test_a_folder_that_nobody_can_look_into_is_named(database, tmp_path):
    (tmp_path / "closed").mkdir(mode=0)
    sentence = files.UNREADABLE.format(tmp_path / "closed", "Permission denied")
    expected = [] if os.geteuid() == 0 else [sentence]  # root may look into every folder
    assert list(files.look([tmp_path], SPELLINGS, database)) == expected
    assert files.take_out([tmp_path], SPELLINGS, database).left == expected


def test_what_cannot_be_unpacked_is_named_and_the_rest_is_looked_through(database, tmp_path):
    """What an export leaves that was killed, and what is only called so."""
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + bytes(90))
    (tmp_path / "b.gz").write_bytes(gzip.compress(b"others" * 99)[:-12])
    (tmp_path / "c.gz").write_text(NUMBER)
    (tmp_path / "d.csv").write_text(NUMBER)
    torn = [
        files.UNREADABLE.format(tmp_path / name, "it is packed, and cannot be unpacked")
        for name in ("a.parquet", "b.gz")
    ]
    assert list(files.look([tmp_path], SPELLINGS, database)) == [*torn, f"{tmp_path}/c.gz", f"{tmp_path}/d.csv"]
    found = files.take_out([tmp_path], SPELLINGS, database)
    assert sorted(found.left) == sorted([*torn, *(files.REMOVED.format(tmp_path / name) for name in ("c.gz", "d.csv"))])
    assert {name for name in ("a.parquet", "b.gz", "c.gz", "d.csv") if (tmp_path / name).exists()} == {
        "a.parquet",
        "b.gz",
    }


def test_a_number_is_found_where_a_file_is_read_in_pieces(database, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PIECE", 64)
    (tmp_path / "a.json").write_text("x" * 59 + NUMBER)
    with gzip.open(tmp_path / "b.csv.gz", "wt") as file:
        file.write("x" * 123 + NUMBER)
    (tmp_path / "c.eml").write_bytes(b"From: a@example.test\n\n" + base64.encodebytes(b"." * 108 + NUMBER.encode()))
    names = ("a.json", "b.csv.gz", "c.eml")
    assert list(files.look([tmp_path], SPELLINGS, database)) == [f"{tmp_path}/{name}" for name in names]


def test_lines_that_nobody_understood_are_cut_out_of_the_spool(database, tmp_path):
    folder = tmp_path / "spool"
    folder.mkdir()
    (folder / "damaged").write_bytes(b"\nzz +919800012345\nother line")
    assert files.take_out([tmp_path], SPELLINGS, database).counts == {"spool": 1}
    assert (folder / "damaged").read_bytes() == b"\nother line"


def test_a_mirror_that_nobody_follows_is_cleared(tmp_path):
    (tmp_path / "m-2026-11.parquet").write_bytes(b"x")
    (tmp_path / "manifest.json").write_text("{}")
    assert mirror.begin_again(tmp_path, False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lock"]


def test_whoever_follows_is_asked_to(tmp_path):
    (tmp_path / "s-1.parquet").write_bytes(b"x")
    with (tmp_path / "lock").open("w+b") as held:
        assert locks.take(held.fileno())
        assert not mirror.begin_again(tmp_path, False)
        assert forgetting.is_asked(tmp_path) and (tmp_path / "s-1.parquet").exists()
        forgetting.forget(tmp_path)
        assert mirror.begin_again(tmp_path, True)


def test_a_database_without_room_to_be_written_anew_is_named(disk_of):
    with closing(Database(f"sqlite:///{disk_of('20M')}/wrapup.db")) as database:
        migrations.upgrade(database)
        with database.write() as session:
            receipt(session, body=NUMBER.encode())
        (left,) = scrubbing.scrub(database, SPELLINGS)
    assert "MB are needed" in left and "wrapup erase --vacuum" in left
