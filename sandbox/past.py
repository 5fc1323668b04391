"""When a dialer was at work in the days before now: the same moments whenever it is asked, so that a sandbox that was started
again tells the same past."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

OPENS, CLOSES = 8, 18  # office hours, in UTC
SATURDAY, SUNDAY = 5, 6
STILL_GOING = timedelta(minutes=40)  # what began less than this ago may not be over


def moments(now: datetime, days: int, calls_a_day: int) -> Iterator[tuple[datetime, random.Random]]:
    """(when a call begins, its own dice) of so many days before today and of today, the earliest day first. A third of the
    calls on Saturdays, none on Sundays."""
    today = now.astimezone(UTC).date()
    for day in (today - timedelta(days=ago) for ago in range(days if days else -1, -1, -1)):
        opened = datetime.combine(day, time(OPENS), UTC)
        for index in range(_calls(day.weekday(), calls_a_day)):
            dice = random.Random(f"{day} {index}")
            at = opened + timedelta(seconds=round(dice.uniform(0, (CLOSES - OPENS) * 3600), 3))
            if at < now - STILL_GOING:
                yield at, dice


def _calls(weekday: int, usual: int) -> int:
    return 0 if weekday == SUNDAY else usual // 3 if weekday == SATURDAY else usual
