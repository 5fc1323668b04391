"""Exports over HTTP: formats, columns, spreadsheets; and what is wrong with them is said."""

import csv
import io
import zipfile

import pyarrow.parquet
import pytest

from queries.exports import making
from tests.factories import NOON, outcome
from tests.web.conftest import client_with
from tests.web.test_outcomes import turns_left
from web import exports

PATH = "/api/v1/outcomes/export"


@pytest.fixture
def admin(app, database):
    with database.write() as session:
        outcome(session, call_id="1795818726.10", customer_number="+919812345678", started_at=NOON)
    return client_with(app, database, "admin")


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("format=xls", "format"),
        ("", "format"),
        ("format=csv&columns=", "columns"),
        ("format=csv&columns=id,nobody", "columns"),
        ("format=parquet&columns=id,id", "columns"),
        ("format=csv&columns=id&columns=notes", "columns"),
        ("format=csv&for=people", "for"),
        ("format=ndjson&for=spreadsheet", "for"),
        ("format=parquet&for=spreadsheet", "for"),
        ("format=csv&for=spreadsheet&for=spreadsheet", "for"),
        ("format=csv&for=spreadsheet&tz=Mars", "tz"),
        ("format=csv&column=id", "column"),
    ],
)
def test_what_cannot_be_exported_is_refused(admin, query, wrong):
    answer = admin.get(f"{PATH}?{query}")
    assert (answer.status_code, list(answer.json["details"])) == (422, [wrong])


def test_a_file_that_is_made_has_its_length_and_its_name(admin):
    for form, content_type in (
        ("parquet", "application/vnd.apache.parquet"),
        ("xlsx", exports.FORMATS["xlsx"].content_type),
    ):
        with admin.get(f"{PATH}?format={form}&columns=id,call_id&tz=Asia/Kolkata") as answer:
            data = answer.get_data()
            assert (answer.status_code, answer.content_type) == (200, content_type)
            assert int(answer.headers["Content-Length"]) == len(data)
            assert answer.headers["Content-Disposition"].endswith(f'.{form}"')
        if form == "parquet":
            assert pyarrow.parquet.read_table(io.BytesIO(data)).to_pydict()["call_id"] == ["1795818726.10"]
        else:
            assert "1795818726.10" in zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml").decode()
    assert turns_left(admin) == exports._AT_ONCE


def test_a_made_file_that_nobody_takes_gives_its_turn_back(admin):
    for _ in range(exports._AT_ONCE + 1):
        with admin.get(f"{PATH}?format=parquet") as answer:
            assert answer.status_code == 200
    assert turns_left(admin) == exports._AT_ONCE


def test_a_disk_without_room_is_an_error_before_the_first_byte(admin, monkeypatch):
    monkeypatch.setattr(making, "RESERVE", 1 << 60)
    answer = admin.get(f"{PATH}?format=parquet")
    assert (answer.status_code, answer.json["error_id"]) == (503, "no_room")
    assert turns_left(admin) == exports._AT_ONCE


def test_for_a_spreadsheet(admin):
    query = "format=csv&for=spreadsheet&tz=Asia/Kolkata&columns=call_id,occurred_at,customer_number,revision"
    data = admin.get(f"{PATH}?{query}").get_data()
    assert data.startswith(b"\xef\xbb\xbfcall_id,")
    (row,) = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert row == {
        "call_id": '="1795818726.10"',
        "occurred_at": "2026-11-18 17:30:00",
        "customer_number": '="+919812345678"',
        "revision": "1",
    }


def test_an_export_of_nothing_has_its_header(admin):
    assert admin.get(f"{PATH}?format=csv&columns=id,notes&agent=nobody").text == "id,notes\n"
    assert admin.get(f"{PATH}?format=ndjson&agent=nobody").text == ""
