"""What reports must say, worked out in plain Python from a list of calls: written from the definitions, and not from the SQL.

``answer(name, calls, question)`` gives the rows and the totals of a report, without the sentences of ``reasons``.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
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


# Groups


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


# Figures


def rate(part, whole):
    return round(part / whole, 4) if whole else None


def count(some, holds) -> int:
    return sum(1 for call in some if holds(call))


def final(call):
    return call["is_final"]


def connected(call):
    return call["connect_outcome"] == "connected"


def contact(call):
    return "contact" in call["flags"]


def human(call):
    return connected(call) and call["answered_by"] not in ("machine", "fax")


def unknown_meaning(some: Calls, asked: Question) -> bool:
    """Whether nobody knows what any disposition of the calls means."""
    if some and all(call["connection"] in asked.silent and call["disposition"] is None for call in some):
        return True
    told = [call for call in some if call["disposition"] is not None]

    def decided(call):
        table = asked.tables.get(call["connection"], {})
        return bool(call["flags"]) or (call["disposition"] in table and not table[call["disposition"]])

    return any(of and not any(map(decided, of)) for of in (told, list(filter(connected, told))))


def unknown_talk(some: Calls) -> bool:
    """Whether there were conversations, and of none it is known how long it was."""
    told = [call["talk_seconds"] for call in some if connected(call)]
    return bool(told) and all(one is None for one in told)


def percentile(values: list[int], share: float):
    return sorted(values)[max(0, ceil(share * len(values)) - 1)] if values else None


def wrap(call):
    if call["disposed_at"] is None or call["ended_at"] is None:
        return None
    seconds = (call["disposed_at"] - call["ended_at"]) // timedelta(seconds=1)
    return seconds if call["disposed_at"] >= call["ended_at"] and seconds < 3600 else None


def attempts(some, asked, calls):
    return {"attempts": len(some)}


def attempts_per_lead(some, asked, calls):
    with_lead = [call for call in some if lead(call)]
    leads = {lead(call) for call in with_lead}
    return {
        "attempts": len(some),
        "without_lead": len(some) - len(with_lead),
        "leads": len(leads),
        "attempts_per_lead": rate(len(with_lead), len(leads)),
    }


def connect_rate(some, asked, calls):
    parts = {"final": count(some, final), "connected": count(some, connected)}
    return parts | {"connect_rate": rate(parts["connected"], parts["final"])}


def contact_rate(some, asked, calls):
    contacts = count(some, contact)
    leads, contacted = ({lead(one) for one in of if lead(one)} for of in (some, filter(contact, some)))
    disposed = [call for call in some if connected(call) and call["disposition"] is not None]
    unmapped = [
        call
        for call in disposed
        if not call["flags"] and asked.tables.get(call["connection"], {}).get(call["disposition"]) != ()
    ]
    found = {
        "contacts": contacts,
        "per_call": rate(contacts, count(some, final)),
        "per_conversation": rate(contacts, count(some, connected)),
        "per_lead": rate(len(contacted), len(leads)),
    }
    if unknown_meaning(some, asked):
        found = dict.fromkeys(found)
    return found | {"unmapped_share": rate(len(unmapped), len(disposed))}


_FIRSTS: list[tuple[Calls, set]] = []


def _contacted_first(calls: Calls) -> set:
    if not _FIRSTS or _FIRSTS[0][0] is not calls:
        firsts: dict = {}
        for call in history(calls):
            firsts.setdefault(lead(call), call)
        _FIRSTS[:] = [(calls, {one for one, call in firsts.items() if contact(call)})]
    return _FIRSTS[0][1]


def first_attempt_contact(some, asked, calls):
    leads = {lead(call) for call in some if lead(call)}
    good = leads & _contacted_first(calls)
    found = {"leads": len(leads), "contacted_first": len(good), "rate": rate(len(good), len(leads))}
    return found | ({"contacted_first": None, "rate": None} if unknown_meaning(some, asked) else {})


def best_time(some, asked, calls):
    found = {"final": count(some, final), "connected": count(some, connected), "contacts": count(some, contact)}
    for name, part in (("connect_rate", "connected"), ("contact_rate", "contacts")):
        enough = found["final"] >= asked.limits.min_calls
        found[name] = rate(found[part], found["final"]) if enough else None
    return found | ({"contacts": None, "contact_rate": None} if unknown_meaning(some, asked) else {})


def abandon_rate(some, asked, calls):
    until = asked.filters.get("until") or asked.now
    some = [call for call in some if until - 30 * DAY <= call["occurred_at"] < until]
    abandoned = count(some, lambda call: call["connect_outcome"] == "abandoned")
    humans = count(some, human)
    share, limit = rate(abandoned, abandoned + humans), asked.limits.abandon_limit
    state = None if share is None else "over" if share > limit else "near" if share >= limit * 5 / 6 else "ok"
    of_final = rate(abandoned, count(some, final))
    found = {"abandoned": abandoned, "humans": humans, "abandon_rate": share, "of_final": of_final}
    return found | {"limit": limit, "state": state}


def machine_rate(some, asked, calls):
    machines = count(some, lambda call: call["connect_outcome"] == "voicemail")
    live = count(some, lambda call: call["connect_outcome"] in ("connected", "abandoned"))
    found = {"machines": machines, "live": live, "machine_rate": rate(machines, machines + live)}
    return (
        found if machines or not some else found | {"machines": None, "machine_rate": None}
    )  # none of these tells of them


def times(some, asked, calls):
    talk = [(call["talk_seconds"] if connected(call) else None, call["ring_seconds"], wrap(call)) for call in some]
    columns = {
        "talk": [one for one, _, _ in talk if one is not None],
        "ring": [one for _, one, _ in talk if one is not None],
        "wrap": [one for _, _, one in talk if one is not None],
        "handling": [one + other for one, _, other in talk if one is not None and other is not None],
    }
    found = {}
    for name, values in columns.items():
        found[f"{name}_mean"] = rate(sum(values), len(values))
        found[f"{name}_median"] = percentile(values, 0.5)
        found[f"{name}_p90"] = percentile(values, 0.9)
    return found


def agents(some, asked, calls):
    wraps = [wrap(call) for call in some if wrap(call) is not None]
    contacts, sales = count(some, contact), count(some, lambda call: "sale" in call["flags"])
    enough = len(some) >= asked.limits.min_calls
    found = {
        "calls": len(some),
        "conversations": count(some, human),
        "contacts": contacts,
        "sales": sales,
        "talk_seconds": None if unknown_talk(some) else sum(call["talk_seconds"] or 0 for call in some),
        "wrap_mean": rate(sum(wraps), len(wraps)),
        "sales_per_contact": rate(sales, contacts) if enough else None,
        "undisposed": count(some, lambda call: final(call) and connected(call) and call["disposition"] is None),
    }
    unknown = dict.fromkeys(("contacts", "sales", "sales_per_contact"))
    return found | (unknown if unknown_meaning(some, asked) else {})


def may_still_move(some, asked, calls):
    provisional = count(some, lambda call: call["settling"] == "provisional")
    awaiting = count(some, lambda call: call["settling"] == "awaiting_disposition")
    first = {"connected": 0, "contacts": 0}
    for call in some:
        if call["changed_at"] - call["occurred_at"] <= DAY:
            shown, reached = call["connect_outcome"], contact(call)
        else:
            shown, reached = call["stood_connect_outcome"], call["stood_contact"]
            if shown is None:
                first = dict.fromkeys(first)
        if None not in first.values():
            first["connected"] += shown == "connected"
            first["contacts"] += reached
    now = {"connected": count(some, connected), "contacts": count(some, contact)}
    if unknown_meaning(some, asked):
        first["contacts"] = now["contacts"] = None
    share = rate(provisional + awaiting, len(some))
    found = {"provisional": provisional, "awaiting": awaiting, "share": share}
    return found | {"first_shown": first, "now": now}


Rows = list[dict[str, Any]]
FIGURES: dict[str, Callable] = {
    one.__name__: one
    for one in (attempts, attempts_per_lead, connect_rate, contact_rate, first_attempt_contact)
    + (abandon_rate, machine_rate, times, agents, may_still_move)
}
DEFAULT_GROUPS = {"may_still_move": ["day"], "abandon_rate": ["campaign"], "agents": ["agent"]}
LAST_DAYS = {"abandon_rate": 30}  # whose rows are of these days alone


def answer(name: str, calls: Calls, asked: Question) -> tuple[Rows, dict[str, Any]]:
    some = matching(calls, asked)
    if name not in FIGURES:
        from tests.queries.reports.own_rows import ANSWERS

        return ANSWERS[name](some, asked, calls)
    if name in LAST_DAYS:
        until = asked.filters.get("until") or asked.now
        some = [call for call in some if until - LAST_DAYS[name] * DAY <= call["occurred_at"] < until]
    worked_out = FIGURES[name]
    by = asked.group_by or DEFAULT_GROUPS.get(name, [])
    groups = grouped(some, asked, by) if by else []
    return [label | worked_out(own, asked, calls) for label, own in groups], worked_out(some, asked, calls)
