"""The views for SQL readers: leads and loads as the reports count them, on both databases, and their comments on PostgreSQL."""

from collections import Counter
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import text

from lib.clock import iso
from models import LoadedLead
from models.database import Database
from queries.reports import answering
from queries.reports.catalogue import REPORTS
from tests import factories
from tests.queries.reports import test_loads
from tests.queries.reports.generated import CONNECTIONS
from web.schemas.outcomes import Agent, Outcome

NOON = factories.NOON


@pytest.fixture(scope="module")
def filled(kept_database):
    calls, leads = test_loads.made()
    with kept_database.write() as session:
        test_loads.stored(session, calls, leads)
    return kept_database, calls, leads


def read(database, view: str) -> list[dict]:
    """Its rows; times as the API shows them."""
    with database.read() as session:
        rows = session.execute(text(f"SELECT * FROM {view}")).mappings().all()
    return [
        {name: moment(database, value) if name.endswith("_at") else value for name, value in row.items()}
        for row in rows
    ]


def moment(database, value):
    kind = LoadedLead.sent_at.type
    return None if value is None else iso(kind.process_result_value(value, database.engine.dialect))


def test_each_lead_has_its_calls(filled):
    database, calls, leads = filled
    found = {str(row["id"]): row for row in read(database, "leads_v1")}
    assert found.keys() == {str(lead["id"]) for lead in leads}
    seen = Counter()
    for lead in leads:
        own, row = test_loads.calls_of(lead, calls), found[str(lead["id"])]
        times = sorted(call["occurred_at"] for call in own)
        contacts = sorted(call["occurred_at"] for call in own if "contact" in call["flags"])
        told = [call for call in own if call["disposition"] is not None]
        wanted = {
            "connection": lead["connection"],
            "campaign_id": lead["campaign"],
            "campaign_name": lead["name"],
            "row_in_load": lead["ordinal"],
            "state": lead["state"],
            "sent_at": iso(lead["sent_at"]),
            "attempts": len(own),
            "first_attempt_at": iso(times[0]) if times else None,
            "last_attempt_at": iso(times[-1]) if times else None,
            "first_contact_at": iso(contacts[0]) if contacts else None,
            "is_contacted": bool(contacts),
            "is_closed": any(test_loads.CLOSING & set(call["flags"]) for call in own),
            "is_sold": any("sale" in call["flags"] for call in own),
            "speed_to_lead_seconds": max(0, (times[0] - lead["sent_at"]) // timedelta(seconds=1))
            if times and lead["state"] == "accepted"
            else None,
            "disposed_attempts": len(told),
            "unflagged_attempts": sum(not call["flags"] for call in told),
        }
        assert {name: row[name] for name in wanted} == wanted
        seen.update(name for name, value in wanted.items() if value)
    assert seen.keys() == wanted.keys()  # none that was nothing each time


def test_each_load_counts_as_the_reports_do(filled):
    database, *_ = filled
    rows = read(database, "loads_v1")
    with database.read() as session:
        question = answering.asked(session, {}, group_by=("connection", "campaign"), configured=CONNECTIONS)
        found = {name: answering.answer(question, REPORTS[name])["rows"] for name in ("penetration", "speed_to_lead")}
    groups = {(row["connection"], row["campaign_id"], row["campaign_name"]): row for row in rows}
    assert len(groups) == len(rows) == len(found["penetration"])
    for penetration, speed in zip(found["penetration"], found["speed_to_lead"], strict=True):
        row = groups[penetration["connection"], penetration["campaign_id"], penetration["campaign_name"]]
        assert (row["accepted"], row["attempted"]) == (penetration["loaded"], penetration["attempted"])
        for name, own in {"closed": "closed", "reached": "contacted", "sold": "sold"}.items():
            assert penetration[name] in (row[own], None)
        for name in ("within_5m", "within_1h", "within_1d"):
            assert speed[name] == pytest.approx(row[f"called_{name}"] / row["attempted"], abs=1e-4)


def test_a_load_without_leads_has_no_nulls_for_counts(database):
    with database.write() as session:
        factories.load(session, [])
        factories.load(session, ["pending", "sending", "rejected", "unknown", "accepted"])
    empty, full = sorted(read(database, "loads_v1"), key=lambda row: row["total"])
    assert [empty[name] for name in ("pending", "accepted", "attempted", "contacted", "called_within_5m")] == [0] * 5
    assert empty["first_attempt_at"] is None
    assert [full[name] for name in ("pending", "accepted", "rejected", "unknown")] == [2, 1, 1, 1]


def test_a_call_that_is_a_leads_in_two_ways_is_one_attempt(database):
    with database.write() as session:
        load = factories.load(session, [])
        lead = factories.lead(session, load, number="+919812345678")
        factories.outcome(session, lead_id=str(lead.id), customer_number="+919812345678", campaign_id="456")
    (row,) = read(database, "leads_v1")
    assert (row["attempts"], row["first_attempt_at"], row["speed_to_lead_seconds"]) == (1, iso(NOON), 0)


COMMENTS = """
    SELECT c.relname, a.attname, col_description(c.oid, a.attnum) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relname IN ('call_outcomes_v1', 'leads_v1', 'loads_v1') AND a.attnum > 0
"""


def test_the_comments_are_the_apis_own_descriptions(postgresql_url):
    with closing(Database(postgresql_url)) as database, database.read() as session:
        rows = session.execute(text(COMMENTS)).all()
        said = session.scalar(text("SELECT obj_description('call_outcomes_v1'::regclass)"))
    assert "each call attempt" in said
    assert [row for row in rows if not row[2]] == []
    agent = {f"agent_{name}": field for name, field in Agent().fields.items()}
    described = {name: field.metadata.get("description") for name, field in {**Outcome().fields, **agent}.items()}
    own = {name: comment for view, name, comment in rows if view == "call_outcomes_v1"}
    differ = {name for name, comment in own.items() if described.get(name, comment) != comment}
    assert not differ, "a migration says what these are now, as 0026 does"
