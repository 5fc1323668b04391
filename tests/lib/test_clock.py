"""Times in every form that a dialer writes, and the one form that we show."""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import clock
from lib.zones import Locale
from rig.patience import stretched

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
        (1666222318026336123, "2022-10-19T23:31:58.026336Z"),  # 19 digits: nanoseconds
        ("1666222318026336123", "2022-10-19T23:31:58.026336Z"),
        (63833441518, "2022-10-19T23:31:58Z"),  # 11 digits, 63...: Gregorian seconds
    ],
)
def test_written_and_shown(written, shown):
    assert clock.iso(clock.parse(written)) == shown


KYIV = Locale(ZoneInfo("Europe/Kyiv"), "UA")
INDIA, ISRAEL, IRELAND, AMERICA = (Locale(None, country) for country in ("IN", "IL", "IE", "US"))


@pytest.mark.parametrize(
    "written, shown",
    [
        # Offsets, however they are written.
        ("2026-11-18 10:09:07+00", "2026-11-18T10:09:07Z"),
        ("2026-11-18 10:09:07.25+00", "2026-11-18T10:09:07.25Z"),
        ("2026-11-18T10:09:07+0530", "2026-11-18T04:39:07Z"),
        ("2026-11-18T10:09:07+05:30", "2026-11-18T04:39:07Z"),
        ("2026-11-18T10:09:07 +5:30", "2026-11-18T04:39:07Z"),
        ("2026-11-18T10:09:07\u221205:30", "2026-11-18T15:39:07Z"),
        ("2026-11-18 10:09:07 UTC+2", "2026-11-18T08:09:07Z"),
        ("2026-11-18 10:09:07 GMT-03:00", "2026-11-18T13:09:07Z"),
        ("2026-11-18 10:09:07 GMT", "2026-11-18T10:09:07Z"),
        ("2026-11-18t10:09:07z", "2026-11-18T10:09:07Z"),
        ("2026-11-18T10:09:07.5Z[UTC]", "2026-11-18T10:09:07.5Z"),
        ("2026-11-18 10:09:07 utc", "2026-11-18T10:09:07Z"),
        ("2026-11-18T10:09+02", "2026-11-18T08:09:00Z"),
        # What programs write behind an offset, which has said it already.
        ("2026-11-18 10:09:07 +0530 IST", "2026-11-18T04:39:07Z"),
        ("2026-11-18 10:09:07 +0300 +03", "2026-11-18T07:09:07Z"),
        ("2026-11-18 10:09:07.5 +0200 EET m=+0.000012", "2026-11-18T08:09:07.5Z"),
        ("2026-11-18T10:09:07+02:00[Europe/Kyiv]", "2026-11-18T08:09:07Z"),
        ("Wed Nov 18 2026 10:09:07 GMT+0530 (India Standard Time)", "2026-11-18T04:39:07Z"),
        ("2026-11-18 10:09:07 Asia/Kolkata", "2026-11-18T04:39:07Z"),
        # Other ways to write a date of which there is one reading.
        ("Wed, 18 Nov 2026 10:09:07 +0530", "2026-11-18T04:39:07Z"),
        ("18-Nov-2026 10:09", "2026-11-18T10:09:00Z"),
        ("November 18, 2026 10:09 PM", "2026-11-18T22:09:00Z"),
        ("2026/11/18 10:09:07", "2026-11-18T10:09:07Z"),
        ("2026.11.18 10:09:07", "2026-11-18T10:09:07Z"),
        ("18.11.2026 10:09", "2026-11-18T10:09:00Z"),
        ("5.11.2026, 9:09:07", "2026-11-05T09:09:07Z"),
        ("18/11/2026 10:09", "2026-11-18T10:09:00Z"),  # there is no eighteenth month
        ("11/18/2026 10:09", "2026-11-18T10:09:00Z"),
        ("11/11/2026 10:09", "2026-11-11T10:09:00Z"),
        ("20261118T100907Z", "2026-11-18T10:09:07Z"),
        ("20261118100907", "2026-11-18T10:09:07Z"),
        (20261118100907, "2026-11-18T10:09:07Z"),
        ("1.666222318e9", "2022-10-19T23:31:58Z"),  # an epoch as floats are written
        ("20261118 10:09:07", "2026-11-18T10:09:07Z"),
        ("20261118 100907", "2026-11-18T10:09:07Z"),
        ("2026-11-18T100907Z", "2026-11-18T10:09:07Z"),
        ("20261118", "2026-11-18T00:00:00Z"),
        (20261118, "2026-11-18T00:00:00Z"),
        ("202611181009", "2026-11-18T10:09:00Z"),
        ("20261118100907123", "2026-11-18T10:09:07.123Z"),
        ("20261118100907.0Z", "2026-11-18T10:09:07Z"),
        ("20261118100907.123", "2026-11-18T10:09:07.123Z"),
        ("2026:11:18 10:09:07", "2026-11-18T10:09:07Z"),
        ("2026-11-18T10:09:07:123", "2026-11-18T10:09:07.123Z"),
        ("18.11.2026 10.09.07", "2026-11-18T10:09:07Z"),
        ("18.11.2026 - 10:09", "2026-11-18T10:09:00Z"),
        ("18NOV2026:10:09:07", "2026-11-18T10:09:07Z"),
        ("18-NOV-2026 10.09.07.123456 AM", "2026-11-18T10:09:07.123456Z"),
        ("18/Nov/2026:10:09:07 +0530", "2026-11-18T04:39:07Z"),
        ("November 18th, 2026 at 10:09 PM", "2026-11-18T22:09:00Z"),
        (
            "\u200e18\u200e/\u200e11\u200e/\u200e2026\u200e \u200e10\u200e:\u200e09",
            "2026-11-18T10:09:00Z",
        ),  # a browser's
        ("/Date(1666222318000)/", "2022-10-19T23:31:58Z"),  # .NET
        ("/Date(1666222318000+0530)/", "2022-10-19T23:31:58Z"),  # the offset says where it was written, no more
        ("\\/Date(1666222318000)\\/", "2022-10-19T23:31:58Z"),
        # The year behind the time, as C, Java and git write it.
        ("Wed Nov 18 10:09:07 2026", "2026-11-18T10:09:07Z"),
        ("Wed Nov  8 10:09:07 UTC 2026", "2026-11-08T10:09:07Z"),
        ("Wed Nov 18 10:09:07 GMT+05:30 2026", "2026-11-18T04:39:07Z"),
        ("Wed Nov 18 10:09:07 +0530 2026", "2026-11-18T04:39:07Z"),
        ("Wed Nov 18 10:09:07 2026 +0530", "2026-11-18T04:39:07Z"),
        # An offset that was written twice, in brackets, or through a form that makes a plus a blank.
        ("2026-11-18T10:09:07+00:00Z", "2026-11-18T10:09:07Z"),
        ("2026-11-18 10:09:07 (UTC+05:30)", "2026-11-18T04:39:07Z"),
        ("2026-11-18 10:09:07 [UTC]", "2026-11-18T10:09:07Z"),
        ("2026-11-18T10:09:07 05:30", "2026-11-18T04:39:07Z"),
        ("2026-11-18 10:09:07 0530", "2026-11-18T04:39:07Z"),
        # A leap second.
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ("2017-01-01 05:29:60.5 +0530", "2017-01-01T00:00:00.5Z"),
        # A clock of twelve hours.
        ("2026-11-18 10:09:07 a. m.", "2026-11-18T10:09:07Z"),
        ("18/11/2026, 1:09:07 p.\u00a0m.", "2026-11-18T13:09:07Z"),
        ("2026-11-18 12:09:07 AM", "2026-11-18T00:09:07Z"),
        ("2026-11-18 12:09:07 PM", "2026-11-18T12:09:07Z"),
        ("2026-11-18 1:09:07\u202fp.m.", "2026-11-18T13:09:07Z"),
    ],
)
def test_other_forms_of_which_there_is_one_reading(written, shown):
    assert clock.iso(clock.parse(written)) == shown


@pytest.mark.parametrize(
    "written, place, shown",
    [
        ("2026-11-18 10:09:07 IST", INDIA, "2026-11-18T04:39:07Z"),
        ("Wed Nov 18 10:09:07 IST 2026", INDIA, "2026-11-18T04:39:07Z"),
        ("Wed Nov 18 10:09:07 IST 2026", Locale(), None),
        ("Wed Nov 18 10:09:07 2026", KYIV, "2026-11-18T08:09:07Z"),
        ("20261118", KYIV, "2026-11-17T22:00:00Z"),
        ("2026-11-18 10:09:07 IST", ISRAEL, "2026-11-18T08:09:07Z"),
        ("2026-07-18 10:09:07 IST", ISRAEL, None),  # in summer its clocks show IDT
        ("2026-07-18 10:09:07 IST", IRELAND, "2026-07-18T09:09:07Z"),
        ("2026-11-18 10:09:07 IST", IRELAND, None),
        ("2026-11-18 10:09:07 IST", Locale(), None),
        ("2026-11-18 10:09:07 IST", KYIV, None),
        ("2026-11-18 10:09:07 EET", KYIV, "2026-11-18T08:09:07Z"),
        ("2026-11-18 10:09:07 EET", Locale(None, "UA"), "2026-11-18T08:09:07Z"),
        ("2026-07-18 10:09:07 EEST", KYIV, "2026-07-18T07:09:07Z"),
        ("2026-07-18 10:09:07 EET", KYIV, None),  # not what its clocks show in summer
        ("2026-11-18 10:09:07 EET", Locale(), None),
        ("2026-11-18 10:09:07 MSK", Locale(None, "RU"), "2026-11-18T07:09:07Z"),
        ("2026-11-18 10:09:07 CET", Locale(None, "CZ"), "2026-11-18T09:09:07Z"),
        ("2026-07-18 10:09:07 CEST", Locale(None, "CZ"), "2026-07-18T08:09:07Z"),
        ("2026-11-18 10:09:07 PST", AMERICA, "2026-11-18T18:09:07Z"),
        ("2026-11-18 10:09:07 PST", Locale(None, "PH"), "2026-11-18T02:09:07Z"),
        ("2026-11-18 10:09:07 PST", INDIA, None),
        ("2026-10-25 03:30:00", KYIV, "2026-10-25T00:30:00Z"),  # shown twice: the first
        ("2026-10-25 03:30:00 EET", KYIV, "2026-10-25T01:30:00Z"),  # said which
        ("2026-03-29 03:30:00", KYIV, "2026-03-29T01:30:00Z"),  # never shown
        ("2026-11-18 10:09:07", KYIV, "2026-11-18T08:09:07Z"),
        ("2026-11-18 10:09", KYIV, "2026-11-18T08:09:00Z"),
        ("2026-11-18 10:09:07Z", KYIV, "2026-11-18T10:09:07Z"),
        ("05/11/2026 10:09", Locale(day_first=True), "2026-11-05T10:09:00Z"),
        ("05/11/2026 10:09", Locale(day_first=False), "2026-05-11T10:09:00Z"),
        ("18/11/2026 10:09", Locale(day_first=False), None),
    ],
)
def test_what_the_place_makes_certain(written, place, shown):
    assert clock.iso(clock.parse(written, place)) == shown


@pytest.mark.parametrize(
    "never",
    [
        0,
        "0",
        0.0,
        "",
        "-",
        "0000-00-00 00:00:00",
        "0001-01-01T00:00:00Z",
        "1970-01-01 05:30:00",
        "00.00.0000 00:00",
        -62135596800,
        "-62135596800000",
        "/Date(-62135596800000)/",
        "NaT",
    ],
)
def test_how_dialers_write_that_there_is_no_time(never):
    assert clock.parse(never) is None
    assert clock.means_never(never)


@pytest.mark.parametrize("something", ["soon", "2026-11-18 10:09:07 XYZ", "05/11/2026", 12, True, "2026-02-30", "10"])
def test_what_cannot_be_read_is_not_never(something):
    assert clock.parse(something) is None
    assert not clock.means_never(something)


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
        "2026-01-01T24:00:00Z",  # the end of the day, or its beginning, as browsers write it
        "1/18/2026, 24:00:05",
        "638675429470000000",  # of .NET, in ticks by some clock on some wall
        "2026-11-18T10:09:61Z",
        "2026-11-18T10:09:07+05:30Z",
        "2026-11-18 10:09:07 2026",
        "18.11.2026 10.09",
        "2026-11-18-05:00",
        "45614.42",
        "Invalid date",
        "/Date(1666222318)/",
        "1989-12-31T23:59:59.999Z",
        "0001-01-01 00:00:00",
        "9999-12-31 23:59:59+01:00",
        "05/11/2026 10:09",
        "05-11-2026",
        "18.11.26 10:09",
        "11.18.2026",
        "2026-11-18 13:09 PM",
        "2026-11-18 0:09 AM",
        "2026-11-18 10:09:07 +99:00",
        "2026-11-18 10:09:07 +530",
        "2026-11-18 10:09:07 +0530 UTC",
        "2026-11-18 10:09:07 +0300 +02",
        "2026-11-18 10:09:07 XYZ",
        "2026-11-18 10:09:07 ../../etc/passwd",
        "2026-11-18 10:09:07 Mars/Phobos",
        "18 Foo 2026 10:09",
        "2026-11-18 10",
        "20261318100907",
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
    assert time.monotonic() - began < stretched(0.5)


def test_outer_blanks_do_not_count():
    assert clock.iso(clock.parse(" " * 4000 + "2026-01-01T00:00:00 Z" + "\n" * 4000)) == "2026-01-01T00:00:00Z"


def test_an_epoch_of_thousands_of_digits_is_none():
    assert clock.from_epoch(10**5000) is None
    assert clock.from_epoch("9" * 5000) is None


@given(st.integers(10**8, 10**11), st.text("0123456789", max_size=8))
def test_the_quick_way_reads_epochs_as_the_slow_one(seconds, fraction):
    assert clock.parse(seconds) == clock.from_epoch(seconds)
    assert clock.parse(f"{seconds}.{fraction}") == clock.from_epoch(f"{seconds}.{fraction}")


@given(MOMENTS)
def test_what_is_shown_is_read_back(moment):
    assert clock.parse(clock.iso(moment)) == clock.read(clock.iso(moment)) == moment


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_was_noted_in_any_year_is_read_back(moment):
    """A machine without a clock of its own begins in 1970; of a dialer that year means that there is no time."""
    assert clock.read(clock.iso(moment)) == clock.read(moment.isoformat()) == moment
    assert clock.parse("1970-01-01T00:00:09Z") is None


@pytest.mark.parametrize("nothing", [None, "", "soon", 5, "0001-01-01T00:00:00+09:00", b"2026"])
def test_what_was_not_noted_is_no_time(nothing):
    assert clock.read(nothing) is None


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


def test_what_is_still_to_come_was_not_a_moment_ago():
    at = datetime(2026, 11, 18, 12, tzinfo=UTC)
    assert clock.ago(at + timedelta(seconds=59), at) == "0 s ago"  # two clocks are never quite the same
    assert clock.ago(at + timedelta(minutes=58), at) == "58 min ahead of the clock"
