"""Lists of leads: the same rows from JSON, NDJSON and CSV, and a sentence that names row and field for what is wrong."""

import json

import pytest

from dialers.giving import BadList
from leads import files

ROWS = [
    {"number": "+420601234567", "name": "Jana; Nová", "fields": {"Lead ID": "88213"}, "agents": ["jana", "petr"]},
    {"number": "601234568", "priority": "3", "options": {"retries": "2"}},
]
HEAD = "number,name,priority,agents,fields.Lead ID,options.retries"
LINES = [HEAD, '+420601234567,"Jana; Nová",,jana|petr,88213,', "601234568,,3,,,2"]


def read(data: bytes, kind: str) -> list:
    return list(files.rows(data, kind))


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (json.dumps({"leads": ROWS}), "application/json"),
        (json.dumps(ROWS), "application/json; charset=utf-8"),
        ("\n".join(map(json.dumps, ROWS)) + "\n", "application/x-ndjson"),
        ("\n".join(LINES), "text/csv"),
        ("\r\n".join(LINES) + "\r\n\r\n", "text/csv; charset=utf-8"),
        ("\ufeff" + "\n".join(LINES), "text/csv"),
        (
            "\n".join([HEAD.replace(",", ";"), '+420601234567;"Jana; Nová";;jana|petr;88213;', "601234568;;3;;;2"]),
            "text/csv",
        ),
        ("\n".join(line.replace(",", "\t") for line in LINES), "text/csv"),
    ],
)
def test_every_form_says_the_same(data, kind):
    assert read(data.encode(), kind) == [(1, ROWS[0]), (2, ROWS[1])]


def test_empty_lines_are_no_leads_and_are_counted():
    assert [at for at, _ in read(b"number\n1\n\n,\n".replace(b",", b" ") + b"2\n", "text/csv")] == [1, 4]
    assert [at for at, _ in read(b'{"number":"1"}\n\n{"number":"2"}', "application/x-ndjson")] == [1, 3]


@pytest.mark.parametrize(
    ("data", "kind", "row", "field", "words"),
    [
        (b"", "text/csv", None, None, "empty"),
        (b"phone,name\n1,a\n", "text/csv", None, "number", "no column number"),
        (b"number,nmae\n1,a\n", "text/csv", None, "nmae", "nothing reads"),
        (b"number,fields.\n1,a\n", "text/csv", None, "fields.", "nothing reads"),
        (b"number,number\n1,2\n", "text/csv", None, "number", "twice"),
        (b"number,name\n1,a\n2\n", "text/csv", 2, "name", "1 cell, the header 2"),
        (b"number,name\n1,a,b\n", "text/csv", 1, None, "3 cells, the header 2"),
        (b'number,name\n1,"a\n', "text/csv", 1, "name", "cannot be read"),
        (b'number,name,note\n1,"a\nb","c\n2,d,e\n', "text/csv", 1, "note", "cannot be read"),
        (b'number,name\n1,"a\n' + b"2,b\n" * 100_000, "text/csv", 1, None, "cannot be read"),
        (b'number,name\n1,"a"b\n', "text/csv", 1, None, "cannot be read"),
        ("number,name\n1,a\n2,Nová\n".encode("cp1250"), "text/csv", 2, "name", "not UTF-8"),
        (b'number,name\n1,"a\nb"\n2,\xe1\n', "text/csv", 2, "name", "not UTF-8"),
        (b"number,name,\xe1\n1,a,b\n", "text/csv", None, None, "header is not UTF-8 in its column 3"),
        ("number\n1\n".encode("utf-16"), "text/csv", None, None, "UTF-16"),
        (b"n\x00u\x00m\x00", "text/csv", None, None, "UTF-16"),
        (b"{", "application/json", None, None, "not JSON"),
        (b"7", "application/json", None, "leads", "must be a list"),
        (b"{}", "application/json", None, "leads", "must be a list"),
        (b"[1]", "application/json", 1, None, "must be an object"),
        (b'{"number":"1"}\n{', "application/x-ndjson", 2, None, "not JSON"),
        (b"number\n" + b"601234567\n" * 1_000_000, "text/csv", 100_001, None, "100,000 leads at most"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_row(data, kind, row, field, words):
    with pytest.raises(BadList, match=words) as told:
        read(data, kind)
    assert (told.value.row, told.value.field) == (row, field)


def test_options_of_the_whole_list_are_not_dropped_in_silence():
    with pytest.raises(BadList, match="nothing reads its options here.*--options"):
        read(json.dumps({"leads": ROWS, "options": {"maxAttempts": 2}}).encode(), "application/x-www-form-urlencoded")
