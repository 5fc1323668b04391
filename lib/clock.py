"""Time: aware UTC inside. Reads the forms that dialers write, and writes the one form that we show."""

import re
from datetime import UTC, datetime, timedelta

# For texts that are stripped and short (see LONGEST): no two optional blanks stand side by side, so nothing backtracks.
_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})"
    r"(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d*))?)?)?"
    r"(?:\s*(Z|UTC|[+-]\d{2}:?\d{2}(?::?\d{2})?))?(?:\s*[A-Z]{3,4})?"
)
_NUMBER = re.compile(r"\d+(\.\d*)?")
# The form that most dialers write, and we ourselves: the standard library reads it ten times faster than we can.
_PLAIN = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ](?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.(?:[0-9]{3}|[0-9]{6}))?Z"
)
LONGEST = 64  # characters; what is longer is no time, whatever it begins with

# Kazoo counts seconds from the year 0; Unix seconds plus this many (2600hz docs, "Call Detail Records").
GREGORIAN_OFFSET = 62_167_219_200

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def parse(value: object) -> datetime | None:
    """Read a vendor's time: ISO 8601 with 0 to n fraction digits, Go's ``2022-10-19 23:31:58 +0000 UTC``, or an epoch.

    Epochs are told apart by magnitude: 10 digits are seconds, 13 milliseconds, 16 microseconds, and 11 digits beginning
    with 63 or 64 Gregorian seconds. A time without a zone is taken as UTC. Zero, the years before 1990 ("never" at some
    dialers) and everything unreadable are None: a wrong time would be worse than none.
    """
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return from_epoch(value)
    if not isinstance(value, str):
        return None
    if _PLAIN.fullmatch(value):
        try:
            return _plausible(datetime.fromisoformat(value))
        except ValueError:  # a 30th of February
            return None
    text = value.strip()
    if len(text) > LONGEST:
        return None
    if _NUMBER.fullmatch(text):
        return from_epoch(text)
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    micro = int((fraction or "").ljust(6, "0")[:6] or 0)
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), micro, tzinfo=UTC
        )
        return _plausible(moment - _offset(zone))
    except (ValueError, OverflowError):
        return None


def from_epoch(value: int | float | str) -> datetime | None:
    """Read an epoch in seconds, milliseconds, microseconds or Gregorian seconds (see ``parse``)."""
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
    try:
        return _plausible(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros))
    except OverflowError:
        return None


def iso(moment: datetime | None) -> str | None:
    """Write a time as we show it: ``2026-11-18T10:12:52Z``, a fraction only where it is not zero."""
    if moment is None:
        return None
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    text = moment.isoformat()[:-6]  # without "+00:00"
    return (text.rstrip("0") if moment.microsecond else text) + "Z"


def ago(moment: datetime | None, at: datetime) -> str:
    """How long before ``at``, in words: "14 s ago", "3 min ago", "2 h ago", "5 days ago", "never"."""
    if moment is None:
        return "never"
    return span(at - moment) + " ago"


def span(length: timedelta) -> str:
    """A length of time in words: "14 s", "3 min", "2 h", "5 days"."""
    seconds = max(0, int(length.total_seconds()))
    for limit, unit, size in ((120, "s", 1), (7200, "min", 60), (172_800, "h", 3600)):
        if seconds < limit:
            return f"{seconds // size} {unit}"
    return f"{seconds // 86_400} days"


def _offset(zone: str | None) -> timedelta:
    if zone is None or zone in ("Z", "UTC"):
        return timedelta(0)
    digits = zone[1:].replace(":", "")
    length = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]), seconds=int(digits[4:6] or 0))
    return -length if zone[0] == "-" else length


def _plausible(moment: datetime) -> datetime | None:
    return moment if EARLIEST <= moment < LATEST else None
