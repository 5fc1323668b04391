"""Ringostat's windows: asked for by the wall clock of a place, as calls carry their times. Which place is not documented;
the connection says.

help.ringostat.com, "Ringostat API. Export call log".
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dialers.asking import Window
from dialers.base import Connection

SECOND = timedelta(seconds=1)
WRITTEN = "%Y-%m-%d %H:%M:%S"


def zone(connection: Connection) -> ZoneInfo:
    """The zone of the connection's dates."""
    return connection.locale.zone or ZoneInfo("UTC")


def walls(window: Window, place: ZoneInfo) -> tuple[datetime, datetime]:
    """(from, to) by the wall clock, in whole seconds, so that every call of the window is between them. Where clocks are
    changed inside, it is as much longer: in autumn the end may be shown earlier than the beginning."""
    ends = [window.start]
    while ends[-1] < window.end:
        ends.append(min(ends[-1] + timedelta(days=1), window.end))
    offsets = [end.astimezone(place).utcoffset() or timedelta(0) for end in ends]
    start = window.start.astimezone(UTC).replace(tzinfo=None, microsecond=0) + min(offsets)
    end = window.end.astimezone(UTC).replace(tzinfo=None, microsecond=0) + max(offsets)
    return start, end + SECOND
