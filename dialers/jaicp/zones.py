"""``gmtZone``, the customer's time zone, in the forms that JAICP documents for it ("Adding phone numbers to the campaign")."""

import re
from functools import lru_cache
from zoneinfo import available_timezones

from dialers.giving import Refused

_OFFSET = re.compile(
    r"(?P<prefix>UTC|GMT|UT)?(?P<sign>[+-])"
    r"(?:(?P<hour>\d{1,2})|(?P<h>\d{2})(?P<colon>:?)(?P<m>[0-5]\d)(?:(?P=colon)(?P<s>[0-5]\d))?)",
    re.ASCII,
)
WESTERNMOST, EASTERNMOST = -12 * 3600, 14 * 3600  # seconds; nobody lives beyond these
FORMS = "Z, an offset such as +3, +03:00, -0530 or UTC+03:00, or an IANA zone such as Europe/Prague"


def gmt_zone(zone: str) -> str:
    """The zone in a documented form: as it was given, but for hours behind UTC without minutes, which JAICP documents for
    those before it only. Raises Refused for what is no zone: somebody would be called at night."""
    if zone == "Z" or zone in _named():
        return zone
    match = _OFFSET.fullmatch(zone)
    if match is None:
        raise Refused("timezone", f"Not a time zone: {FORMS}.")
    hours, minutes, seconds = (int(match[part] or 0) for part in ("h", "m", "s"))
    hours = int(match["hour"]) if match["hour"] else hours
    offset = (hours * 3600 + minutes * 60 + seconds) * (-1 if match["sign"] == "-" else 1)
    if not WESTERNMOST <= offset <= EASTERNMOST:
        raise Refused("timezone", "There is no time zone so far from UTC.")
    if match["hour"] and match["sign"] == "-":
        return f"{match['prefix'] or ''}-{hours:02}:00"
    return zone


@lru_cache(maxsize=1)
def _named() -> frozenset[str]:
    """Places, and zones that were named. Not ``Factory``, which says that nobody has set a zone, nor the names in small
    letters: the machine's own time (``localtime``) and copies for other ways of counting (``posix/...``)."""
    return frozenset(name for name in available_timezones() if name[0].isupper() and name != "Factory")
