"""What a report is asked, in plain Python: which calls it is about, and in which groups they are."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dialers.vocabulary import FLAGS
from queries.reports.base import Limits

Calls = list[dict[str, Any]]
AGENT = ("agent_id", "agent_username", "agent_name", "agent_number", "agent_extension", "agent_email")
DAY = timedelta(days=1)


@dataclass
class Question:
    filters: dict[str, Any]
    group_by: list[str]
    tz: str
    now: datetime
    tables: dict[str, dict[str, Any]]  # connection -> its dispositions
    silent: tuple[str, ...] = ()  # connections that state none
    limits: Limits = field(default_factory=Limits)
    by_customer: bool = False


def place(call):
    return call["occurred_at"], str(call["id"])


def lead(call):
    if call["lead_id"] is not None:
        return call["connection"], "lead", call["lead_id"]
    return (call["connection"], "number", call["customer_number"]) if call["customer_number"] is not None else None


def matches(call, filters) -> bool:
    for name, wanted in filters.items():
        if wanted is None:
            continue
        at = call["changed_at"] if name == "changed_since" else call["occurred_at"]
        if name in ("since", "changed_since"):
            holds = at >= wanted
        elif name == "until":
            holds = at < wanted
        elif name == "flag":
            holds = any(flag in call["flags"] for flag in wanted)
        elif name == "agent":
            holds = any(call[one] in wanted for one in AGENT)
        elif name == "number":
            holds = call["customer_number"] in wanted
        elif name == "is_final":
            holds = call["is_final"] is wanted
        else:
            holds = call[name] in wanted
        if not holds:
            return False
    return True


def matching(calls: Calls, asked: Question) -> Calls:
    return [call for call in calls if call["merged_into"] is None and matches(call, asked.filters)]


_KEPT: list[tuple[Calls, Calls]] = []  # of the calls that were asked about last


def history(calls: Calls) -> Calls:
    if not _KEPT or _KEPT[0][0] is not calls:
        _KEPT[:] = [(calls, _history(calls))]
    return _KEPT[0][1]


def _history(calls: Calls) -> Calls:
    return sorted((call for call in calls if call["merged_into"] is None), key=place)


ONE_CLOCK = {"+91": "Asia/Kolkata", "+380": "Europe/Kyiv", "+977": "Asia/Kathmandu"}


def wall(call, asked: Question) -> datetime | None:
    name = asked.tz
    if asked.by_customer:
        number = call["customer_number"] or ""
        name = next((zone for code, zone in ONE_CLOCK.items() if number.startswith(code)), None)
    return call["occurred_at"].astimezone(ZoneInfo(name)) if name else None


def _week(at: datetime) -> str:
    year, week, _ = at.isocalendar()
    return f"{year}-W{week:02}"


CLOCK: dict[str, Callable[[datetime], Any]] = {
    "day": lambda at: at.date().isoformat(),
    "hour": lambda at: at.hour,
    "weekday": lambda at: at.isoweekday(),
    "week": _week,
    "month": lambda at: f"{at.year}-{at.month:02}",
}


def keys(call, name: str, asked: Question) -> list[tuple]:
    """The groups of a kind that the call is in; each as what is grouped by."""
    if name in CLOCK:
        at = wall(call, asked)
        return [(CLOCK[name](at) if at else None,)]
    if name == "flag":
        return [(flag,) for flag in FLAGS if flag in call["flags"]] or [(None,)]
    if name in ("campaign", "queue"):
        known = call[f"{name}_id"]
        return [(known, call[f"{name}_name"] if known is None else None)]
    if name == "agent":
        return [(next((call[one] for one in AGENT if call[one] is not None), None),)]
    return [(call[name],)]


def labels(name: str, key: tuple, some: Calls) -> dict[str, Any]:
    if name in ("campaign", "queue", "agent"):
        shown = {"agent": ("agent", "agent_name")}.get(name, (f"{name}_id", f"{name}_name"))
        return {
            shown[0]: key[0],
            shown[1]: _name(shown[1], some) or (_name("agent_username", some) if name == "agent" else None),
        }
    return {name: key[0]}


def _name(field: str, some: Calls) -> Any:
    return max((call[field] for call in some if call[field] is not None), default=None)


def grouped(some: Calls, asked: Question, group_by: list[str]) -> list[tuple[dict, Calls]]:
    found: dict[tuple, Calls] = defaultdict(list)
    for call in some:
        combined: list[tuple] = [()]
        for name in group_by:
            combined = [(*key, own) for key in combined for own in keys(call, name, asked)]
        for key in combined:
            found[key].append(call)

    def order(key):
        return [(part is None, 0 if part is None else part) for own in key for part in own]

    rows = []
    for key in sorted(found, key=order):
        label = {}
        for name, own in zip(group_by, key, strict=True):
            label |= labels(name, own, found[key])
        rows.append((label, found[key]))
    return rows
