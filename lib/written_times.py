"""Times as people and programs write them. What can be read in more than one way is not read at all.

Certain: a date that begins with the year, whatever stands between its parts; one with dots, which has the day first; one
that names its month in English; and one with slashes or dashes where the place says what comes first, or where only one
reading is a date. Not certain: 05/11/2026, years of two digits, and a zone's abbreviation of which the place knows nothing.
"""

import re
from datetime import UTC, datetime, timedelta

from lib import zones
from lib.zones import Locale

# For texts that are stripped and short (clock.LONGEST). Every part is matched where the one before it ended.
_YEAR_FIRST = re.compile(r"(\d{4})([-/.:])(\d{1,2})\2(\d{1,2})(?!\d)")
_TOGETHER = re.compile(r"(\d{4})(\d{2})(\d{2})(?!\d)")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?!\d)")
_WEEKDAY = r"(?:[A-Za-z]{3,9},?\s+)?"
_DAY_AND_WORD = re.compile(_WEEKDAY + r"(\d{1,2})(?:st|nd|rd|th)?[\s/-]?([A-Za-z]{3,9})[.,]?[\s/-]?(\d{4})(?!\d)")
_WORD_AND_DAY = re.compile(_WEEKDAY + r"([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?![\d:])")
# As C and Java write it, "Wed Nov 18 10:09:07 IST 2026": the year behind the time.
_YEAR_BEHIND = re.compile(
    r"((?:[A-Za-z]{3,9},?\s+)?[A-Za-z]{3,9}\s+\d{1,2})\s+(\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s[AaPp][Mm])?)"
    r"((?:\s+[A-Za-z+-][A-Za-z0-9_/:+-]*)?)\s+(\d{4})(?!\d)"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})[Tt\s_]?(\d{2})(\d{2})(?:(\d{2})(?:[.,]?(\d+))?)?(?!\d)")
_BETWEEN = re.compile(r"[Tt:_]|,?\s+(?:at\s+|-\s+)?")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d*)|:(\d{3})(?!\d))?)?")
_DOTTED_TIME = re.compile(r"(\d{1,2})\.(\d{2})\.(\d{2})(?:[.,](\d+))?()(?!\d)")  # of 10.09 nobody knows what the 09 is
_TOGETHER_TIME = re.compile(r"(\d{2})(\d{2})(?:(\d{2})(?:[.,](\d+))?)?()(?!\d)")
_HALF = re.compile(r"\s?([AaPp])\.?\s?[Mm]\b\.?")
_TIMES = (_TIME, _DOTTED_TIME, _TOGETHER_TIME)
_MONTHS = "january february march april may june july august september october november december".split()

_UTC = ("Z", "UTC", "GMT", "UT")
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2})(?::?(\d{2}))?)?")
# What programs write behind an offset, which has said it already: Go "+0530 IST", "+0300 +03" and "m=+0.1", JavaScript
# "GMT+0530 (India Standard Time)", Java "+05:30[Asia/Kolkata]".
_AFTER_OFFSET = re.compile(
    r"(?:\s*(?P<word>[A-Za-z]{2,5}|[Zz])|\s*\([^()]*\)|\s*\[[^\[\]]+\]|\s+(?P<again>[+-]\d{2}(?:\d{2})?))?(?:\s+m=[+-][\d.]+)?"
)
_NAME = re.compile(r"\[?([A-Za-z_]+(?:/[A-Za-z0-9_+-]+)+)\]?")
_LOST_SIGN = re.compile(r"\s(\d{2}:?\d{2})")  # a plus that a form has made a blank
_ABBREVIATION = re.compile(r"\(?([A-Za-z]{2,5})\)?")
FARTHEST = timedelta(hours=14)  # from UTC


def read(text: str, locale: Locale) -> datetime | None:
    """The moment, in UTC; None for what is no time or no certain one. (Inside, a clock on a wall is taken for one in UTC, until
    it is known where it hangs.)"""
    try:
        if found := _COMPACT.match(text):
            year, month, day, hour, minute, second, fraction = found.groups()
            midnight = datetime(int(year), int(month), int(day), tzinfo=UTC)
            return _zoned(_at(midnight, hour, minute, second, fraction, None), text[found.end() :], locale)
        if found := _YEAR_BEHIND.match(text):
            text = f"{found[1]} {found[4]} {found[2]}{found[3]}{text[found.end() :]}"
        date, rest = _date(text, locale)
        if date is None or not rest:
            return date and zones.local(date, locale.zone)
        between = _BETWEEN.match(rest)
        time = next((at for form in _TIMES if (at := form.match(rest, between.end()))), None) if between else None
        if time is None:
            return None
        hour, minute, second, fraction, thousandths = time.groups()
        half = _HALF.match(rest, time.end())
        wall = _at(date, hour, minute, second, fraction or thousandths, half and half[1])
        return _zoned(wall, rest[(half or time).end() :], locale)
    except (ValueError, OverflowError):  # a 30th of February, a 25th hour
        return None


def _date(text: str, locale: Locale) -> tuple[datetime | None, str]:
    """The day's first moment by the clock on the wall, and what stands behind the date."""
    if found := _YEAR_FIRST.match(text):
        year, _, month, day = found.groups()
    elif found := _TOGETHER.match(text):
        year, month, day = found.groups()
    elif found := _YEAR_LAST.match(text):
        one, between, two, year = found.groups()
        day_first = True if between == "." else _day_first(int(one), int(two), locale)
        if day_first is None:
            return None, ""
        day, month = (one, two) if day_first else (two, one)
    elif found := _DAY_AND_WORD.match(text):
        day, month, year = found[1], _month(found[2]), found[3]
    elif found := _WORD_AND_DAY.match(text):
        month, day, year = _month(found[1]), found[2], found[3]
    else:
        return None, ""
    return datetime(int(year), int(month), int(day), tzinfo=UTC), text[found.end() :]


def _day_first(one: int, two: int, locale: Locale) -> bool | None:
    if locale.day_first is not None:
        return locale.day_first
    return True if one > 12 or one == two else False if two > 12 else None


def _month(name: str) -> int:
    return [month.startswith(name.casefold()) for month in _MONTHS].index(True) + 1


def _at(day: datetime, hour: str, minute: str, second: str | None, fraction: str | None, half: str | None) -> datetime:
    seconds = int(second or 0)
    wall = day.replace(
        hour=_of_day(int(hour), half),
        minute=int(minute),
        second=min(seconds, 59) if seconds <= 60 else seconds,
        microsecond=int((fraction or "").ljust(6, "0")[:6]),
    )
    return wall + timedelta(seconds=1) if seconds == 60 else wall  # a leap second, which clocks count as the next one


def _of_day(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError("No such hour on a clock of twelve.")
    return hour % 12 + (12 if half in "Pp" else 0)


def _zoned(wall: datetime, rest: str, locale: Locale) -> datetime | None:
    """The wall's time in the zone that stands behind it."""
    zone = rest.strip().replace("\u2212", "-")
    if not zone:
        return zones.local(wall, locale.zone)
    if lost := _LOST_SIGN.fullmatch(rest):
        zone = "+" + lost[1]
    elif zone[0] + zone[-1] in ("()", "[]"):
        zone = zone[1:-1]
    if zone.upper().removesuffix("[UTC]") in _UTC:
        return wall
    if found := _OFFSET.match(zone):
        offset = _offset(found, zone[found.end() :])
        return None if offset is None else wall - offset
    if found := _NAME.fullmatch(zone):
        there = zones.named(found[1])
        return None if there is None else zones.local(wall, there)
    found = _ABBREVIATION.fullmatch(zone)
    return zones.abbreviated(wall, found[1].upper(), locale) if found else None


def _offset(found: re.Match[str], rest: str) -> timedelta | None:
    sign, hours, minutes, seconds = found.groups()
    length = timedelta(hours=int(hours), minutes=int(minutes or 0), seconds=int(seconds or 0))
    after = _AFTER_OFFSET.fullmatch(rest)
    if after is None or length > FARTHEST or int(minutes or 0) > 59:
        return None
    if (after["word"] or "").upper() in _UTC and length:
        return None  # two zones
    if after["again"] and after["again"][:3] != sign + hours:
        return None
    return -length if sign == "-" else length
