"""When it is due: tables of zones and their changes, and what holds for every zone that there is."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib import zones
from schedules.due import Times, first, moment, until

SECOND = timedelta(seconds=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


MOMENTS = [
    ("Asia/Kolkata", "2026-11-18", "07:00", "2026-11-18T01:30"),
    ("Europe/Berlin", "2026-03-29", "02:30", "2026-03-29T01:00"),  # 02:00 to 03:00 is left out: the first moment after
    ("Europe/Berlin", "2026-03-29", "03:00", "2026-03-29T01:00"),
    ("Europe/Berlin", "2026-10-25", "02:30", "2026-10-25T00:30"),  # shown again at 01:30Z
    ("Europe/Berlin", "2026-10-25", "03:00", "2026-10-25T02:00"),
    ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03T15:30"),  # half an hour is left out
    ("America/Sao_Paulo", "2018-11-04", "00:00", "2018-11-04T03:00"),  # midnight is left out
    ("Pacific/Apia", "2011-12-30", "07:00", "2011-12-30T10:00"),  # the whole day is
    ("America/St_Johns", "2026-11-01", "01:30", "2026-11-01T04:00"),  # shown again at 05:00Z
]


@pytest.mark.parametrize(("zone", "day", "at", "due"), MOMENTS)
def test_what_clocks_show_once_twice_or_never(zone, day, at, due):
    assert moment(date.fromisoformat(day), time.fromisoformat(at), ZoneInfo(zone)) == utc(due)


BERLIN = ZoneInfo("Europe/Berlin")
MORNING = (time(7),)
SPANS = [
    (Times(MORNING, BERLIN), "2026-03-28", "2026-03-31", ["2026-03-28T06", "2026-03-29T05", "2026-03-30T05"]),
    # Two times within one gap are one moment.
    (Times((time(2, 10), time(2, 50)), BERLIN), "2026-03-29", "2026-03-29T12", ["2026-03-29T01"]),
    (
        Times(MORNING, BERLIN, weekdays=frozenset({1, 5})),
        "2026-11-01",
        "2026-11-08",
        ["2026-11-02T06", "2026-11-06T06"],
    ),
    (Times(MORNING, BERLIN, month_day=31), "2026-02-01", "2026-04-01", ["2026-02-28T06", "2026-03-31T05"]),
    (Times(MORNING, BERLIN), "2026-11-18T06", "2026-11-18T06", ["2026-11-18T06"]),  # both ends are among them
    (Times(MORNING, BERLIN), "2026-11-18T06:01", "2026-11-18T07", []),
]


@pytest.mark.parametrize(("times", "begin", "end", "due"), SPANS)
def test_all_of_a_span(times, begin, end, due):
    assert until(times, utc(begin), utc(end)) == [utc(one) for one in due]


def test_the_first_after_a_moment_is_never_that_moment():
    times = Times(MORNING, BERLIN)
    assert first(times, utc("2026-11-18T05:59:59")) == utc("2026-11-18T06:00")
    assert first(times, utc("2026-11-18T06:00")) == utc("2026-11-19T06:00")


ZONES = st.sampled_from(sorted(zones.names())).map(ZoneInfo)
DAYS = st.dates(date(1971, 1, 1), date(2037, 12, 1))
CLOCKS = st.times().map(lambda at: at.replace(second=0, microsecond=0))


@settings(max_examples=150, deadline=None)
@given(DAYS, CLOCKS, ZONES)
def test_in_every_zone_it_is_the_first_moment_at_which_clocks_show_as_much(day, at, zone):
    wall, due = datetime.combine(day, at), moment(day, at, zone)
    shown = due.astimezone(zone)
    before = (due - SECOND).astimezone(zone).replace(tzinfo=None)
    if shown.replace(tzinfo=None) == wall:
        assert shown.fold == 0 or before < wall
    else:
        assert before < wall < shown.replace(tzinfo=None)


@settings(max_examples=50, deadline=None)
@given(
    DAYS,
    st.lists(CLOCKS, min_size=1, max_size=4),
    ZONES,
    st.integers(0, 20 * 1440),
    st.sets(st.integers(1, 7)),
)
def test_looked_at_in_pieces_it_is_due_as_often_as_in_one(day, at, zone, minutes, weekdays):
    times = Times(tuple(at), zone, frozenset(weekdays))
    begin = datetime.combine(day, time(), UTC)
    end, cut = begin + timedelta(days=20), begin + timedelta(minutes=minutes)
    whole = until(times, begin, end)
    assert until(times, begin, cut) + until(times, cut + SECOND, end) == whole
    assert whole == sorted(set(whole))
    walked, at_last = [], begin - SECOND
    while (at_last := first(times, at_last)) <= end:
        walked.append(at_last)
    assert walked == whole


def test_every_change_of_every_zone_of_a_year():
    """What is due each hour, around each of them: never twice, and never more than three hours without."""
    begin, end = utc("2025-12-31"), utc("2026-12-31")
    hours = tuple(time(hour) for hour in range(24))
    for name in sorted(zones.names()):
        for changed, _ in zones.changes(name, begin, end)[1:]:
            found = until(Times(hours, ZoneInfo(name)), changed - timedelta(hours=6), changed + timedelta(hours=6))
            gaps = [later - earlier for earlier, later in zip(found, found[1:], strict=False)]
            assert found and min(gaps) > timedelta(), name
            assert max(gaps) <= timedelta(hours=3), name  # what is shown twice is due once; Troll changes by two hours
