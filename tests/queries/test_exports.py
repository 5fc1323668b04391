"""Exports: the same rows as the list, safe in a spreadsheet, in pieces."""

import csv
import io
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy import text as sql

from lib import clock
from models import CallOutcome
from queries import selection, shape
from queries.exports import reading, spreadsheet
from queries.exports.choice import Choice
from queries.exports.clocks import local
from tests.factories import NOON, many_calls, outcome

ALL = Choice()
ROOT = Path(__file__).parents[2]

FULL = {
    "call_id": "912873",
    "customer_number": "+919812345678",
    "customer_name": 'Anil "Bobby" Rao,\r\nunit 4',
    "agent_id": "7",
    "agent_name": "Año",
    "flags": ["contact", "sale"],
    "answered_at": NOON + timedelta(microseconds=1),
    "ended_at": NOON + timedelta(microseconds=500_000),
    "disposed_at": NOON + timedelta(seconds=10),
    "ring_seconds": 0,
    "talk_seconds": -5,
    "custom_fields": {"größe": [1, {"a": None}], "digits": 10**25, "quote": "'\""},
    "sources": ["callback:terminal", "report:cdr"],
}


@pytest.fixture
def rows(database):
    with database.write() as session:
        outcome(session, **FULL)
        outcome(session, settling="provisional", connect_outcome="in_progress")
        outcome(session, started_at=None, first_seen_at=NOON - timedelta(days=1))
        outcome(session, merged_into=outcome(session).id)


def listed(database, filters=None, order="started_at"):
    with database.read() as session:
        return [shape.outcome(row) for row in selection.page(session, filters or {}, order, limit=1000).rows]


def written(database, what, filters=None, choice=ALL):
    return b"".join(reading.pieces(database, filters or {}, choice, what)).decode()


def ndjson(database, filters=None, choice=ALL):
    return [json.loads(line) for line in written(database, reading.LINES, filters, choice).splitlines()]


def table(database, filters=None, choice=ALL, what=reading.GUARDED):
    return list(csv.DictReader(io.StringIO(written(database, what, filters, choice), newline=""), choice.columns))


def test_ndjson_is_the_list(database, rows):
    assert ndjson(database) == listed(database)
    assert len(ndjson(database)) == 4
    assert [list(line) for line in ndjson(database)] == [list(shape.FIELDS)] * 4


def test_csv_is_the_list_written_flat(database, rows):
    for line, shown in zip(table(database), listed(database), strict=True):
        agent = {f"agent_{name}": value for name, value in shown.pop("agent").items()}
        for name, value in (shown | agent).items():
            cell = line.pop(name).removeprefix("'")
            if isinstance(value, list | dict):
                assert json.loads(cell) == value
            elif isinstance(value, bool):
                assert cell == str(value).lower()
            elif name.endswith("_at") and value is not None:
                assert cell == clock.parse(value).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            else:
                assert cell == ("" if value is None else str(value))
        assert line == {}


def test_no_row_is_lost_between_pieces(database, rows, monkeypatch):
    for size in range(1, 6):
        monkeypatch.setattr(reading, "_STAYS", 60.0 * (size % 2))  # else each piece has a moment of its own
        monkeypatch.setattr(reading, "_PIECE", size)
        for what in (reading.LINES, reading.PLAIN):
            # No text of these has a line's end but one, in the CSV of the first row.
            counts = [piece.count(b"\n") for piece in reading.pieces(database, {}, ALL, what)]
            assert sum(counts) == 4 + (what == reading.PLAIN) and max(counts) <= size + 1
        assert ndjson(database) == listed(database)


def test_an_export_is_of_one_moment(database, rows, monkeypatch):
    monkeypatch.setattr(reading, "_PIECE", 1)
    monkeypatch.setattr(reading, "_FEW", 1)
    wanted = listed(database)
    pieces = reading.pieces(database, {}, ALL, reading.LINES)
    found = [next(pieces)]
    with database.write() as session:  # the first is the last now, and the last the first
        by_time = select(CallOutcome).where(CallOutcome.merged_into.is_(None)).order_by(CallOutcome.occurred_at)
        first, *_, last = session.scalars(by_time)
        first.started_at, last.started_at = NOON + timedelta(days=9), NOON - timedelta(days=9)
    assert [json.loads(line) for line in b"".join([*found, *pieces]).splitlines()] == wanted


def test_a_piece_has_a_bound_in_bytes(database, monkeypatch):
    with database.write() as session:
        for at in range(30):
            outcome(session, notes="n" * 1_000, started_at=NOON + timedelta(seconds=at))
    monkeypatch.setattr(reading, "_BYTES", 5_000)
    monkeypatch.setattr(reading, "_FEW", 2)
    for what in (reading.LINES, reading.GUARDED):
        pieces = list(reading.pieces(database, {}, ALL, what))
        assert len(pieces) > 5 and max(map(len, pieces)) < 10_000
    assert ndjson(database) == listed(database)


def test_one_moment_for_whoever_holds_a_connection(database, rows):
    with database.engine.connect() as connection:
        text = b"".join(reading.of_snapshot(connection, {}, ALL, reading.LINES)).decode()
    assert [json.loads(line) for line in text.splitlines()] == listed(database)


def test_an_export_that_is_left_leaves_its_connection_usable(database, rows):
    for _ in range(40):  # more than the pool has
        pieces = reading.pieces(database, {}, ALL, reading.LINES)
        next(pieces)
        pieces.close()
    assert len(ndjson(database)) == 4


def test_filters_narrow_an_export(database, rows):
    for filters in ({"flag": ["sale"]}, {"is_final": False}, {"until": NOON}, {"agent": ["nobody"]}):
        assert ndjson(database, filters) == listed(database, filters)


TEXTS = (
    *(
        "=1+1",
        "+1+1",
        "+91 98123",
        "+",
        "++919812345678",
        "+٣",
        "+91\n",
        "＋919812345678",
        "-5",
        "-919812345678",
        "-2+3",
    ),
    *("@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "－1", "＠x", '=HYPERLINK("http://x","y")'),
    # And what is none.
    *(
        "+919812345678",
        "+0",
        "5",
        "a=1",
        "A",
        "Z",
        "z",
        "{",
        "~",
        " =1",
        "'",
        "'=1",
        "Año",
        "गीता",
        "१",
        "/",
        ":",
        "[",
        "`",
        "%",
    ),
)


def test_no_cell_begins_a_formula(database):
    """A customer can choose a name, and an analyst opens the file in a spreadsheet. Whatever may be run is behind an apostrophe,
    whatever may not stands as it is; the twin in Python agrees."""
    with database.write() as session:
        for at, text in enumerate(TEXTS):
            given = dict.fromkeys(("customer_name", "notes", "disposition", "agent_name", "campaign_id"), text)
            outcome(session, **given, started_at=NOON + timedelta(seconds=at))
    lines = table(database)
    for line, text in zip(lines, TEXTS, strict=True):
        wanted = "'" + text if spreadsheet.is_formula(text) else text
        assert line["customer_name"] == line["notes"] == line["disposition"] == line["agent_name"] == wanted
        for cell in line.values():
            assert not cell or not spreadsheet.is_formula(cell)
    assert sum(spreadsheet.is_formula(text) for text in TEXTS) == 19
    assert [line["notes"] for line in table(database, what=reading.PLAIN)] == list(TEXTS)
    assert [line["notes"] for line in ndjson(database)] == list(TEXTS)


def test_json_cells_are_written_in_letters(database):
    """Also of rows that an earlier release has written with escapes, and what must be escaped stays so."""
    with database.write() as session:
        row = outcome(session, custom_fields={"नाम": 'गीता "😀" \\u0917 \x01 \\'})
        if database.is_sqlite:
            table_ = CallOutcome.__table__.name
            cell = json.dumps(row.custom_fields)
            assert "\\u0928" in cell
            session.execute(sql(f"UPDATE {table_} SET custom_fields = :cell"), {"cell": cell})
    for what in (reading.GUARDED, reading.LINES):
        assert "गीता" in written(database, what) and "😀" in written(database, what)
    assert ndjson(database)[0]["custom_fields"] == json.loads(table(database)[0]["custom_fields"])
    assert ndjson(database) == listed(database)


def test_columns_are_chosen_and_ordered(database, rows):
    few = Choice(("notes", "occurred_at", "agent", "id"))
    for full, some in zip(listed(database), ndjson(database, choice=few), strict=True):
        assert list(some.items()) == [(name, full[name]) for name in few.names]
    assert few.columns[:3] == ("notes", "occurred_at", "agent_id") and len(few.columns) == 9
    assert [line["id"] for line in table(database, choice=few)] == [line["id"] for line in table(database)]
    # One column, and nothing in it: a line that no reader skips.
    assert written(database, reading.GUARDED, choice=Choice(("notes",))) == '""\n' * 4


SHEET = {
    "1795818726.10": '="1795818726.10"',
    "+919812345678": '="+919812345678"',
    "00420": '="00420"',
    "12345678901234567890": '="12345678901234567890"',
    "1/2": '="1/2"',
    "MAR1": '="MAR1"',
    "TRUE": '="TRUE"',
    "=1+1": '="=1+1"',
    "-x": '="-x"',
    'a "5"': '="a ""5"""',
    "Anil Rao": "Anil Rao",
    "=" + "x" * 300: "'=" + "x" * 300,
    "5" + "x" * 300: "5" + "x" * 300,
    "5\nlines": "5\nlines",
    "=5\nlines": "'=5\nlines",
}


def test_a_spreadsheet_keeps_what_it_is_given(database):
    with database.write() as session:
        for at, text in enumerate(SHEET):
            outcome(
                session,
                call_id=text[:200],
                notes=text,
                talk_seconds=5,
                started_at=NOON + timedelta(seconds=at, microseconds=9),
            )
    choice = Choice(("notes", "occurred_at", "talk_seconds", "id", "is_final"), True, "Asia/Kolkata")
    pieces = list(reading.pieces(database, {}, choice, reading.PLAIN))
    text = b"".join(spreadsheet.written(piece, choice) for piece in pieces).decode()
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert [row[0] for row in rows] == list(SHEET.values())
    assert [row[1] for row in rows[:2]] == ["2026-11-18 17:30:00", "2026-11-18 17:30:01"]
    assert {row[2] for row in rows} == {"5"} and {row[4] for row in rows} == {"true"}
    assert spreadsheet.head(choice) == b"\xef\xbb\xbfnotes,occurred_at,talk_seconds,id,is_final\r\n"


def test_clocks_are_changed_where_they_are_changed():
    """A day of 23 hours, one of 25, and a zone of three quarters of an hour."""
    for moment, zone, shown in (
        ("2026-03-29T00:59:59.999999Z", "Europe/Prague", "2026-03-29 01:59:59"),
        ("2026-03-29T01:00:00.000000Z", "Europe/Prague", "2026-03-29 03:00:00"),
        ("2026-10-25T00:30:00.000000Z", "Europe/Prague", "2026-10-25 02:30:00"),
        ("2026-10-25T01:30:00.000000Z", "Europe/Prague", "2026-10-25 02:30:00"),
        ("2026-12-31T18:20:00.000000Z", "Asia/Kathmandu", "2027-01-01 00:05:00"),
    ):
        assert local(moment, zone) == shown


def test_an_export_of_nothing(database):
    assert ndjson(database) == []
    assert table(database) == []


GROWS = """
import resource, sys
from models.database import Database
from queries.exports import reading
from queries.exports.choice import Choice
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for written in (reading.GUARDED, reading.LINES):
    pieces = reading.pieces(Database(sys.argv[1]), {}, Choice(), written)
    before, size = len(next(pieces)) and peak(), 0
    for piece in pieces:
        size += len(piece)
    print(size >> 20, (peak() - before) >> 10)
"""


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_memory_does_not_grow_with_the_export(database, database_url):
    """In a process of its own, whose memory is of nothing else."""
    with database.write() as session:
        many_calls(session, 50_000)
    told = subprocess.run(
        [sys.executable, "-c", GROWS, database_url], cwd=ROOT, capture_output=True, text=True, check=True
    )
    lines = told.stdout.splitlines()
    assert len(lines) == 2
    for line in lines:
        size, grown = map(int, line.split())
        assert size > 10 and grown < 10, line  # MiB
