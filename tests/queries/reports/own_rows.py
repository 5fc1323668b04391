"""What the reports must say that make their own rows: the oracle's other half."""

from collections import Counter, defaultdict

from tests.queries.reports import oracle
from tests.queries.reports.oracle import connected, contact, final, lead, rate


def attempts_to_contact(some, asked, calls):
    shown = {lead(call) for call in some if lead(call)}
    own = defaultdict(list)
    for call in oracle.history(calls):
        own[lead(call)].append(call)
    found = Counter()
    for one in shown:
        reached = next((at for at, call in enumerate(own[one], 1) if contact(call)), None)
        found[reached is None, reached or len(own[one])] += 1
    if oracle.unknown_meaning(some, asked):
        return [], {"leads": len(shown), "reached": None, "never": None}
    rows = [{"never": never, "attempt": at, "leads": found[never, at]} for never, at in sorted(found)]
    never = sum(leads for (none, _), leads in found.items() if none)
    return rows, {"leads": len(shown), "reached": len(shown) - never, "never": never}


def best_time(some, asked, calls):
    groups = oracle.grouped(some, asked, ["weekday", "hour"])
    rows = [label | oracle.best_time(own, asked, calls) for label, own in groups if label["weekday"] is not None]
    totals = oracle.best_time(some, asked, calls)
    if asked.by_customer:
        totals["zone_unknown"] = sum(1 for call in some if oracle.wall(call, asked) is None)
    return rows, totals


def dispositions(some, asked, calls):
    ends = [call for call in some if final(call) and connected(call)]
    groups = oracle.grouped(ends, asked, ["disposition_parent", "disposition"])
    rows = [label | {"calls": len(own), "share": rate(len(own), len(ends))} for label, own in groups]
    return [row for row in rows if row["disposition"] is not None], {
        "calls": len(ends),
        "share": rate(len(ends), len(ends)),
        "undisposed": sum(1 for call in ends if call["disposition"] is None),
        "never_disposed": sum(1 for call in ends if call["settling"] == "never_disposed"),
    }


ANSWERS = {one.__name__: one for one in (attempts_to_contact, best_time, dispositions)}
