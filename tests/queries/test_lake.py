"""A lake: the outcomes by month, brought up to the feed's place, whatever happened in between."""

import hashlib
import json
from datetime import timedelta

import duckdb
import pandas
import polars
import pyarrow.dataset
import pytest

from lib import durable
from models import CallOutcome, Kept
from models.retention import OUTCOMES
from outcomes.feed import begin_epoch, take_positions
from queries.exports import lake, making
from tests.factories import NOON, outcome

pytestmark = pytest.mark.slow  # together more than ten seconds

SEPTEMBER, OCTOBER = NOON.replace(month=9, day=30), NOON.replace(month=10, day=1)


def ids(database):
    with database.read() as session:
        found = session.query(CallOutcome.id, CallOutcome.occurred_at).filter(CallOutcome.merged_into.is_(None))
        return {(str(one), f"{at:%Y-%m}") for one, at in found}


def in_lake(folder):
    """What is there, by the manifest: every file named, whole, and no other."""
    manifest = json.loads((folder / "_manifest.json").read_text())
    paths = [folder / one["path"] for one in manifest["files"]]
    assert sorted(folder.rglob("*.parquet")) == sorted(paths)
    assert not list(folder.glob("._manifest.json.new"))
    found = set()
    for path, one in zip(paths, manifest["files"], strict=True):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == one["sha256"]
        assert path.stat().st_size == one["bytes"] and path.parent.name == f"month={one['month']}"
        rows = duckdb.sql(f"SELECT id FROM read_parquet('{path}')").fetchall()
        assert len(rows) == one["rows"]
        found |= {(row[0], one["month"]) for row in rows}
    assert manifest["rows"] == len(found)
    return found


def changed(session, row, **given):
    (position,) = take_positions(session, 1)
    for name, value in {**given, "position": position}.items():
        setattr(row, name, value)


def test_a_lake_follows_the_feed_month_by_month(database, tmp_path):
    folder = tmp_path / "lake"
    with database.write() as session:
        moved = outcome(session, started_at=SEPTEMBER)
        outcome(session, started_at=SEPTEMBER)
        merged = outcome(session, started_at=NOON)
        stays = outcome(session, started_at=NOON - timedelta(days=1), notes='a\r\n"b"')
        outcome(session, started_at=OCTOBER)
    assert lake.renew(database, folder).written == 3
    assert in_lake(folder) == ids(database)

    # Nothing has changed: no file is touched.
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.parquet")}
    assert lake.renew(database, folder).written == 0
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.parquet")} == before

    # One moves from a month into another, one is merged: both months of the first, the month of the second, and October stays.
    with database.write() as session:
        changed(session, session.merge(moved), occurred_at=NOON)
        changed(session, session.merge(merged), merged_into=stays.id)
    renewed = lake.renew(database, folder)
    assert renewed.written == 2 and in_lake(folder) == ids(database)
    october = next(path for path in before if "2026-10" in str(path))
    assert october.stat().st_mtime_ns == before[october]

    # A month that has no calls any more goes.
    with database.write() as session:
        for row in session.query(CallOutcome).filter(CallOutcome.occurred_at < OCTOBER):
            changed(session, row, occurred_at=OCTOBER)
    assert lake.renew(database, folder).written == 2
    assert in_lake(folder) == ids(database) and not (folder / "month=2026-09").exists()

    # A file that is gone, or was cut, comes again.
    files = sorted(folder.rglob("*.parquet"))
    files[0].unlink()
    files[1].write_bytes(files[1].read_bytes()[:50])
    assert lake.renew(database, folder).written == 2 and in_lake(folder) == ids(database)

    # A feed that was begun again: the whole of it.
    with database.write() as session:
        begin_epoch(session, NOON)
    assert lake.renew(database, folder).written == 2 and in_lake(folder) == ids(database)


@pytest.fixture
def made(sqlite_url, tmp_path):
    from models.database import Database

    database = Database(sqlite_url)
    with database.write() as session:
        outcome(session, started_at=OCTOBER, customer_number="+919812345678")
        outcome(session, started_at=NOON, flags=["sale"])
    folder = tmp_path / "lake"
    lake.renew(database, folder)
    yield database, folder
    database.close()


def test_others_read_it(made):
    database, folder = made
    wanted = sorted(ids(database))
    files = f"{folder}/*/*.parquet"
    assert sorted(duckdb.sql(f"SELECT id, CAST(month AS VARCHAR) FROM read_parquet('{files}')").fetchall()) == wanted
    table = pyarrow.dataset.dataset(folder, partitioning="hive").to_table(["id", "month"])
    assert sorted(zip(table["id"].to_pylist(), table["month"].to_pylist(), strict=True)) == wanted
    frame = polars.read_parquet(files, hive_partitioning=True, try_parse_hive_dates=False)
    assert sorted(frame.select("id", "month").rows()) == wanted
    # The folder itself, as Spark and Hive take it, too: the manifest is passed over.
    read = pandas.read_parquet(folder)
    assert sorted(zip(read["id"], read["month"].astype(str), strict=True)) == wanted
    assert str(read["occurred_at"].dtype).startswith("datetime64[") and "UTC" in str(read["occurred_at"].dtype)


def test_what_dies_midway_leaves_the_lake_as_it_was(made, monkeypatch):
    database, folder = made
    before = (folder / "_manifest.json").read_text()
    with database.write() as session:
        for row in session.query(CallOutcome):
            changed(session, row, notes="later")

    def dies(*_):
        raise OSError(28, "No space left on device")

    # While files are written, and before the manifest is replaced: it names what is there, whole.
    with monkeypatch.context() as full:
        full.setattr(making, "RESERVE", 1 << 60)
        with pytest.raises(making.NoRoom):
            lake.renew(database, folder)
    for step in ("_save", "_tidy"):
        with monkeypatch.context() as broken:
            broken.setattr(lake, step, dies)
            with pytest.raises(OSError, match="No space"):
                lake.renew(database, folder)
        for one in json.loads((folder / "_manifest.json").read_text())["files"]:
            assert hashlib.sha256((folder / one["path"]).read_bytes()).hexdigest() == one["sha256"]
        assert ((folder / "_manifest.json").read_text() == before) == (step == "_save")
    lake.renew(database, folder)
    assert in_lake(folder) == ids(database)


def test_who_reads_the_folder_finds_whole_files_alone(made, monkeypatch):
    database, folder = made
    before = sorted(folder.rglob("*.parquet"))
    with database.write() as session:
        for row in session.query(CallOutcome):
            changed(session, row, notes="later")
    found, sha256 = [], durable.sha256
    monkeypatch.setattr(durable, "sha256", lambda path: found.append(sorted(folder.rglob("*.parquet"))) or sha256(path))
    assert lake.renew(database, folder).written == len(found) == 2
    assert found == [before, before] and set(before).isdisjoint(folder.rglob("*.parquet"))


def test_one_run_at_a_time(made):
    database, folder = made
    with lake._alone(folder), pytest.raises(lake.Busy):
        lake.renew(database, folder)


def test_months_that_are_deleted_for_their_age_go_from_a_lake(database, tmp_path):
    folder = tmp_path / "lake"
    with database.write() as session:
        for moment in (SEPTEMBER, OCTOBER, NOON):
            outcome(session, started_at=moment)
    lake.renew(database, folder)
    with database.write() as session:
        session.query(CallOutcome).filter(CallOutcome.occurred_at < OCTOBER).delete()
        session.add(Kept(kind=OUTCOMES, since=OCTOBER, deleting=False, rounds=1, deleted=1))
    assert lake.renew(database, folder).written == 1
    assert in_lake(folder) == ids(database) and not (folder / "month=2026-09").exists()
    assert lake.renew(database, folder).written == 0
