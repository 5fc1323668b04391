"""Times in every form that a dialer writes, and the one form that we show."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import clock

MOMENTS = st.integers(0, 2**32).map(lambda seconds: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "written, shown",
    [
        ("2021-08-12T12:04:34Z", "2021-08-12T12:04:34Z"),
        ("2021-08-12T12:04:34.Z", "2021-08-12T12:04:34Z"),
        ("2021-08-12T12:04:34.00Z", "2021-08-12T12:04:34Z"),
        ("2021-08-12T12:04:34.120Z", "2021-08-12T12:04:34.12Z"),
        ("2021-08-12 12:04:34Z", "2021-08-12T12:04:34Z"),
        ("2021-08-12T12:04:34.123456789Z", "2021-08-12T12:04:34.123456Z"),
        ("2021-08-12 12:04", "2021-08-12T12:04:00Z"),
        ("2021-08-12T12:04:34+05:30", "2021-08-12T06:34:34Z"),
        ("2022-10-19 23:31:58 +0000 UTC", "2022-10-19T23:31:58Z"),
        ("2022-10-19 23:31:58.5 -0700 MST", "2022-10-20T06:31:58.5Z"),
        (1666222318, "2022-10-19T23:31:58Z"),  # 10 digits: seconds
        ("1666222318", "2022-10-19T23:31:58Z"),
        (1652978220220, "2022-05-19T16:37:00.22Z"),  # 13 digits: milliseconds
        (1666222318026336, "2022-10-19T23:31:58.026336Z"),  # 16 digits: microseconds
        ("1666221871.9237537", "2022-10-19T23:24:31.923753Z"),
        (63833441518, "2022-10-19T23:31:58Z"),  # 11 digits, 63...: Gregorian seconds
    ],
)
def test_written_and_shown(written, shown):
    assert clock.iso(clock.parse(written)) == shown


@pytest.mark.parametrize(
    "nothing",
    [
        None,
        "",
        0,
        "0",
        "0001-01-01T00:00:00Z",
        "9999-99-99",
        "soon",
        True,
        [],
        {},
        -5,
        "1e400",
        10**400,
        pytest.param(10**5000, id="thousands of digits"),
        pytest.param(-(10**5000), id="thousands of digits below zero"),
        "9" * 5000,
        "2026-01-01T00:00:00Z" + "x" * 64,
        "2026-02-30T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "1989-12-31T23:59:59.999Z",
        float("nan"),
    ],
)
def test_no_time_rather_than_a_wrong_one(nothing):
    assert clock.parse(nothing) is None


@pytest.mark.parametrize(
    "text", ["2026-01-01" + " " * 4000 + "x", "2026-01-01 " + " " * 40 + "x", "1" + " " * 4000 + "x"]
)
def test_no_text_takes_long(text):
    began = time.monotonic()
    assert clock.parse(text) is None
    assert time.monotonic() - began < 0.5


def test_outer_blanks_do_not_count():
    assert clock.iso(clock.parse(" " * 4000 + "2026-01-01T00:00:00 Z" + "\n" * 4000)) == "2026-01-01T00:00:00Z"


def test_an_epoch_of_thousands_of_digits_is_none():
    assert clock.from_epoch(10**5000) is None
    assert clock.from_epoch("9" * 5000) is None


@given(MOMENTS)
def test_what_is_shown_is_read_back(moment):
    assert clock.parse(clock.iso(moment)) == moment


@given(st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.binary().map(repr)))
def test_no_input_makes_an_error(value):
    found = clock.parse(value)
    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize(
    "length, words",
    [
        (timedelta(seconds=14), "14 s"),
        (timedelta(minutes=3), "3 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(days=5), "5 days"),
    ],
)
def test_spans_in_words(length, words):
    assert clock.span(length) == words
