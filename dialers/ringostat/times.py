"""Ringostat's times: the wall clock of a place, without a zone. Which place is not documented; the connection says.

help.ringostat.com, "Ringostat API. Export call log". Webhooks write dates in a format that their admin picks.
"""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dialers.base import Connection, Window
from dialers.fields import text
from lib import clock

SECOND = timedelta(seconds=1)
WRITTEN = "%Y-%m-%d %H:%M:%S"

_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.\d+)?", re.ASCII)
_DOTTED = re.compile(r"(?P<day>\d\d)\.(?P<month>\d\d)\.(?P<year>\d{4}),? (\d\d):(\d\d)(?::(\d\d))?", re.ASCII)


def zone(connection: Connection) -> ZoneInfo:
    """The zone of the connection's dates."""
    return ZoneInfo(connection.settings.get("timezone") or "UTC")


def moment(value: object, place: ZoneInfo) -> datetime | None:
    """The moment that a wall clock in this place showed, in UTC; an epoch or a time with a zone of its own is taken as it
    is. None for everything else, also for a date with slashes: nobody can tell its day from its month.

    In the hour that is shown twice in autumn it is the first of the two: nothing in the record says which, and calls of
    the second are then shown an hour early.
    """
    written = text(value) or ""
    if len(written) > clock.LONGEST:
        return None
    if found := _ISO.fullmatch(written):
        year, month, day, *rest = found.groups()
    elif found := _DOTTED.fullmatch(written):
        day, month, year, *rest = found.groups()
    else:
        return clock.parse(written)
    try:
        local = datetime(int(year), int(month), int(day), *(int(part or 0) for part in rest), tzinfo=place)
    except ValueError:
        return None
    return local.astimezone(UTC) if clock.EARLIEST.year < local.year < clock.LATEST.year else None


def walls(window: Window, place: ZoneInfo) -> tuple[datetime, datetime]:
    """(from, to) by the wall clock, in whole seconds, so that every call of the window is between them. Where clocks are
    changed inside, it is as much longer: in autumn the end may be shown earlier than the beginning."""
    ends = [window.start]
    while ends[-1] < window.end:
        ends.append(min(ends[-1] + timedelta(days=1), window.end))
    offsets = [end.astimezone(place).utcoffset() for end in ends]
    start = window.start.astimezone(UTC).replace(tzinfo=None, microsecond=0) + min(offsets)
    end = window.end.astimezone(UTC).replace(tzinfo=None, microsecond=0) + max(offsets)
    return start, end + SECOND
