"""Character sets are known by their names, and a name that somebody made up leaves nothing behind."""

import codecs
import encodings
import tracemalloc
from encodings import aliases

import pytest

from lib import charsets

WRITTEN = [
    "UTF-8",
    "utf8",
    "Windows-1251",
    "cp1251",
    "ISO-8859-1",
    "iso_8859_2",
    "latin1",
    "KOI8-R",
    "koi8-u",
]
WRITTEN += [
    "Shift_JIS",
    "sjis",
    "ms932",
    "EUC-KR",
    "euc_jp",
    "GB2312",
    "gbk",
    "big5-hkscs",
    "iso-2022-jp",
    "UTF-16LE",
    "u8",
]
WRITTEN += ["mac-cyrillic", "kz1048", "tis-620", "cp874", "us-ascii", "utf-8-sig", "cp437", "ISO 8859-9", "iso8859.5"]


@pytest.mark.parametrize("name", WRITTEN)
def test_a_name_is_known_however_it_is_written(name):
    found = codecs.lookup(name.replace(".", "_")).name
    assert charsets.codec(name) in (found, charsets._MEANT.get(found))


@pytest.mark.parametrize(
    "name", ["rot13", "zlib", "unicode_escape", "idna", "utf-7", "", "x" * 5_000, "../../etc", "é", "\x00"]
)
def test_what_is_none_is_none(name):
    assert charsets.codec(name) is None


def test_every_known_one_has_a_name_here():
    windows = {"mbcs", "oem"}  # of that system alone
    there = set(aliases.aliases.values()) - windows
    known = {name for name in there if charsets._KNOWN.fullmatch(codecs.lookup(name).name)}
    assert len(known) > 60
    for name in known:
        assert charsets.codec(name), name


def test_names_that_are_made_up_are_not_remembered():
    before = set(encodings._cache)
    for number in range(1_000):
        assert charsets.named(f"text/plain; charset=made-up-{number}") is None
    assert set(encodings._cache) - before == set()


def test_of_a_content_type_no_more_is_remembered_than_is_looked_at():
    tracemalloc.start()
    try:
        for number in range(1_000):
            assert charsets.named(f"text/plain; charset=cp1251; number={number}" + "x" * 60_000) == "cp1251"
        assert tracemalloc.get_traced_memory()[0] < 8_000_000
    finally:
        tracemalloc.stop()
