"""JSON without loss: repeated keys, exact numbers, the bytes of each record."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import rawjson

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
SPACE = st.text(alphabet=" \n\t", max_size=2)


def test_every_reading_of_a_repeated_key_is_kept():
    body = rawjson.loads('{"event":"a","event":"b","n":1,"n":1}')
    assert body["event"] == "b"
    assert body.all("event") == ["a", "b"]
    assert body.conflicts() == {"event": ["a", "b"]}


def test_numbers_stay_as_written_where_a_float_would_change_them():
    digits = "9" * 40
    assert rawjson.loads("[0.10, 1e400, 919800012345, " + digits + "]") == ["0.10", "1e400", 919800012345, digits]


def test_what_no_table_can_hold_is_replaced():
    assert rawjson.loads(r'{"a\u0000": ["x\ud800y"]}') == {"a\ufffd": ["x\ufffdy"]}


def test_what_no_table_can_hold_is_replaced_in_bytes_and_inside_of_objects():
    body = rb'{"a\u0000":{"b\ud800":["x\u0000"]},"a\u0000":1}'
    read = rawjson.loads(body)
    assert read.pairs == [("a\ufffd", {"b\ufffd": ["x\ufffd"]}), ("a\ufffd", 1)]
    assert isinstance(read.pairs[0][1], rawjson.Members)
    assert rawjson.loads('["x\ud800y"]') == ["x\ufffdy"]


def test_nan_and_infinity_are_unknown():
    assert rawjson.loads("[NaN, Infinity, -Infinity]") == [None, None, None]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_encodings(encoding):
    assert rawjson.loads('{"name": "Zoë"}'.encode(encoding)) == {"name": "Zoë"}


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"a":1,}', b"[" * 200_000, b'{"a":' * 100_000, b"\xff\xff", b"[1 2]", b"{1:2}"]
)
def test_what_is_not_json_says_so(body):
    with pytest.raises(rawjson.NotJson):
        rawjson.loads(body)


@given(st.lists(VALUES, max_size=6), SPACE, SPACE)
def test_elements_are_the_bytes_that_were_written(values, before, after):
    written = [json.dumps(value) for value in values]
    text = before + "[" + f"{before},{after}".join(written) + after + "]"
    assert [text[begin:end] for begin, end in rawjson.elements(text)] == written


@given(st.lists(st.tuples(st.text(), VALUES), max_size=6), SPACE, SPACE)
def test_members_are_the_bytes_that_were_written_and_repeat(pairs, before, after):
    written = [(key, json.dumps(value)) for key, value in pairs]
    text = "{" + ",".join(f"{before}{json.dumps(key)}{after}:{before}{value}{after}" for key, value in written) + "}"
    found = [(key, text[begin:end]) for key, begin, end in rawjson.members(text)]
    assert found == [(rawjson.loads(json.dumps(key)), value) for key, value in written]


@given(st.text())
def test_no_text_makes_another_error(text):
    for read in (rawjson.loads, rawjson.members, rawjson.elements):
        try:
            read(text)
        except rawjson.NotJson:
            continue


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("[" + "{}," * 60_000 + "{}]", True),
        ("[" + "1," * 400_000 + "1]", True),
        ("[" + '{"a":[]},' * 20_000 + "{}]", False),
        ('["' + "{," * 400_000 + '"]', False),  # in a text they take no memory
        ('["' + r"\"{," * 400_000 + '"]', False),
        ('["' + r"\"{," * 400_000, False),  # no JSON, and that is said as quickly
        ('["' + "{," * 400_000 + '",' + "{}," * 60_000 + "1]", True),
    ],
)
def test_what_would_take_many_times_its_size_is_not_read(text, refused):
    if refused:
        with pytest.raises(rawjson.TooMuch, match="more than 50,000 objects and lists, or 300,000 values"):
            rawjson.loads(text)
    else:
        rawjson.weigh(text)


def test_a_page_has_so_many_records_at_most(monkeypatch):
    monkeypatch.setattr(rawjson, "MOST_RECORDS", 3)
    assert len(rawjson.elements("[1,2,3]")) == len(rawjson.members('{"a":1,"b":2,"c":3}')) == 3
    for cut, text in ((rawjson.elements, "[1,2,3,4"), (rawjson.members, '{"a":1,"b":2,"c":3,"d":4')):
        with pytest.raises(rawjson.TooMuch, match="more than 3 "):
            cut(text)  # at once, whatever comes behind


@pytest.mark.parametrize(
    ("text", "last", "brackets", "well"),
    [
        ("[]", 0, "[]", True),
        (" [ ] ", 0, "[]", True),
        ("[1]", 2, "[]", True),
        ("[1 ,\u00a0]\n", 2, "[]", True),
        ("[1,,]", 2, "[]", False),
        ("[1]]", 2, "[]", False),
        ("[1] 2", 2, "[]", False),
        ("[,]", 0, "[]", False),
        ("{}", 0, "[]", False),
        ("[1}", 2, "[]", False),
    ],
)
def test_nothing_may_stand_behind_the_end(text, last, brackets, well):
    if well:
        rawjson.nothing_after(text, last, brackets)
    else:
        with pytest.raises(rawjson.NotJson):
            rawjson.nothing_after(text, last, brackets)


def test_plain_reading_says_the_same_where_json_is_as_it_should_be():
    body = b'{"id": "1", "some": [1, 2, {"name": "Asha", "gone": null}], "fine": true}'
    assert rawjson.plain(body) == rawjson.loads(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"name": "A\\u0000sha"}', {"name": "A\ufffdsha"}),  # no store can hold it
        (b'{"rate": NaN}', {"rate": None}),
        (b'\xef\xbb\xbf{"id": 1}', {"id": 1}),
    ],
)
def test_plain_reading_is_no_more_exacting(body, value):
    assert rawjson.plain(body) == value == rawjson.loads(body)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"id": 1', b"[" + b"{}," * 60_000 + b"{}]"])
def test_plain_reading_refuses_what_is_none_or_too_much(body):
    with pytest.raises(rawjson.NotJson):
        rawjson.plain(body)
