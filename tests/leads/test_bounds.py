"""No list decides how much memory or time is spent on it: what is larger than any list is told with its row, and soon."""

import time
import tracemalloc

import pytest

from dialers.base import Connection
from dialers.giving import BadJson, BadLeads, BadList
from leads import bounds, checking, files

MIB = 1 << 20
JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"
NUMBER = b"+420601234567"
WIDE = b"number," + b",".join(b"fields.f%d" % at for at in range(499)) + b"\n"
PRAGUE = Connection("prague", "jaicp", {"campaigns": {"renewals": "t"}}, default_country="CZ")


def checked(data: bytes, kind: str):
    return checking.check(PRAGUE, "renewals", files.rows(data, kind), {})


def test_a_list_at_every_bound_is_taken():
    wide = WIDE + (NUMBER + b",1" * 499 + b"\n") * 5
    assert len(checked(wide, CSV).leads) == 5
    # What stands at the end counts for nothing: spreadsheets write millions of such lines.
    blank = b"number\n" + NUMBER + b"\n" + b"\n" * 10_000 + NUMBER + b"\n" * 3_000_000
    assert len(checked(blank, CSV).leads) == 2
    assert len(checked(b'{"number":"%b"}\n' % NUMBER + b"\n" * 3_000_000, NDJSON).leads) == 1
    padded = b'[{"number":"%b","fields":{"a":"{}[],\\"\\\\"}}%b]' % (NUMBER, b" " * MIB)
    assert checked(padded, JSON).leads[0].fields == {"a": '{}[],"\\'}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("made", "kind", "row", "words"),
    [
        (lambda: b"[" + b"{}," * (8 * MIB) + b"{}]", JSON, 100_001, "100,000 leads at most"),
        (lambda: b'{"leads":[' + b"{}," * (8 * MIB) + b"{}]}", JSON, 100_001, "100,000 leads at most"),
        (lambda: b'[{"fields":{"a":[' + b"[]," * (8 * MIB) + b"[]]}}]", JSON, 1, "longer than 256 KiB"),
        (lambda: b'[{"' + b"a" * (16 * MIB) + b'":1}]', JSON, 1, "longer than 256 KiB"),
        (lambda: b'["' + b'\\"' * (8 * MIB), JSON, 1, "longer than 256 KiB"),
        (lambda: b'[{"number":"1"},{"agents":[' + b'"",' * 50_000 + b'""]}]', JSON, 2, "2,000 values at most"),
        (
            lambda: b'[{"agents":[' + b'"",' * 50_000 + b'""]}]',
            JSON,
            1,
            "2,000 values at most, and this one has 50,002",
        ),
        (lambda: b"{" + b'"a":1,' * (2 * MIB) + b'"b":1}', JSON, None, "more than 100 members"),
        (lambda: b'{"number":"1","note":"' + b"a" * MIB + b'"}\n', NDJSON, 1, "longer than 256 KiB"),
        (lambda: b'{"a":[' + b"{}," * (4 * MIB) + b"1]}", NDJSON, 1, "longer than 256 KiB"),
        (lambda: b"{}\n" * (4 * MIB), NDJSON, None, "More than 50 faults"),
        (lambda: b"number," + b"a," * (8 * MIB), CSV, None, "longer than 256 KiB"),
        (
            lambda: b"number," + b",".join(b"fields.%d" % at for at in range(20_000)),
            CSV,
            None,
            "20,001 columns; a list has 500",
        ),
        (lambda: b"number,fields." + b"a" * 300, CSV, None, "column 2 has a name of more than 220"),
        (lambda: b"\r" * (8 * MIB) + b"number", CSV, None, "it has nothing"),
        (lambda: b'number\n"' + b"1\n" * (8 * MIB) + b'"', CSV, 1, "cannot be read"),
        (lambda: b'number,name\n1,"' + b"a" * 131_000 + b'"\n1,' + b"a,b" * 100_000, CSV, 2, "longer than 256 KiB"),
    ],
    ids=range(17),
)
def test_what_is_too_much_is_told_before_it_costs_anything(made, kind, row, words):
    data = made()
    tracemalloc.start()
    began = time.process_time()
    try:
        with pytest.raises((BadList, BadLeads), match=words) as told:
            checked(data, kind)
        needed = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert getattr(told.value, "row", None) == row
    assert needed < len(data) + 40 * MIB
    assert time.process_time() - began < 30


@pytest.mark.parametrize(
    ("data", "kind", "row", "words"),
    [
        (b"\n" * 20_000 + b"{}", NDJSON, 10_001, "a million lines"),  # 50,000 / 5
        (b"number\n" + b"\n" * 20_000 + NUMBER, CSV, 10_001, "a million lines"),
        (WIDE + (b"," * 499 + b"\n") * 200 + NUMBER, CSV, 100, "five million cells"),  # 50,000 / (500 + 5), rounded up
        (
            WIDE + (NUMBER + b",1" * 499 + b"\n") * 60,
            CSV,
            40,
            "values at most",
        ),  # 20,000 / (500 and fields), rounded up
        (b"[" + b'{"a":[1,2,3,4,5,6,7,8]},' * 9_000 + b"{}]", JSON, 2_223, "values at most"),  # 20,000 / 9, rounded up
    ],
)
def test_what_is_many_is_told_where_it_is_too_much(monkeypatch, data, kind, row, words):
    assert (bounds.MOST_CELLS, bounds.MOST_VALUES) == (5_000_000, 2_000_000)
    monkeypatch.setattr(bounds, "MOST_CELLS", 50_000)
    monkeypatch.setattr(bounds, "MOST_VALUES", 20_000)
    with pytest.raises(BadList, match=words) as told:
        list(files.rows(data, kind))
    assert told.value.row == row


@pytest.mark.parametrize(
    "data",
    [
        b"[" * MIB,
        b"[" * 2_000 + b"]" * 2_000,
        b'[{"fields":{"a":' + b"[" * 2_000 + b"]" * 2_000 + b"}}]",
        b"[{]",
        b"[{},]",
        b"[{} {}]",
        b"[{}]]",
        b"[,]",
        b'{"leads":[{}],}',
        b'{"leads" [{}]}',
        b'{"leads":[{}] "a":1}',
        b"{leads:[{}]}",
        b'{"\xff":1}',
        b'{"leads":',
        b'{"leads":[{"number":NaN}]}',
        b'{"leads":[{"number":"\\ud800"}]}',
        b'{"leads":[{"number":' + b"9" * 5_000 + b"}]}",
        b"7 7",
        b"nul",
        b"",
        b" ",
    ],
    ids=range(21),
)
def test_what_is_no_json_is_told_as_such(data):
    with pytest.raises(BadJson, match=r"not JSON"):
        checked(data, JSON)


def test_json_is_read_as_a_parser_reads_it():
    data = b' {\n"leads" : [ {"number":"1"} ], "options":{"a":[1]},"leads":[{"number":"\\u0031","note":"]}"} , {} ] }\n'
    found = files.document(data)
    assert (list(found["leads"]), found["options"]) == ([(1, {"number": "1", "note": "]}"}), (2, {})], {"a": [1]})
    assert list(files.document(b'\xef\xbb\xbf{"leads":[]}')["leads"]) == []
    assert files.document(b"{}") == {}
