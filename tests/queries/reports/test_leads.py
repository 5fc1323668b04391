"""The leads that a figure counts are listed, exactly as many; in pages, and whatever was kept of each."""

import random

import pytest

from queries.keyset import BadCursor
from queries.reports import answering, leads
from queries.reports.base import WrongQuestion
from queries.reports.catalogue import REPORTS
from tests.queries.reports import question, test_loads
from tests.queries.reports.generated import CONNECTIONS, FIRST, NOW

ZONE = "America/St_Johns"
FILTERS = {"connection": ["ryng-main", "qvoice-main"], "since": FIRST + (NOW - FIRST) / 10}
COUNTED = {  # the figure that is opened -> the one that says how many, and the groups that are opened
    "attempts_per_lead.leads": ("leads", ("flag", "weekday")),
    "first_attempt_contact.contacted_first": ("contacted_first", ("campaign", "flag")),
    "first_attempt_contact.rate": ("contacted_first", ("hour",)),
    "first_attempt_contact.leads": ("leads", ("agent",)),
    "attempts_to_contact.leads": ("leads", ()),
    "attempts_to_contact.reached": ("reached", ()),
    "attempts_to_contact.never": ("never", ()),
    "penetration.loaded": ("loaded", ("campaign",)),
    "penetration.penetration": ("attempted", ("day",)),
    "penetration.closed": ("closed", ("dialer", "week")),
    "penetration.reached": ("reached", ("campaign",)),
    "speed_to_lead.called": ("called", ("hour",)),
    "speed_to_lead.not_called": ("not_called", ("connection",)),
}


@pytest.fixture
def stored(database):
    calls, loads = test_loads.made()
    with database.write() as session:
        test_loads.stored(session, calls, loads)
    return calls


def asked(session, group_by=()):
    return answering.asked(session, FILTERS, ZONE, tuple(group_by), configured=CONNECTIONS)


def listed(session, figure, row=None) -> list[dict]:
    found, cursor = [], None
    while cursor is not None or not found:
        page = leads.page(asked(session), figure, row or {}, 7, cursor)
        found += page.rows
        cursor = page.next
        if cursor is None:
            return found
    return found


def told(row, groups) -> dict[str, str]:
    shown = {}
    for name in groups:
        value = row.get(name, row.get(f"{name}_id"))
        value = row.get(f"{name}_name") if value is None else value
        shown[name] = "" if value is None else str(value)
    return shown


def test_as_many_as_the_figure_says(database, stored):
    chosen = random.Random(2)
    with database.read() as session:
        for figure, (name, groups) in COUNTED.items():
            report = REPORTS[figure.partition(".")[0]]
            found = answering.answer(asked(session, groups), report)
            assert len(listed(session, figure)) == found["totals"][name] > 0, figure
            if name not in found["rows"][0] or "never" in found["rows"][0]:
                continue
            for row in chosen.sample(found["rows"], min(4, len(found["rows"]))):
                if row[name] is not None:
                    assert len(listed(session, figure, told(row, groups))) == row[name], (figure, row)
        for row in answering.answer(asked(session), REPORTS["attempts_to_contact"])["rows"]:
            shown = {"never": str(row["never"]).lower(), "attempt": str(row["attempt"])}
            assert len(listed(session, "attempts_to_contact.leads", shown)) == row["leads"], row


def test_what_is_shown_of_a_lead_is_of_its_whole_history(database, stored):
    history = {}
    for call in question.history(stored):
        history.setdefault(question.lead(call), []).append(call)
    with database.read() as session:
        found = listed(session, "attempts_per_lead.leads")
    assert len({(row["connection"], row["lead_id"], row["lead_id"] or row["number"]) for row in found}) == len(found)
    for row in found:
        kind, value = ("number", row["number"]) if row["lead_id"] is None else ("lead", row["lead_id"])
        own = history[row["connection"], kind, value]
        numbers = [call["customer_number"] for call in own if call["customer_number"] is not None]
        assert row["attempts"] == len(own)
        assert row["number"] == (numbers[-1] if numbers else None)
        contact = any("contact" in call["flags"] for call in own)
        assert row["contacted"] == (None if not contact and test_loads.nobody_knows(own) else contact)
        assert row["first_at"] == own[0]["occurred_at"].isoformat().replace("+00:00", "Z")
        assert row["last_at"] == own[-1]["occurred_at"].isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    "figure, row, cursor, error",
    [
        ("connect_rate.connected", {}, None, WrongQuestion),
        ("no.such", {}, None, WrongQuestion),
        ("attempts_to_contact.leads", {"day": "2026-11-18"}, None, WrongQuestion),
        ("attempts_to_contact.leads", {"attempt": "third"}, None, WrongQuestion),
        ("attempts_to_contact.leads", {"never": "perhaps"}, None, WrongQuestion),
        ("attempts_per_lead.leads", {}, "x", BadCursor),
        ("penetration.loaded", {}, "WyJwZW5ldHJhdGlvbi5sb2FkZWQiLCJ4Il0", BadCursor),
    ],
)
def test_what_cannot_be_listed(database, figure, row, cursor, error):
    with database.read() as session, pytest.raises(error):
        leads.page(asked(session), figure, row, 10, cursor)
