"""The reader of JSON that is nearly right, and of bytes in any character set: whatever comes, they return or refuse."""

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import charsets, json_mending, rawjson

PIECES = st.lists(
    st.sampled_from(
        ["{", "}", "[", "]", ",", ":", '"', "'", "“", "”", "\\", "\\u12", "a", "17", "+9", "//", "/*", "*/", "\n", " "]
    )
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
MEBIBYTE = 2**20
AROUND = (("{", "}"), ('{"a": ', "}"), ("[", "]"), ('{"a": "', '"}'))


@given(st.text() | PIECES.map("".join))
def test_any_text_is_read_or_refused(text):
    with suppress(rawjson.NotJson):
        documents, _ = json_mending.mended(text)
        assert documents


@given(st.lists(VALUES, max_size=4) | st.dictionaries(st.text(), VALUES, max_size=4))
def test_json_is_read_as_json(value):
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only)
        (found,), slips = json_mending.mended(text)
        assert (rawjson.cleaned(found), slips) == (rawjson.loads(text), set())


@given(
    st.binary(),
    st.sampled_from([None, "utf-8", "utf-16", "windows-1251", "utf-7", "zip", "idna", "gbk", "shift_jis", "\x00"]),
)
def test_any_bytes_are_a_text(body, name):
    text, slips = charsets.text(body, f"text/plain; charset={name}" if name else None)
    assert isinstance(text, str) and slips <= {"byte_order_mark", "character_set", "replaced_characters"}
    assert isinstance(charsets.utf8(body, f"text/plain; charset={name}"), bytes)


@pytest.mark.parametrize(
    "name", ["zlib", "base64", "idna", "punycode", "unicode_escape", "undefined", "rot13", "utf-7", "nobody's"]
)
def test_what_is_no_character_set_is_not_used(name):
    assert charsets.named(f"text/plain; charset={name}") is None


@pytest.mark.slow
def test_a_megabyte_is_looked_at_once():
    began = time.process_time()
    for piece in (
        '{"a":',
        "[",
        '"',
        "'",
        "“",
        "\\",
        "/*",
        "//",
        "1 ",
        "a: ",
        '"a" ',
        "{a:",
        '{"a":1}\n',
        "\x00",
        "-",
        "\\u12",
        "[1],",
    ):
        for start, end, size in (("", "", MEBIBYTE), *((start, end, MEBIBYTE // 4) for start, end in AROUND)):
            with suppress(rawjson.NotJson):
                json_mending.mended(start + piece * (size // len(piece)) + end)
    assert time.process_time() - began < 25
