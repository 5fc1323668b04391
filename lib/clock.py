"""Time: aware UTC inside. Reads the forms that dialers write, and writes the one form that we show."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import overload

from lib import text as texts
from lib import written_times, zones
from lib.zones import NOWHERE, Locale

_NUMBER = re.compile(r"\d+(\.\d*)?")
_SECONDS = re.compile(r"([1-9][0-9]{9})(?:\.([0-9]*))?")
_EXPONENT = re.compile(r"\d(?:\.\d{1,20})?[eE]\+?\d{1,2}", re.ASCII)  # a number as floats are written
# The digits of a date, or of a date and a time. As an epoch each of these would be long ago, or far away.
_COMPACT = re.compile(
    r"(?:19|20|21)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[0-2]\d[0-5]\d(?:[0-5]\d(?:\d{3}|\.\d+)?)?)?", re.ASCII
)
_DOTNET = re.compile(r"\\?/?Date\((-?\d{1,16})(?:[+-]\d{4})?\)\\?/?", re.ASCII)  # milliseconds, in UTC whatever follows
# The forms that most dialers write, and we ourselves: the standard library reads them ten times faster than we can.
_PLAIN = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ](?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?:Z|[+-](?:0[0-9]|1[0-3])(?::?[0-5][0-9])?)?"
).fullmatch
_GO = " +0000 UTC"  # as Go writes UTC
# How dialers write "never": zeros, or the day on which some calendar begins or ends.
_NEVER = re.compile(
    r"[0\s.:/TZ+-]*|NaT|(?:\\?/?Date\()?-62135596800(?:000)?(?:[.)+].*)?|(?:0001-01-01|1601-01-01|1899-12-3[01]|1900-01-01|1969-12-31|1970-01-01|9999-12-31).*"
    r"|0?1[./]0?1[./](?:0001|1900|1970).*|31[./]12[./]9999.*",
    re.DOTALL,
)
LONGEST = 64  # characters; what is longer is no time, whatever it begins with

# Kazoo counts seconds from the year 0; Unix seconds plus this many (2600hz docs, "Call Detail Records").
GREGORIAN_OFFSET = 62_167_219_200

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
AHEAD = timedelta(minutes=1)  # between two clocks that are set by NTP lies much less
FIRST_YEAR, LAST_YEAR = EARLIEST.year, LATEST.year - 1


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def parse(value: object, locale: Locale = NOWHERE) -> datetime | None:
    """Read a vendor's time: any form of ``lib.written_times``, such as ISO 8601 with 0 to n fraction digits or Go's ``2022-10-19
    23:31:58 +0000 UTC``, or an epoch.

    Epochs are told apart by magnitude: 10 digits are seconds, 13 milliseconds, 16 microseconds, 19 nanoseconds, and 11 digits
    beginning with 63 or 64 Gregorian seconds. A time without a zone is one of the locale, without a zone UTC. Zero, the years
    before 1990 ("never" at some dialers) and everything unreadable are None: a wrong time would be worse than none.
    """
    if type(value) is str:
        if not _PLAIN(value):
            if value.endswith(_GO):
                return parse(value.removesuffix(_GO) + "Z")
            return _written(value.strip(), locale)
        try:
            found = datetime.fromisoformat(value)
        except ValueError:  # a 30th of February, or a leap second
            return _written(value.strip(), locale)
        if found.tzinfo is not UTC:
            if not FIRST_YEAR - 1 <= found.year <= LAST_YEAR + 1:  # there may be no such moment in UTC
                return None
            found = zones.local(found, locale.zone) if found.tzinfo is None else found.astimezone(UTC)
        return found if FIRST_YEAR <= found.year <= LAST_YEAR else None
    if value is None or isinstance(value, bool):
        return None
    if type(value) is int and 10**9 <= value < 10**10:
        return _seconds(value)
    if isinstance(value, int | float):
        return from_epoch(value) or (_written(str(value), locale) if 10**7 <= value < 10**17 else None)
    return _written(value.strip(), locale) if isinstance(value, str) else None


def _written(text: str, locale: Locale) -> datetime | None:
    if not text.isascii():
        text = texts.seen(text).strip()
    if found := _SECONDS.fullmatch(text):
        return _seconds(int(found[1]), found[2] or "")
    if len(text) > LONGEST:
        return None
    if _NUMBER.fullmatch(text) and not _COMPACT.fullmatch(text):
        return from_epoch(text)
    if found := _DOTNET.fullmatch(text):
        return _plausible(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(found[1])))
    if _EXPONENT.fullmatch(text):
        return from_epoch(format(Decimal(text), "f"))
    moment = written_times.read(text, locale)
    return None if moment is None else _plausible(moment)


def _seconds(since_1970: int, fraction: str = "") -> datetime | None:
    """The commonest epoch, quickly. The twin of a part of ``from_epoch``; a test compares them."""
    found = datetime.fromtimestamp(since_1970, UTC)
    if fraction:
        found = found.replace(microsecond=int(fraction.ljust(6, "0")[:6]))
    return found if found.year <= LAST_YEAR else None


def means_never(value: object) -> bool:
    """Whether a vendor writes so where there is no time: zero, ``0001-01-01T00:00:00Z``, ``1970-01-01``."""
    return not isinstance(value, bool) and _NEVER.fullmatch(str(value)[:LONGEST].strip()) is not None


def from_epoch(value: int | float | str) -> datetime | None:
    """Read an epoch in seconds, milli-, micro-, nanoseconds or Gregorian seconds (see ``parse``)."""
    if isinstance(value, int) and abs(value) >= 10**LONGEST:  # Python writes no number of more than 4300 digits
        return None
    text = str(value).strip()
    if len(text) > LONGEST or "e" in text or "n" in text:  # 1e400, inf, nan
        return None
    whole, _, fraction = text.partition(".")
    try:
        micros = int(whole) * 1_000_000 + int(fraction.ljust(6, "0")[:6] or 0)
    except ValueError:
        return None
    digits = len(whole.lstrip("0"))
    if digits == 11 and whole[:2] in ("63", "64"):
        micros -= GREGORIAN_OFFSET * 1_000_000
    elif 12 <= digits <= 14:
        micros //= 1_000
    elif 15 <= digits <= 17:
        micros //= 1_000_000
    elif digits == 19:  # with 18 they may be .NET's ticks since the year 1, of some clock on some wall
        micros //= 1_000_000_000
    try:
        return _plausible(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros))
    except OverflowError:
        return None


@overload
def iso(moment: datetime) -> str: ...
@overload
def iso(moment: None) -> None: ...
@overload
def iso(moment: datetime | None) -> str | None: ...
def iso(moment: datetime | None) -> str | None:
    """Write a time as we show it: ``2026-11-18T10:12:52Z``, a fraction only where it is not zero."""
    if moment is None:
        return None
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    text = moment.isoformat()[:-6]  # without "+00:00"
    return (text.rstrip("0") if moment.microsecond else text) + "Z"


def read(text: object) -> datetime | None:
    """The time that ``iso`` has written; None where it is none. Of any year, unlike ``parse``: a machine that does not know the
    time yet when it starts notes what it does as of 1970, and that is read again when it does."""
    try:
        found = datetime.fromisoformat(text)  # type: ignore[arg-type]  # of what is no text a TypeError
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def ago(moment: datetime | None, at: datetime) -> str:
    """How long before ``at``, in words: "14 s ago", "3 min ago", "5 days ago", "never", "58 min ahead of the clock"."""
    if moment is None:
        return "never"
    if is_ahead(moment, at):
        return span(moment - at) + " ahead of the clock"
    return span(at - moment) + " ago"


def waited(since: datetime | None, at: datetime) -> float:
    """Seconds since then, 0 where there is nothing since when; never less, however the clock was set."""
    return max(0.0, (at - since).total_seconds()) if since else 0.0


def is_ahead(moment: datetime, at: datetime) -> bool:
    """Whether it was noted before the clock was set back, or by one that is far from it: how long ago, nobody knows."""
    return moment - at > AHEAD


def span(length: timedelta) -> str:
    """A length of time in words: "14 s", "3 min", "2 h", "5 days"."""
    seconds = max(0, int(length.total_seconds()))
    for limit, unit, size in ((120, "s", 1), (7200, "min", 60), (172_800, "h", 3600)):
        if seconds < limit:
            return f"{seconds // size} {unit}"
    return f"{seconds // 86_400} days"


def _plausible(moment: datetime) -> datetime | None:
    return moment if EARLIEST <= moment < LATEST else None
