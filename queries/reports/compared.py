"""What a report is compared with: the period before, the same weekdays of the week before, or any span of days; each to the same
hour, so that a morning is not compared with a whole day."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select

from lib import zones
from models import CallOutcome, LoadedLead
from models.database import AnyColumn
from queries.days import day_number, day_text, week_number, week_text
from queries.reports import of_loads
from queries.reports.base import Asked, Figure, Found, Report, Rows, WrongQuestion
from queries.reports.counting import PLACES
from queries.reports.groups import order
from queries.reports.history import OF_THE_LEAD
from queries.selection import conditions

PREVIOUS, WEEK = "previous", "week"
NOT_KNOWN = "Nothing is known of that time."
_SPAN = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True)
class Before:
    """The other period, and by how many days its days stand before those that they are compared with."""

    since: datetime
    until: datetime
    days: int

    def shown(self) -> dict[str, Any]:
        return {"since": self.since, "until": self.until}


def before(asked: Asked, compare: str) -> Before:
    """The period that ``compare`` means. Raises WrongQuestion."""
    found = _before(asked, compare)
    if "month" in asked.group_by:
        raise WrongQuestion("group_by", "Months differ in length; compare them without grouping by `month`.")
    if "week" in asked.group_by and found.days % 7:
        raise WrongQuestion("compare", "Weeks are compared with weeks: the two periods must be whole weeks apart.")
    return found


def _before(asked: Asked, compare: str) -> Before:
    zone = zones.named(asked.tz)
    since, end = asked.filters.get("since"), asked.filters.get("until") or asked.now
    if since is None:
        raise WrongQuestion("compare", "Say with `since` what is compared.")
    until = min(end, asked.now)
    if until <= since:
        raise WrongQuestion("compare", "The period has not begun, so there is nothing to compare.")

    def shifted(moment: datetime, days: int) -> datetime:
        return zones.local(moment.astimezone(zone).replace(tzinfo=None) - timedelta(days=days), zone)

    if compare == WEEK:
        days = 7
    elif compare == PREVIOUS:
        wall = end.astimezone(zone).replace(tzinfo=None) - since.astimezone(zone).replace(tzinfo=None)
        days = -(-wall // timedelta(days=1))  # a day that has begun counts as one
        if wall % timedelta(days=1) and asked.filters.get("until") is not None:
            return Before(since - (end - since), since - (end - until), days)
    else:
        first, last = _days(compare)
        begins = zones.local(datetime.combine(first, time()), zone)
        behind = zones.local(datetime.combine(last + timedelta(days=1), time()), zone)
        days = (since.astimezone(zone).date() - first).days
        return Before(begins, min(behind, shifted(until, days)) if days else behind, days)
    return Before(shifted(since, days), shifted(until, days), days)


def _days(compare: str) -> tuple[date, date]:
    found = _SPAN.fullmatch(compare)
    try:
        first, last = (date.fromisoformat(day) for day in found.groups()) if found else (None, None)
    except ValueError:
        first = last = None
    if first is None or last is None or last < first:
        raise WrongQuestion("compare", "Write `previous`, `week` or a span of days, such as 2026-10-01..2026-10-31.")
    return first, last


def first_known(asked: Asked, report: Report) -> datetime | None:
    """When the first call, or loaded lead, of these connections was; None where there is none."""
    alike = {name: value for name, value in asked.filters.items() if name in OF_THE_LEAD}
    moment: AnyColumn = LoadedLead.sent_at if report.tables else CallOutcome.occurred_at
    wanted = of_loads.conditions(replace(asked, filters=alike)) if report.tables else conditions(alike)
    ((found,),) = asked.session.execute(select(func.min(moment)).where(*wanted))
    first: datetime | None = found
    return first


def note(other: Before, first: datetime | None, report: Report, tz: str) -> str | None:
    """That the other period began before anything was known, where it did."""
    what = "loaded lead" if report.tables else "call"
    if first is None:
        return f"No {what} is known here: of that time, nothing is known."
    if first <= other.since:
        return None
    at = f"{first.astimezone(zones.named(tz)):%Y-%m-%d %H:%M:%S} ({tz})"
    return f"The first {what} that is known here was at {at}: of the time before, nothing is known."


def compared(report: Report, found: Found, other: Found, days: int, unknown: bool = False) -> Found:
    """The rows and totals with ``<figure>_before`` and ``<figure>_change``. Rows are those of either period; of a report in
    pages they are calls or numbers, and stay as they are. ``unknown``: nothing is known of the other one."""
    all_figures = [figure for figure in report.figures if not figure.hidden and figure.unit != "word"]
    figures = _names(figure for figure in all_figures if not figure.of_totals)
    counts = _names(figure for figure in all_figures if figure.calls or figure.leads or figure.total)
    known = {_key(row, figures): row for row in found.rows}

    def lacking(period: Found, row: dict[str, Any]) -> dict[str, Any]:
        """The figures of a row that the period has not."""
        shown = {name: row[name] for name in figures if name in row}
        if period.withheld is not None:
            return {**dict.fromkeys(shown), "reasons": dict.fromkeys(shown, period.withheld)}
        return {name: _nothing(name, figure, counts) for name, figure in shown.items()}

    def not_known(row: dict[str, Any]) -> dict[str, Any]:
        why = {figure.name: NOT_KNOWN for figure in all_figures if figure.name != "limit"}
        return {name: _not_known(name, row[name]) for name in _names(all_figures) if name in row} | {"reasons": why}

    def beside(row: dict[str, Any], earlier: dict[str, Any] | None, names: list[str]) -> dict[str, Any]:
        return _beside(row, not_known(row) if unknown else lacking(other, row) if earlier is None else earlier, names)

    totals = beside(found.totals, other.totals, _names(all_figures))
    if report.paged is not None:
        return replace(found, totals=totals)
    earlier: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in other.rows:
        under = moved(row, days)
        earlier[_key(under, figures)] = under
    shown = {key: beside(row, earlier.get(key), figures) for key, row in known.items()}
    for key, row in earlier.items():
        if key not in known:
            labels = {name: value for name, value in row.items() if not _is_figure(name, figures)}
            shown[key] = beside(labels | lacking(found, row), row, figures)
    rows: Rows = [shown[key] for key in sorted(shown, key=order)]  # those of the other period alone in their places
    return Found(rows, totals, found.next, found.more)


def _names(figures: Iterable[Figure]) -> list[str]:
    """Under which rows show them."""
    return list(dict.fromkeys(figure.inside or figure.name for figure in figures))


def _is_figure(name: str, figures: list[str]) -> bool:
    return name in figures or name in ("reasons", "limit", "state")


def _key(row: dict[str, Any], figures: list[str]) -> tuple[Any, ...]:
    names = ("campaign_name", "agent_name", "queue_name")  # a name is only shown; where there is no id it is the key
    return tuple(
        value
        for name, value in row.items()
        if not _is_figure(name, figures)
        and not (name in names and row.get(name.replace("_name", "_id"), row.get("agent")))
    )


def moved(row: Mapping[str, Any], days: int) -> dict[str, Any]:
    """The row under the day, or week, that it is compared with; with so many days less, under the one that it was."""
    found = dict(row)
    if found.get("day"):
        found["day"] = day_text(day_number(found["day"]) + days)
    if found.get("week"):
        found["week"] = week_text(week_number(found["week"]) + days)
    return found


def _beside(row: dict[str, Any], earlier: dict[str, Any], figures: list[str]) -> dict[str, Any]:
    found = dict(row)
    before = {f"{name}_before": why for name, why in earlier.get("reasons", {}).items()}
    if before:
        found["reasons"] = row.get("reasons", {}) | before
    for name in figures:
        if name not in row:
            continue
        now = row[name]
        then = earlier.get(name)
        found[f"{name}_before"] = then
        found[f"{name}_change"] = _change(now, then)
    return found


def _nothing(name: str, figure: Any, counts: list[str]) -> Any:
    """What the figure is where there are no calls: of a count 0, of a rate, a mean or a median nothing; a limit stays what it
    is."""
    if name == "limit":
        return figure
    if name not in counts:
        return None
    return dict.fromkeys(figure, 0) if isinstance(figure, dict) else 0


def _not_known(name: str, figure: Any) -> Any:
    if name == "limit":
        return figure
    return dict.fromkeys(figure) if isinstance(figure, dict) else None


def _change(now: Any, then: Any) -> Any:
    if now is None or then is None:
        return None
    if isinstance(now, dict):
        return {name: _change(one, then.get(name)) for name, one in now.items()}
    return round(now - then, PLACES) if isinstance(now - then, float) else now - then
