"""Periods that move with the day, for a view that is asked again and again: ``last_month`` is another one each month."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lib import zones

_DAY = timedelta(days=1)


def _month(day: date, back: int = 0) -> date:
    """The first day of the month, ``back`` months before."""
    months = day.year * 12 + day.month - 1 - back
    return date(months // 12, months % 12 + 1, 1)


def _week(day: date) -> date:
    return day - day.weekday() * _DAY


# From the first day to before the last; those with "last" end when today began.
PERIODS: Mapping[str, Callable[[date], tuple[date, date]]] = {
    "today": lambda day: (day, day + _DAY),
    "yesterday": lambda day: (day - _DAY, day),
    "this_week": lambda day: (_week(day), _week(day) + 7 * _DAY),
    "last_week": lambda day: (_week(day) - 7 * _DAY, _week(day)),
    "this_month": lambda day: (_month(day), _month(day, -1)),
    "last_month": lambda day: (_month(day, 1), _month(day)),
    "last_7_days": lambda day: (day - 7 * _DAY, day),
    "last_30_days": lambda day: (day - 30 * _DAY, day),
    "last_90_days": lambda day: (day - 90 * _DAY, day),
    "last_365_days": lambda day: (day - 365 * _DAY, day),
}


def span(name: str, tz: str, now: datetime) -> tuple[datetime, datetime]:
    """When the period of that name begins and ends, on the clocks of the zone."""
    zone = ZoneInfo(tz)
    first, behind = PERIODS[name](now.astimezone(zone).date())
    begin, end = (zones.local(datetime.combine(day, time()), zone) for day in (first, behind))
    return begin, end
