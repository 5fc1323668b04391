"""Parquet and workbooks: made by a child, read by others' programs, and nothing is left of what went wrong."""

import io
import os
import re
import tempfile
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pandas
import polars
import pyarrow.parquet
import pytest

from queries.exports import making, parquet, reading, workbook
from queries.exports.choice import Choice
from tests.factories import NOON, outcome
from tests.queries.test_exports import ALL, FULL, listed

pytestmark = pytest.mark.slow  # together more than ten seconds

PARQUET, WORKBOOK = "queries.exports.parquet", "queries.exports.workbook"
NASTY = (
    "=1+1",
    "https://x.example/1",
    "1795818726.10",
    "00420",
    "<r>x</r>",
    "<b>&amp;",
    " padded ",
    "_x000D_ \x01 \r\n \ufffe",
    "गीता 😀",
    "1e5",
    '"q", "',
)


# What a child does is the same, wherever its rows come from.
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def made(database, program, choice=ALL, filters=None):
    return making.made(program, choice.order(), reading.pieces(database, filters or {}, choice, reading.PLAIN))


@pytest.fixture
def rows(database):
    with database.write() as session:
        outcome(session, **FULL, callback_at=datetime(2027, 1, 1, 8, tzinfo=UTC))
        for at, text in enumerate(NASTY):
            outcome(session, notes=text, call_id=text, started_at=NOON + timedelta(seconds=at + 1, microseconds=at))


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Where temporary files are made, for us and for children."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path / "temporary"


def test_parquet_is_the_list_with_types(database, rows, temporary, tmp_path):
    path = tmp_path / "outcomes.parquet"
    with made(database, PARQUET) as file:
        path.write_bytes(file.read())
    assert list(temporary.iterdir()) == []
    shown = listed(database)

    found = pyarrow.parquet.read_table(path)
    kinds = {field.name: str(field.type) for field in found.schema}
    assert tuple(kinds) == ALL.columns
    assert {kinds[name] for name in kinds if name.endswith("_at")} == {"timestamp[us, tz=UTC]"}
    assert kinds["is_final"] == "bool" and kinds["talk_seconds"] == kinds["position"] == "int64"
    assert {kinds[name] for name in ("id", "call_id", "customer_number", "flags", "custom_fields")} == {"string"}
    for read, row in zip(found.to_pylist(), shown, strict=True):
        assert read["notes"] == row["notes"] and read["call_id"] == row["call_id"] and read["id"] == row["id"]
        for name in ("occurred_at", "callback_at", "answered_at"):
            assert read[name] == (row[name] and datetime.fromisoformat(row[name]))
        assert (
            duckdb.sql("SELECT CAST(? AS JSON) = CAST(? AS JSON)", params=[read["flags"], str(row["flags"])])
            is not None
        )
        assert (read["is_final"], read["talk_seconds"]) == (row["is_final"], row["talk_seconds"])

    ids = [row["id"] for row in shown]
    assert polars.read_parquet(path)["id"].to_list() == ids
    assert pandas.read_parquet(path)["id"].to_list() == ids
    assert duckdb.sql(f"SELECT id FROM '{path}'").fetchall() == [(one,) for one in ids]


def cells(file):
    """Sheet -> rows of {column: (kind, text)}, as the XML says."""
    main = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    found = []
    with zipfile.ZipFile(file) as archive:
        for name in sorted(name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")):
            sheet = []
            for row in ElementTree.fromstring(archive.read(name)).iter(f"{main}row"):
                sheet.append({})
                for cell in row:
                    column = re.match("[A-Z]+", cell.get("r"))[0]
                    sheet[-1][column] = (cell.get("t"), cell.get("s"), "".join(cell.itertext()))
                    assert cell.find(f"{main}f") is None
            found.append(sheet)
    return found


def test_a_workbook_keeps_texts_whole_and_times_on_the_readers_clocks(database, rows, temporary):
    choice = Choice(("notes", "occurred_at", "talk_seconds", "is_final", "callback_at"), True, "Asia/Kolkata")
    with made(database, WORKBOOK, choice) as file:
        (sheet,) = cells(file)
    assert list(temporary.iterdir()) == []
    assert [text for _, _, text in sheet[0].values()] == list(choice.names)
    told = ["_x005F_x000D_ _x0001_ _x000D_\n _xFFFE_" if text.startswith("_x000D") else text for text in NASTY]
    assert [row["A"] for row in sheet[2:]] == [("inlineStr", None, text) for text in told]
    kind, form, serial = sheet[1]["B"]
    assert kind is None and form is not None
    # What is over a second is cut off, as in CSV for spreadsheets.
    days = (datetime(2026, 11, 18, 17, 30, tzinfo=UTC) - datetime(1899, 12, 30, tzinfo=UTC)) / timedelta(days=1)
    assert float(serial) == pytest.approx(days, abs=1e-9)
    assert sheet[1]["C"] == (None, None, "-5") and sheet[1]["D"] == ("b", None, "1")
    assert "E" in sheet[1] and "E" not in sheet[2]


@SQLITE
def test_a_workbook_goes_on_in_another_sheet(database, rows, monkeypatch, tmp_path):
    """In this process, where the size of a sheet can be another."""
    monkeypatch.setattr(workbook, "MOST_ROWS", 6)
    choice = Choice(("id",))
    path = tmp_path / "x.xlsx"
    path.touch()
    given = b"".join(reading.pieces(database, {}, choice, reading.PLAIN))
    with (tmp_path / "rows").open("w+b") as told:
        told.write(given)
        told.seek(0)
        monkeypatch.setattr("sys.stdin", type("In", (), {"buffer": told}))
        workbook.make(str(path), choice.order(), tmp_path)
    sheets = cells(path)
    assert [len(sheet) for sheet in sheets] == [6, 6, 3]
    assert [sheet[0]["A"][2] for sheet in sheets] == ["id"] * 3
    ids = [row["A"][2] for sheet in sheets for row in sheet[1:]]
    assert ids == [row["id"] for row in listed(database)]


@SQLITE
def test_nothing_becomes_a_whole_file_too(database, temporary):
    for program in (PARQUET, WORKBOOK):
        with made(database, program) as file:
            if program == PARQUET:
                assert pyarrow.parquet.read_table(file).num_rows == 0
            else:
                assert [len(sheet) for sheet in cells(file)] == [1]


@SQLITE
def test_a_disk_without_room_is_said_and_nothing_is_left(database, rows, temporary, monkeypatch):
    before = set(os.listdir("/proc/self/fd"))
    for program in (PARQUET, WORKBOOK):
        with monkeypatch.context() as small:
            small.setattr(making, "RESERVE", 1 << 60)
            with pytest.raises(making.NoRoom):
                made(database, program)
        # A device that has never any room: the child says so itself.
        with pytest.raises(making.NoRoom):
            making.made(program, ALL.order(), reading.pieces(database, {}, ALL, reading.PLAIN), Path("/dev/full"))
    assert list(temporary.iterdir()) == []
    assert set(os.listdir("/proc/self/fd")) == before


@SQLITE
def test_rows_that_break_off_and_a_child_that_dies_leave_nothing(database, rows, temporary):
    def breaking():
        yield from reading.pieces(database, {}, ALL, reading.PLAIN)
        raise RuntimeError("the database is gone")

    def wrong():
        yield b"these,are,no,rows\n" * 100_000

    before = set(os.listdir("/proc/self/fd"))
    for program in (PARQUET, WORKBOOK):
        with pytest.raises(RuntimeError):
            making.made(program, ALL.order(), breaking())
        with pytest.raises(making.NotMade, match="ended with 1"):
            making.made(program, ALL.order(), wrong())
    assert set(os.listdir("/proc/self/fd")) == before
    assert [name for name in temporary.iterdir() if name.name != "pymp"] == []


@SQLITE
def test_many_rows_are_read_in_portions(database, rows, tmp_path, monkeypatch):
    """Cut at the ends of rows, also of those with a line's end within; the same file as of all at once."""
    text = b"".join(reading.pieces(database, {}, ALL, reading.PLAIN))
    files = {}
    for size in (1 << 30, 2_000, 1):
        monkeypatch.setattr(parquet, "PORTION", size)
        monkeypatch.setattr(parquet, "_READ", 100)
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))
        files[size] = tmp_path / f"{size}.parquet"
        files[size].touch()
        (tmp_path / f"parts of {size}").mkdir()
        parquet.make(str(files[size]), ALL.order(), tmp_path / f"parts of {size}")
    assert len(list((tmp_path / "parts of 1").iterdir())) > len(NASTY)
    tables = [pyarrow.parquet.read_table(file).to_pylist() for file in files.values()]
    assert len(tables[0]) == len(NASTY) + 1 and tables[1:] == tables[:1] * 2
