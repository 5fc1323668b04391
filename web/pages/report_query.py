"""The question of a report's page: what stands in the address, and what its form offers."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from lib import clock
from lib import zones as iana
from queries.reports import of_loads
from queries.reports.base import Report
from queries.reports.counting import source_of
from queries.reports.written import plain
from queries.views.periods import span
from web.pages import zones
from web.pages.filters import Pairs, tidied

DAYS = 30  # that a page is about where nothing is asked for
_BY = "day"  # where the report has no rows of its own
FIELDS = ("connection", "campaign_id", "agent", "disposition", "flag", "connect_outcome", "number")
COMPARED = (("previous", "the period before"), ("week", "the same weekdays a week ago"))


def first(report: Report, zone: str) -> Pairs:
    """What is asked where the address asks nothing: the last days in the reader's zone."""
    since = zones.today(clock.now(), zone, DAYS - 1)[0]
    by = [] if report.own_rows or report.default_groups else [("group_by", _BY)]
    return [("since", clock.iso(since) or ""), ("tz", zone), *by]


def canonical(pairs: Pairs, zone: str) -> Pairs:
    """The query as the API takes it: without blanks, its times in UTC, its groups in one parameter."""
    given = dict(pairs)
    tz = given["tz"] if zones.known(given.get("tz", "")) else zone
    groups = list(dict.fromkeys(one for name, value in pairs if name == "group_by" for one in value.split(",") if one))
    rest = tidied([pair for pair in pairs if pair[0] != "group_by"], tz)
    rest += [] if any(name == "tz" for name, _ in rest) else [("tz", zone)]
    return rest + ([("group_by", ",".join(groups))] if groups else [])


def groups_of(report: Report) -> Sequence[str]:
    """What its rows can be grouped by; none where it makes its own."""
    if report.own_rows is not None:
        return ()
    return tuple(report.groups) if report.groups is not None else tuple(source_of(report).groups)


def fields(report: Report) -> Sequence[str]:
    """The filters that the form has fields for."""
    return [name for name in FIELDS if not report.tables or name in of_loads.FILTERS]


def kept(report: Report, pairs: Pairs) -> Pairs:
    """What the form has no field for, and stays when it is sent."""
    shown = {*fields(report), "since", "until", "tz", "zone", "group_by", "compare", "cursor", "format"}
    seen: set[str] = set()
    found = []
    for name, value in pairs:
        if name not in shown or (name in seen and name in FIELDS):
            found.append((name, value))
        seen.add(name)
    return found


def periods(pairs: Pairs, tz: str, now: datetime) -> list[tuple[str, Pairs]]:
    """Spans that are asked for often, each with the query about it."""
    rest = [pair for pair in pairs if pair[0] not in ("since", "until", "cursor")]
    begins = {days: zones.today(now, tz, days - 1)[0] for days in (7, DAYS)}
    spans: Mapping[str, tuple[datetime | None, datetime | None]] = {
        **{plain(name): span(name, tz, now) for name in ("today", "yesterday", "this_week", "last_week")},
        "7 days": (begins[7], None),
        f"{DAYS} days": (begins[DAYS], None),
        "everything": (None, None),
    }
    return [(name, [*_span(since, until), *rest]) for name, (since, until) in spans.items()]


def of_day(report: Report, pairs: Sequence[tuple[str, str]], day: str, tz: str) -> Pairs | None:
    """The hours of one day, as far as it is asked about; None where the report's rows cannot be hours."""
    if "hour" not in groups_of(report):
        return None
    given, midnight = dict(pairs), datetime.fromisoformat(day)
    since, until = (iana.local(midnight + timedelta(days=later), ZoneInfo(tz)) for later in (0, 1))
    since, until = (
        max(since, clock.parse(given.get("since")) or since),
        min(until, clock.parse(given.get("until")) or until),
    )
    rest = [pair for pair in pairs if pair[0] not in ("since", "until", "group_by")]
    return [*_span(since, until), *rest, ("group_by", "day,hour")]


def _span(since: datetime | None, until: datetime | None) -> Pairs:
    return [(name, clock.iso(at) or "") for name, at in (("since", since), ("until", until)) if at is not None]


def words(report: Report, query: Mapping[str, Any], tz: str, now: datetime) -> str:
    """The span in words."""
    since, until = begins(report, query, now), query.get("until")
    if since is None and until is None:
        return f"All that is known, on the clocks of {tz}."
    first, last = (zones.moment(at, tz, "full")[:-3] if at else None for at in (since, until))
    end = f"until {last}" if last else "on" if since and since > now else "until now"
    said = f"from {first} {end}" if first else end
    return f"{said[0].upper()}{said[1:]}, on the clocks of {tz}."


def begins(report: Report, query: Mapping[str, Any], now: datetime) -> datetime | None:
    """From when on calls are counted: later than ``since`` where the report looks back so many days only. None: all of them."""
    since: datetime | None = query.get("since")
    if report.days is None:
        return since
    first = (query.get("until") or now) - timedelta(days=report.days)
    return first if since is None else max(since, first)
