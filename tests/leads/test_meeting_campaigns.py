"""Campaigns that calls name by name only, and the dialer's list of them, whichever is known first."""

import pytest
from sqlalchemy import select

from lib import clock
from models import CallOutcome
from outcomes import meeting
from tests.evidence import keep, normalize, outcomes, receipt
from tests.leads.met import CONNECTIONS, LATER, QVOICE, loaded, met, settled


@pytest.fixture(autouse=True)
def at_that_time(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: LATER)


def activity(call_id="c1", **fields) -> dict:
    row = {
        "call_id": call_id,
        "lead_number": "+12135550001",
        "timestamp": "2026-11-18T10:00:00Z",
        "campaign_name": "Renewals",
    }
    return row | fields


def calls(database, *rows) -> None:
    keep(database, *(receipt(row, "lead_history", connection=QVOICE, source="report", method=None) for row in rows))
    normalize(database, CONNECTIONS)


def listed(database, campaign_id: str, name: str):
    body = {"id": campaign_id, "name": name, "total_leads": 3}
    (kept,) = keep(database, receipt(body, "campaign_status", connection=QVOICE, source="report", method=None))
    normalize(database, CONNECTIONS)
    met(database)
    return kept


def campaigns(database) -> dict:
    return {row.call_id: row.campaign_id for row in outcomes(database)}


def test_a_campaign_has_its_id_from_the_list_whichever_comes_first(database):
    calls(database, activity("before"))
    assert campaigns(database) == {"before": None}
    told_it = listed(database, "6541", "Renewals")
    listed(database, "6542", "Winback")
    calls(
        database, activity("after"), activity("unknown", campaign_name="Other"), activity("unnamed", campaign_name=None)
    )
    assert campaigns(database) == {"before": "6541", "after": "6541", "unknown": None, "unnamed": None}
    (row,) = [row for row in outcomes(database) if row.call_id == "before"]
    assert (row.set_by["campaign_id"], row.revision) == (str(told_it.id), 2)


def test_what_the_row_says_itself_outranks_the_list(database):
    listed(database, "6541", "Renewals")
    calls(database, activity(campaign_id="77"))
    assert campaigns(database) == {"c1": "77"}


@pytest.mark.parametrize("first", [True, False])
def test_a_name_that_two_campaigns_have_had_is_nobodys(database, first):
    listed(database, "6541", "Renewals")
    if first:
        calls(database, activity(), activity("stated", campaign_id="6541"))
        assert campaigns(database) == {"c1": "6541", "stated": "6541"}
    listed(database, "6541", "Renewals 2025")  # renamed, and another one has the old name now
    listed(database, "6600", "Renewals")
    if not first:
        calls(database, activity(), activity("stated", campaign_id="6541"))
    assert campaigns(database) == {"c1": None, "stated": "6541"}
    calls(database, activity("new", campaign_name="Renewals 2025"))
    assert campaigns(database)["new"] == "6541"


@pytest.mark.parametrize(("name", "found"), [("x" * 500, "6541"), ("x" * 501, None), ("\U0001f4de" * 400, None)])
def test_a_very_long_name_is_no_key_and_hinders_nothing(database, name, found):
    listed(database, "6541", name)
    calls(database, activity(campaign_name=name))
    assert campaigns(database) == {"c1": found}


def test_a_long_history_is_repaired_some_at_a_time(database, monkeypatch):
    monkeypatch.setattr(meeting, "BATCH", 3)
    monkeypatch.setattr(meeting, "SQLITE_BATCH", 3)
    calls(database, *(activity(f"c{n}") for n in range(8)), activity("other", campaign_name="Other"))
    listed(database, "6541", "Renewals")
    found = campaigns(database)
    assert (found.pop("other"), set(found.values())) == (None, {"6541"})


def test_a_lead_of_another_campaign_does_not_lend_its_reference(database):
    listed(database, "6541", "Renewals")
    for campaign, reference in (("6541", "crm-1"), ("6542", "crm-2")):
        (sent,) = loaded(database, QVOICE, {"number": "+12135550001", "reference": reference}, campaign=campaign)
        settled(database, sent)
    calls(database, activity(timestamp="2026-11-18T10:05:00Z"))
    with database.read() as session:
        assert session.scalars(select(CallOutcome.crm_reference)).all() == ["crm-1"]
