"""Reports about loaded leads against plain Python, on both databases."""

import random
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from queries.reports import answering
from queries.reports.base import WrongQuestion
from queries.reports.catalogue import REPORTS
from tests import factories
from tests.queries.reports import generated
from tests.queries.reports.figures import percentile, rate
from tests.queries.reports.generated import CONNECTIONS, FIRST, NOW, NUMBERS, ZONES
from tests.queries.reports.question import CLOCK

GROUPS = ("connection", "dialer", "campaign", "day", "week", "month", "hour", "weekday")
CLOSING = {"sale", "dnc", "not_interested", "wrong_number"}
LOADS = (
    ("ryng-main", "6541", None),
    ("ryng-main", "6542", "New"),
    ("qvoice-main", None, "Nameless"),
    ("gone", "1", None),
)


def made():
    """(calls, leads): leads as dicts with their load's connection, campaign and name."""
    chosen, calls = random.Random(3), generated.calls(3, 250)
    leads = []
    for at in range(80):
        connection, campaign, name = chosen.choice(LOADS)
        lead = {
            "id": UUID(int=chosen.getrandbits(128), version=4),
            "connection": connection,
            "campaign": campaign,
            "name": name,
            "number": chosen.choice((*NUMBERS, "+919899999999")),
            "state": chosen.choice(("accepted", "accepted", "accepted", "rejected", "unknown")),
            "dialer_id": chosen.choice((None, str(chosen.randrange(20)))),
            "sent_at": FIRST
            + timedelta(seconds=chosen.randrange(20 * 86_400), microseconds=chosen.choice((0, 500_000))),
        }
        leads.append(lead | {"ordinal": at + 1})
    for call in calls:
        chance = chosen.random()
        lead = chosen.choice(leads)
        if chance < 0.1:  # carried through by the dialer
            call["lead_id"], call["connection"] = str(lead["id"]), lead["connection"]
        elif chance < 0.15:  # in the second in which it was sent
            call["occurred_at"] = lead["sent_at"].replace(microsecond=0)
            call["customer_number"], call["connection"] = lead["number"], lead["connection"]
        elif chance < 0.2:
            call["connect_outcome"], call["started_at"] = chosen.choice((("pending", None), ("canceled", None)))
    return calls, leads


def calls_of(lead, calls):
    found = []
    for call in calls:
        planned = call["connect_outcome"] == "pending" or (
            call["connect_outcome"] == "canceled" and call["started_at"] is None
        )
        if call["merged_into"] is not None or call["connection"] != lead["connection"] or planned:
            continue
        campaigns = {call["campaign_id"], lead["campaign"]} - {None}
        by_id = call["lead_id"] is not None and call["lead_id"] == lead["dialer_id"] and len(campaigns) < 2
        by_number = (
            lead["dialer_id"] is None
            and call["customer_number"] == lead["number"]
            and call["occurred_at"] >= lead["sent_at"].replace(microsecond=0)
            and call["direction"] in (None, "outbound")
        )
        if by_id or call["lead_id"] == str(lead["id"]) or by_number:
            found.append(call)
    return found


def nobody_knows(calls):
    """Whether nobody knows what any disposition of these calls means."""
    told = [call for call in calls if call["disposition"] is not None]
    if calls and not told:
        return all(call["connection"] == "mute" for call in calls)
    tables = {name: one.dispositions for name, one in CONNECTIONS.items()} | {"gone": {}}
    decided = [call for call in told if call["flags"] or tables[call["connection"]].get(call["disposition"]) == ()]
    return bool(told) and not decided


def figures(name, leads, calls):
    own = [(lead, calls_of(lead, calls)) for lead in leads]
    called = [(lead, some) for lead, some in own if some]
    if name == "penetration":
        flags = [{flag for call in some for flag in call["flags"]} for _, some in called]
        ends = {"closed": CLOSING, "reached": {"contact"}, "sold": {"sale"}}
        counts = {name: sum(1 for own in flags if own & wanted) for name, wanted in ends.items()}
        if nobody_knows([call for _, some in called for call in some]):
            counts = dict.fromkeys(ends)
        counts |= {"loaded": len(own), "attempted": len(called)}
        return counts | {"penetration": rate(len(called), len(own))}
    seconds = [
        max(0, (min(call["occurred_at"] for call in some) - lead["sent_at"]) // timedelta(seconds=1))
        for lead, some in called
    ]
    found = {
        "leads": len(own),
        "called": len(called),
        "not_called": len(own) - len(called),
        "median_seconds": percentile(seconds, 0.5),
        "p90_seconds": percentile(seconds, 0.9),
    }
    for limit, most in (("within_5m", 300), ("within_1h", 3600), ("within_1d", 86_400)):
        found[limit] = rate(sum(1 for one in seconds if one <= most), len(seconds))
    return found


def matching(leads, filters):
    def holds(lead):
        dialer = CONNECTIONS[lead["connection"]].dialer if lead["connection"] in CONNECTIONS else None
        return (
            lead["state"] == "accepted"
            and lead["connection"] in filters.get("connection", [lead["connection"]])
            and dialer in filters.get("dialer", [dialer])
            and lead["campaign"] in filters.get("campaign_id", [lead["campaign"]])
            and filters.get("since", FIRST) <= lead["sent_at"] < filters.get("until", NOW)
        )

    return [lead for lead in leads if holds(lead)]


def key(lead, name, tz):
    if name in CLOCK:
        return (CLOCK[name](lead["sent_at"].astimezone(ZoneInfo(tz))),)
    if name == "dialer":
        return (CONNECTIONS[lead["connection"]].dialer if lead["connection"] in CONNECTIONS else None,)
    if name == "campaign":
        return lead["campaign"], None if lead["campaign"] else lead["name"]
    return (lead["connection"],)


def expected(name, leads, calls, group, tz):
    groups = {}
    for lead in leads:
        groups.setdefault(key(lead, group, tz), []).append(lead)
    rows = []
    for own in sorted(groups, key=lambda own: [(part is None, part or 0) for part in own]):
        label = {group: own[0]}
        if group == "campaign":
            names = [lead["name"] for lead in groups[own] if lead["name"]]
            label = {"campaign_id": own[0], "campaign_name": max(names, default=None)}
        rows.append(label | figures(name, groups[own], calls))
    return rows, figures(name, leads, calls)


def without_reasons(row):
    return {name: value for name, value in row.items() if name != "reasons"}


def stored(session, calls, leads):
    generated.store(session, calls)
    loads = {load: factories.load(session, (), connection=load[0], campaign=load[1], name=load[2]) for load in LOADS}
    for lead in leads:
        load = loads[lead["connection"], lead["campaign"], lead["name"]]
        given = {name: value for name, value in lead.items() if name not in ("campaign", "name", "connection")}
        factories.lead(session, load, **given)


def test_as_the_oracle_says(database):
    calls, leads = made()
    chosen = random.Random(4)
    with database.write() as session:
        stored(session, calls, leads)
    with database.read() as session:
        for group in GROUPS:
            for name in ("penetration", "speed_to_lead"):
                filters = chosen.choice(
                    (
                        {},
                        {"connection": ["ryng-main"]},
                        {"dialer": ["qvoice"]},
                        {"campaign_id": ["6541", "1"]},
                        {"since": FIRST + timedelta(days=4), "until": FIRST + timedelta(days=15)},
                    )
                )
                tz = chosen.choice(ZONES)
                question = answering.asked(session, filters, tz, (group,), configured=CONNECTIONS)
                found = answering.answer(question, REPORTS[name])
                own = matching(leads, filters)
                rows = [without_reasons(row) for row in found["rows"]]
                assert (rows, without_reasons(found["totals"])) == expected(name, own, calls, group, tz), (
                    name,
                    group,
                    filters,
                )
                met = {id(call): call for lead in own for call in calls_of(lead, calls)}
                moving = [call["settling"] for call in met.values()]
                assert found["may_still_move"]["provisional"] == moving.count("provisional")
                assert found["may_still_move"]["awaiting"] == moving.count("awaiting_disposition")


@pytest.mark.parametrize("name", ["penetration", "speed_to_lead"])
def test_what_loaded_leads_are_not_asked_about(database, name):
    with database.read() as session:
        question = answering.asked(session, {"agent": ["7"]})
        with pytest.raises(WrongQuestion) as caught:
            answering.answer(question, REPORTS[name])
    assert caught.value.parameter == "agent"
    assert "campaign_id" in str(caught.value)
