"""The reader's time zone, kept in a cookie: for every time that a page shows, and for what "today" is."""

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from flask import request

from lib import clock
from lib import zones as iana

COOKIE = "wrapup_zone"


def chosen() -> str:
    """The IANA name of the reader's zone; UTC until one is chosen."""
    name = request.cookies.get(COOKIE, "UTC")
    return name if known(name) else "UTC"


def known(name: str) -> bool:
    return iana.known(name)


@lru_cache(maxsize=1)
def all_known() -> list[str]:
    return sorted(iana.names())


def today(now: datetime, name: str, back: int = 0) -> tuple[datetime, datetime]:
    """When the day of ``now`` begins in the zone, and when the next one does; or of so many days ``back``."""
    zone = ZoneInfo(name)
    day = now.astimezone(zone).date() - timedelta(days=back)  # not so many times 24 hours: clocks may have been changed
    begin, end = (datetime.combine(date, time(), zone).astimezone(UTC) for date in (day, day + timedelta(days=1)))
    return begin, end


def moment(value: datetime | str | None, name: str, form: str = "auto") -> str:
    """A time in the zone: ``15:42:52``, with its date where that is not today; ``form="full"`` always has the date."""
    at = clock.parse(value) if isinstance(value, str) else value
    if at is None:
        return "–"
    local = at.astimezone(ZoneInfo(name))
    short = form == "auto" and local.date() == clock.now().astimezone(ZoneInfo(name)).date()
    return local.strftime("%H:%M:%S" if short else "%Y-%m-%d %H:%M:%S")


def exact(value: datetime | str | None) -> str:
    """The time as the API writes it, for machines and tooltips."""
    return (value if isinstance(value, str) else clock.iso(value)) or ""


FILTERS = (moment, exact)
