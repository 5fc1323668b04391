"""What the reports must say that make their own rows: the oracle's other half."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from tests.queries.reports import figures, question
from tests.queries.reports.figures import connected, contact, final, rate, unknown_meaning, unknown_talk
from tests.queries.reports.question import grouped, history, keys, lead, matching, place


def attempts_to_contact(some, asked, calls):
    shown = {lead(call) for call in some if lead(call)}
    own = defaultdict(list)
    for call in history(calls):
        own[lead(call)].append(call)
    found = Counter()
    for one in shown:
        reached = next((at for at, call in enumerate(own[one], 1) if contact(call)), None)
        found[reached is None, reached or len(own[one])] += 1
    if unknown_meaning(some, asked):
        return [], {"leads": len(shown), "reached": None, "never": None}
    rows = [{"never": never, "attempt": at, "leads": found[never, at]} for never, at in sorted(found)]
    never = sum(leads for (none, _), leads in found.items() if none)
    return rows, {"leads": len(shown), "reached": len(shown) - never, "never": never}


def best_time(some, asked, calls):
    groups = grouped(some, asked, ["weekday", "hour"])
    rows = [label | figures.best_time(own, asked, calls) for label, own in groups if label["weekday"] is not None]
    totals = figures.best_time(some, asked, calls)
    if asked.by_customer:
        totals["zone_unknown"] = sum(1 for call in some if question.wall(call, asked) is None)
    return rows, totals


def dispositions(some, asked, calls):
    ends = [call for call in some if final(call) and connected(call)]
    groups = grouped(ends, asked, ["disposition_parent", "disposition"])
    rows = [label | {"calls": len(own), "share": rate(len(own), len(ends))} for label, own in groups]
    return [row for row in rows if row["disposition"] is not None], {
        "calls": len(ends),
        "share": rate(len(ends), len(ends)),
        "undisposed": sum(1 for call in ends if call["disposition"] is None),
        "never_disposed": sum(1 for call in ends if call["settling"] == "never_disposed"),
    }


QUARTER = timedelta(minutes=15)


def _shown(call, **more):
    return more | {
        "id": str(call["id"]),
        "connection": call["connection"],
        "number": call["customer_number"],
        "campaign_id": call["campaign_id"],
        "campaign_name": call["campaign_name"],
        "agent": keys(call, "agent", None)[0][0],
        "agent_name": call["agent_name"] if call["agent_name"] is not None else call["agent_username"],
    }


def _iso(moment):
    return moment.isoformat().replace("+00:00", "Z")


def callbacks(some, asked, calls):
    rows, counts = [], Counter()
    promised = [call for call in some if call["callback_at"] is not None]
    attempts = defaultdict(list)
    for call in history(calls):
        attempts[lead(call)].append(call)
    for call in sorted(promised, key=lambda call: (call["callback_at"], str(call["id"]))):
        due = call["callback_at"]
        own = attempts[lead(call)] if lead(call) else ()
        later = [other["occurred_at"] for other in own if place(other) > place(call)]
        if any(abs(at - due) <= QUARTER for at in later):
            state = "kept"
        elif asked.now < due + QUARTER:
            state = "due"
        else:
            state = "missed" if any(at > due + QUARTER for at in later) else "overdue"
        counts[state] += 1
        rows.append(_shown(call, state=state, callback_at=_iso(due)))
    totals = {state: counts[state] for state in ("due", "overdue", "kept", "missed")}
    past = counts["kept"] + counts["missed"] + counts["overdue"]
    return rows, totals | {"kept_rate": rate(counts["kept"], past)}


def _health(some, asked):
    answered = [call for call in some if connected(call)]
    short = sum(1 for call in answered if 1 <= (call["talk_seconds"] or 0) <= 6)
    return {
        "attempts": len(some),
        "per_day": rate(len(some), len({question.wall(call, asked).date() for call in some})),
        "answer_rate": rate(len(answered), sum(map(final, some))),
        "short_share": None if unknown_talk(some) else rate(short, len(answered)),
    }


def number_health(some, asked, calls):
    since, before = asked.filters.get("since"), []
    if since is not None:
        zone = ZoneInfo(asked.tz)
        wall = since.astimezone(zone).replace(tzinfo=None) - timedelta(days=14)
        filters = {**asked.filters, "since": wall.replace(tzinfo=zone).astimezone(UTC), "until": since}
        before = matching(calls, replace(asked, filters=filters))
    groups = grouped(some, asked, ["caller_number"])
    rows = []
    for label, own in groups:
        earlier = [call for call in before if call["caller_number"] == label["caller_number"]]
        rows.append(label | _health(own, asked) | {"answer_rate_14d": _health(earlier, asked)["answer_rate"]})
    return rows, _health(some, asked) | {"answer_rate_14d": _health(before, asked)["answer_rate"]}


def compliance(some, asked, calls):
    def to_a_number(call):
        return call["direction"] in (None, "outbound") and call["customer_number"] is not None

    some = [call for call in sorted(some, key=place) if to_a_number(call)]
    numbers = defaultdict(list)
    for call in history(calls):
        numbers[call["customer_number"]].append(call)
    at_customer = replace(asked, by_customer=True)
    broken = defaultdict(list)
    for call in some:
        own = numbers[call["customer_number"]]
        if any("dnc" in other["flags"] and place(other) < place(call) for other in own):
            broken["after_dnc"].append(call)
        wall = question.wall(call, at_customer)
        if wall is not None and not asked.limits.day_start <= wall.hour < asked.limits.day_end:
            broken["out_of_hours"].append(call)
        week = [
            other
            for other in own
            if to_a_number(other)
            and place(other) <= place(call)
            and call["occurred_at"] - other["occurred_at"] < timedelta(days=7)
        ]
        if len(week) > asked.limits.too_often:
            broken["too_often"].append(call)
    rules = ("after_dnc", "out_of_hours", "too_often")
    rows = [_shown(call, rule=rule, occurred_at=_iso(call["occurred_at"])) for rule in rules for call in broken[rule]]
    unknown = sum(1 for call in some if question.wall(call, at_customer) is None)
    return rows, {rule: len(broken[rule]) for rule in rules} | {"zone_unknown": unknown}


def unreachable_numbers(some, asked, calls):
    if unknown_meaning(some, asked):
        return [], {"numbers": None, "attempts": None}
    reached = {call["customer_number"] for call in history(calls) if contact(call)}
    own = defaultdict(list)
    for call in sorted(some, key=place):
        if final(call) and call["customer_number"] is not None and call["direction"] in (None, "outbound"):
            own[call["customer_number"]].append(call)
    rows = [
        {
            "number": number,
            "attempts": len(tried),
            "last_outcome": tried[-1]["connect_outcome"],
            "first_at": _iso(tried[0]["occurred_at"]),
            "last_at": _iso(tried[-1]["occurred_at"]),
        }
        for number, tried in own.items()
        if number not in reached and len(tried) >= asked.limits.min_attempts
    ]
    rows.sort(key=lambda row: (-row["attempts"], row["number"]))
    return rows, {"numbers": len(rows), "attempts": sum(row["attempts"] for row in rows)}


ANSWERS = {
    one.__name__: one
    for one in (attempts_to_contact, best_time, dispositions, callbacks, number_health, compliance, unreachable_numbers)
}
