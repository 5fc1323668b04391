"""Exports: the same rows as the list, safe in a spreadsheet, in pieces."""

import csv
import io
import json
from datetime import timedelta

import pytest

from queries import exports, selection, shape
from tests.factories import NOON, outcome

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


def ndjson(database, filters=None):
    text = b"".join(map(exports.ndjson, exports.pieces(database, filters or {}))).decode()
    return [json.loads(line) for line in text.splitlines()]


def table(database, filters=None):
    text = exports.csv_head() + b"".join(map(exports.csv_lines, exports.pieces(database, filters or {})))
    return list(csv.DictReader(io.StringIO(text.decode(), newline="")))


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
            else:
                assert cell == ("" if value is None else str(value))
        assert line == {}


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_no_row_is_lost_between_pieces(database, rows, monkeypatch, size):
    monkeypatch.setattr(exports, "_PIECE", size)
    pieces = list(exports.pieces(database, {}))
    assert max(map(len, pieces)) <= size
    assert ndjson(database) == listed(database)


def test_filters_narrow_an_export(database, rows):
    for filters in ({"flag": ["sale"]}, {"is_final": False}, {"until": NOON}, {"agent": ["nobody"]}):
        assert ndjson(database, filters) == listed(database, filters)


@pytest.mark.parametrize(
    "text",
    [
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
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1+1",
        '=HYPERLINK("http://x","y")',
    ],
)
def test_no_cell_begins_a_formula(database, text):
    """A customer can choose a name, and an analyst opens the file in a spreadsheet."""
    with database.write() as session:
        outcome(session, customer_name=text, notes=text, disposition=text, agent_name=text, campaign_id=text)
    (line,) = table(database)
    assert line["customer_name"] == line["notes"] == line["disposition"] == line["agent_name"] == "'" + text
    for cell in line.values():
        assert not cell or cell[0] not in "=+-@\t\r\n＝＋－＠"


def test_a_number_stays_a_number(database):
    """A telephone number, and whatever else is nothing but a plus and digits: there is nothing to run in it."""
    with database.write() as session:
        outcome(session, talk_seconds=-5, customer_number="+919812345678", agent_number="204", notes="+0042")
    (line,) = table(database)
    told = [line[name] for name in ("talk_seconds", "customer_number", "agent_number", "notes")]
    assert told == ["-5", "+919812345678", "204", "+0042"]


def test_an_export_of_nothing(database):
    assert ndjson(database) == []
    assert table(database) == []
