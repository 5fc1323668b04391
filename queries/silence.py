"""Whether a connection is silent: its usual pace is learned per hour of the week, and a silence is judged by it.

A silence is the time since the last rightful callback. How many callbacks should have come in it is added up hour by hour:
what came in the same hours of the last four weeks; where a connection is younger than a week, in the same hours of the last
days; where it is younger than a day, what came within the hour before the silence. Where ten should have come and none did,
that is no quiet hour. Where the settings say ``expect_every``, that alone counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from dialers.base import Connection
from lib import clock
from models import CallbackHour, CallbackPace
from outcomes.callback_pace import HOUR, WEEKS, hour_of

MISSED = 10  # of a random stream with this much to be expected, one silence in 20,000 is chance
SHORTEST = timedelta(minutes=3)  # callbacks come in bunches
DAYS = 6  # looked back to, for the same hour of the day; ``WEEKS`` for that of the week
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
LONGEST = timedelta(days=14)  # of a silence is looked through, from its beginning: by then everybody knows

Pace = tuple[datetime, dict[datetime, int]]  # when the first callback came, hour -> callbacks


@dataclass(frozen=True)
class Silence:
    """A connection that says nothing although it should. ``missed``: how many callbacks were to be expected; None where
    the settings say how often one comes, and where it is too young for anything to be usual: then ``before`` says how many
    came within what time before the silence."""

    since: datetime
    age: timedelta
    missed: int | None = None
    expect_every: timedelta | None = None
    before: tuple[int, timedelta] | None = None

    @property
    def words(self) -> str:
        if self.expect_every is not None:
            return f"No callback for {clock.span(self.age)}; the settings expect one every {clock.span(self.expect_every)}."
        if self.before is not None:
            came, within = self.before
            return f"No callback for {clock.span(self.age)}; {came:,} came in the {clock.span(within)} before."
        time = "that time" if self.age <= LONGEST else f"its first {clock.span(LONGEST)}"
        return f"No callback for {clock.span(self.age)}; about {self.missed} were to be expected in {time}."


# Judging, pure ---------------------------------------------------------------------------------------------------------
def silence(
    connection: Connection, last: datetime, first: datetime | None, hours: Mapping[datetime, int], now: datetime
) -> Silence | None:
    """The silence since ``last``, None where nothing is amiss. ``hours``: how many callbacks came in which hour since
    ``first``."""
    age = now - last
    if connection.expect_every is not None:
        return Silence(last, age, expect_every=connection.expect_every) if age > connection.expect_every else None
    if first is None or age < SHORTEST:
        return None
    missed = expected(hours, first, last, last, min(now, last + LONGEST))
    if missed < MISSED:
        return None
    if last - first < DAY:  # a burst of the first day is no pace: what came is said, and no more
        begun, came = _before(hours, first, last)
        return Silence(last, age, before=(came, max(last - begun, timedelta(minutes=1))))
    return Silence(last, age, round(missed))


def expected(hours: Mapping[datetime, int], first: datetime, last: datetime, since: datetime, until: datetime) -> float:
    """How many callbacks usually come between ``since`` and ``until``, judged by what came between ``first`` and ``last``."""
    total, at = 0.0, since
    while at < until:
        hour = hour_of(at)
        end = min(until, hour + HOUR)
        total += _usual(hours, first, last, hour) * ((end - at) / HOUR)
        at = end
    return total


def _usual(hours: Mapping[datetime, int], first: datetime, last: datetime, hour: datetime) -> float:
    """How many come in an hour such as this one."""
    for step, most in ((WEEK, WEEKS), (DAY, DAYS)):
        same = [hour - step * back for back in range(1, most + 1)]
        # Hours that the connection was there for from beginning to end; the silence itself teaches nothing.
        seen = [hours.get(one, 0) for one in same if one >= first and one + HOUR <= last]
        if seen:
            return sum(seen) / len(seen)
    begun, came = _before(hours, first, last)
    return came / max((last - begun) / HOUR, 1 / 12)


def _before(hours: Mapping[datetime, int], first: datetime, last: datetime) -> tuple[datetime, int]:
    """(a moment in the hours before the silence, how many came since then)."""
    this = hour_of(last)
    return max(first, this - HOUR), hours.get(this, 0) + hours.get(this - HOUR, 0)


def paces(session: Session, names: Iterable[str]) -> dict[str, Pace]:
    """For those connections whose callbacks have been counted."""
    names = sorted(names)
    began = select(CallbackPace.connection, CallbackPace.since).where(CallbackPace.connection.in_(names))
    found: dict[str, Pace] = {name: (since, {}) for name, since in session.execute(began)}
    counted = select(CallbackHour.connection, CallbackHour.hour, CallbackHour.callbacks)
    counted = counted.where(CallbackHour.connection.in_(names))
    for name, hour, callbacks in session.execute(counted):
        if name in found:
            found[name][1][hour] = callbacks
    return found
