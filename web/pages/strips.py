"""The last 24 hours of each connection as a strip of bars, one for each hour, with the same numbers for who cannot see it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from lib import clock
from queries import hours
from queries.hours import HOUR
from web.pages import zones

HOURS = 24
HEIGHT = 44  # of a strip, in pixels
_LEAST = 2  # pixels of an hour with one call, that it may be seen


def day(reading: Session, configured: Iterable[str], now: datetime, zone: str) -> dict[str, Any]:
    """``{"since", "until", "height", "strips"}``: a strip for each connection that is configured or had calls. The last
    hour is the present one, which is not over; hours begin where clocks in the zone show a full one."""
    wall = now.astimezone(ZoneInfo(zone))
    since = now - (wall - wall.replace(minute=0, second=0, microsecond=0)) - (HOURS - 1) * HOUR
    found = hours.by_hour(reading, since, HOURS)
    names = sorted({*configured, *found})
    strips = [_strip(name, found.get(name, {}), since, zone) for name in names]
    return {"since": since, "until": since + HOURS * HOUR, "height": HEIGHT, "strips": strips}


def _strip(name: str, counted: Mapping[int, tuple[int, int]], since: datetime, zone: str) -> dict[str, Any]:
    most = max((calls for calls, _ in counted.values()), default=0)
    bars: list[dict[str, Any]] = []
    for at, (calls, connected) in sorted(counted.items()):
        begin, end = since + at * HOUR, since + (at + 1) * HOUR
        height, filled = (max(_LEAST, round(HEIGHT * count / most)) if count else 0 for count in (calls, connected))
        bars.append(
            {
                "hour": f"{_hour(begin, zone)} to {_hour(end, zone)}",
                "calls": calls,
                "connected": connected,
                "filters": {"connection": name, "since": clock.iso(begin), "until": clock.iso(end)},
                "x": f"{100 * at / HOURS:.2f}%",
                "top": HEIGHT - height,
                "height": height,
                "filled": filled,
            }
        )
    return {
        "name": name,
        "calls": sum(bar["calls"] for bar in bars),
        "connected": sum(bar["connected"] for bar in bars),
        "busiest": max(bars, key=lambda bar: bar["calls"], default=None),
        "bars": bars,
    }


def _hour(moment: datetime, zone: str) -> str:
    return zones.moment(moment, zone, "full")[11:16]
