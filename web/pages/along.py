"""Rows along time: the days, hours, weeks or months from the first to the last, those without a row among them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from lib import zones

Row = Mapping[str, Any]
MOST = 2_000  # that a browser is given to draw


@dataclass(frozen=True)
class Axis:
    """What clocks on the wall show at the ``begin`` of a row's own time, and at that of the ``following`` one."""

    begin: Callable[[Row], datetime]
    following: Callable[[datetime], datetime]
    label: Callable[[datetime], str]

    def filled(self, rows: Sequence[Row]) -> list[tuple[datetime, Row]]:
        """(wall clock, row) of each, the last ``MOST``; where there is no row it is empty."""
        known = {self.begin(row): row for row in rows}
        found, wall, last = [], min(known), max(known)
        while wall <= last:
            found.append((wall, known.get(wall, {})))
            wall = self.following(wall)
        return found[-MOST:]


def _day(row: Row) -> datetime:
    return datetime.fromisoformat(row["day"])


def _monday(row: Row) -> datetime:
    year, _, week = row["week"].partition("-W")
    return datetime.combine(date.fromisocalendar(int(year), int(week), 1), time())


def _later(**step: int) -> Callable[[datetime], datetime]:
    return lambda wall: wall + timedelta(**step)


def _next_month(first: datetime) -> datetime:
    return (first + timedelta(days=31)).replace(day=1)


# By what the rows are grouped by. An hour of the day, or a weekday, is no moment: nothing begins and ends there.
AXES: Mapping[frozenset[str], Axis] = {
    frozenset({"day"}): Axis(_day, _later(days=1), "{:%Y-%m-%d}".format),
    frozenset({"day", "hour"}): Axis(
        lambda row: _day(row) + timedelta(hours=row["hour"]), _later(hours=1), "{0:%Y-%m-%d} {0.hour} h".format
    ),
    frozenset({"week"}): Axis(_monday, _later(days=7), "{:%G-W%V}".format),
    frozenset({"month"}): Axis(
        lambda row: datetime.fromisoformat(f"{row['month']}-01"), _next_month, "{:%Y-%m}".format
    ),
}


def axis_of(groups: Sequence[str], rows: Sequence[Row]) -> Axis | None:
    """None where the rows are not along time, or it is not known when one of them was."""
    axis = AXES.get(frozenset(groups))
    return axis if axis and all(row[name] is not None for row in rows for name in groups) else None


def begins(axis: Axis, walls: Sequence[datetime], tz: str) -> list[int]:
    """When each begins, and at last when the one behind them does, in seconds since 1970."""
    zone = ZoneInfo(tz)
    return [int(zones.local(wall, zone).timestamp()) for wall in (*walls, axis.following(walls[-1]))]
