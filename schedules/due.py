"""When a schedule is due: pure. Clocks on the wall of its zone, and what becomes of them where clocks are changed.

A time that clocks do not show (an hour is left out in spring) is the first moment after the gap; one that they show twice is the
first of the two. Each of a day's times is one moment, so that two times within one gap are due once.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
# Of days that are looked at before the first: a zone that crosses the date line leaves out a whole one, and what is due then
# comes with the day after it.
BACK = 2 * DAY


@dataclass(frozen=True)
class Times:
    """At these times, in this zone, on these days: every day, days of the week (1 Monday - 7), or one day of the month, which is
    the last one where a month has fewer."""

    at: tuple[time, ...]
    zone: ZoneInfo
    weekdays: frozenset[int] = frozenset()
    month_day: int | None = None

    def on(self, day: date) -> bool:
        """Whether anything is due on the day."""
        if self.month_day is not None:
            return day.day == min(self.month_day, monthrange(day.year, day.month)[1])
        return not self.weekdays or day.isoweekday() in self.weekdays


def moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """When clocks in the zone show this, in UTC."""
    wall = datetime.combine(day, at)
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first <= second:  # once, or twice
        return first
    # Never: read by the clocks of before it lies after the gap, by those of after it before the gap.
    before, after, new = second, first, first.astimezone(zone).utcoffset()
    while after - before > SECOND:
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle <= before:
            break
        before, after = (before, middle) if middle.astimezone(zone).utcoffset() == new else (middle, after)
    return after


def following(times: Times, after: datetime) -> Iterator[datetime]:
    """Every moment at which it is due later than that, in order, without an end but that of the calendar."""
    day, last = after.astimezone(times.zone).date() - BACK, after
    while day < date.max - BACK:
        if times.on(day):
            for due in sorted({moment(day, at, times.zone) for at in times.at}):
                if due > last:
                    yield due
                    last = due
        day += DAY


def first(times: Times, after: datetime) -> datetime:
    """The first moment later than that."""
    return next(following(times, after))


def until(times: Times, begin: datetime, end: datetime) -> list[datetime]:
    """All from ``begin`` to ``end``, both among them."""
    found = []
    for due in following(times, begin - SECOND):
        if due > end:
            break
        if due >= begin:
            found.append(due)
    return found
