"""The figures of a row of a report, in plain Python: ``FIGURES[name](its calls, the question, all calls)``."""

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from math import ceil

from tests.queries.reports.question import DAY, Calls, Question, history, lead


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
    exact, most = Fraction(abandoned, abandoned + humans or 1), Fraction(str(limit))
    state = None if share is None else "over" if exact > most else "near" if 6 * exact >= 5 * most else "ok"
    of_final = rate(abandoned, count(some, final))
    found = {"abandoned": abandoned, "humans": humans, "abandon_rate": share, "of_final": of_final}
    return found | {"limit": limit, "state": state}


def machine_rate(some, asked, calls):
    machines = count(some, lambda call: call["connect_outcome"] == "voicemail")
    live = count(some, lambda call: call["connect_outcome"] in ("connected", "abandoned"))
    found = {"machines": machines, "live": live, "machine_rate": rate(machines, machines + live)}
    # None of these tells of them.
    return found if machines or not some else found | {"machines": None, "machine_rate": None}


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


FIGURES: dict[str, Callable] = {
    one.__name__: one
    for one in (attempts, attempts_per_lead, connect_rate, contact_rate, first_attempt_contact)
    + (abandon_rate, machine_rate, times, agents, may_still_move)
}
