"""Places, and what a clock on a wall there showed. A zone's abbreviation is read where the place makes it certain, and
nowhere else: IST is three zones of the world, and CST is at least as many."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib import resources
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones


class Locale(NamedTuple):
    """Where times were written down. ``day_first``: in a date with slashes or dashes and the year at its end; None where
    nobody has said it."""

    zone: ZoneInfo | None = None
    country: str | None = None
    day_first: bool | None = None


NOWHERE = Locale()
# Places whose telephones have another country's code: the Crimea's are Russian, those of northern Cyprus Turkish.
NUMBERED_ELSEWHERE = frozenset({"Europe/Simferopol", "Asia/Famagusta"})
_STEP = timedelta(days=1)  # no zone has changed its clocks twice within a day
PSEUDO = ("localtime", "posixrules", "Factory")  # the machine's own


@lru_cache(maxsize=1)
def names() -> frozenset[str]:
    """Every IANA zone. Kept, because asking reads the whole zone database, which takes some milliseconds."""
    return frozenset(available_timezones()) - {*PSEUDO}


def known(name: str) -> bool:
    """Whether that is an IANA time zone; the machine's own pseudo-zones are none."""
    return name in names()


def named(name: str) -> ZoneInfo | None:
    """The zone of that IANA name, ``Europe/Kyiv``; None where there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def local(wall: datetime, zone: ZoneInfo | None) -> datetime:
    """The moment, in UTC, at which clocks in the zone showed this; without a zone, UTC's.

    In the hour that is shown twice in autumn it is the first of the two: nothing tells which, and calls of the second are
    then shown an hour early. In the hour that is left out in spring it is what a clock that was not changed showed.
    """
    return wall.replace(tzinfo=UTC) if zone is None else wall.replace(tzinfo=zone).astimezone(UTC)


def abbreviated(wall: datetime, abbreviation: str, locale: Locale) -> datetime | None:
    """The moment at which clocks showed this in the zone that the locale calls so on that day: by the locale's zone, else by
    those of its country, where all that use the abbreviation then agree. None where that leaves a doubt."""
    if locale.zone and (found := _called(wall, abbreviation, locale.zone)):
        return found
    zones = _of_country(locale.country) if locale.country else ()
    moments = {at for zone in zones if (at := _called(wall, abbreviation, zone))}
    return moments.pop() if len(moments) == 1 else None


def _called(wall: datetime, abbreviation: str, zone: ZoneInfo) -> datetime | None:
    # Both readings of the hour that is shown twice: the abbreviation tells them apart.
    for fold in (0, 1):
        at = wall.replace(tzinfo=zone, fold=fold)
        if at.tzname() == abbreviation:
            return at.astimezone(UTC)
    return None


@lru_cache(maxsize=300)
def _of_country(country: str) -> tuple[ZoneInfo, ...]:
    """The zones of a country (ISO 3166), by the zone database's own table."""
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    rows = [line.split("\t") for line in table.splitlines() if not line.startswith("#")]
    return tuple(zone for row in rows if row[0] == country and (zone := named(row[2])) is not None)


@lru_cache(maxsize=2_000)
def changes(name: str, since: datetime, until: datetime) -> tuple[tuple[datetime, int], ...]:
    """(from when, the offset from UTC in seconds) for every change of the zone's clocks between the two moments, which are
    aware; the first begins at ``since``. Found by looking at each day and then by halves: zoneinfo tells offsets, not changes."""
    zone = ZoneInfo(name)

    def offset(at: datetime) -> int:
        found = at.astimezone(zone).utcoffset()
        return int(found.total_seconds()) if found is not None else 0

    found = [(since, offset(since))]
    at = since
    while at < until:
        following = min(at + _STEP, until)
        now = offset(following)
        if now != found[-1][1]:
            low, high = at, following
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) / 2
                low, high = (low, middle) if offset(middle) != found[-1][1] else (middle, high)
            found.append((high.replace(microsecond=0), now))
        at = following
    return tuple(found)


@lru_cache(maxsize=300)
def shared(countries: tuple[str, ...], since: datetime, until: datetime) -> tuple[tuple[datetime, int], ...] | None:
    """``changes`` of the clocks that whoever has a telephone number of these countries sees; None where they differ between the
    two moments, and where there are none."""
    found = None
    for zone in dict.fromkeys(zone.key for country in countries for zone in _of_country(country)):
        if zone in NUMBERED_ELSEWHERE:
            continue
        own = changes(zone, since, until)
        if found is not None and own != found:
            return None
        found = own
    return found
