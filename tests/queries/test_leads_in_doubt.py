"""Leads in doubt are counted until somebody decides, whatever goes well afterwards."""

import pytest
from sqlalchemy import select, text

from leads import loads
from models import LoadedLead
from models.loads import UNKNOWN
from queries import health, leads_in_doubt
from tests.factories import NOON, load, minutes

DOUBTFUL = [{"state": UNKNOWN}, {"state": UNKNOWN, "settled_at": NOON - minutes(5)}, {"state": "rejected"}]


def unknown(database) -> dict:
    with database.read() as session:
        return leads_in_doubt.unknown_leads(session)


@pytest.mark.parametrize("decision", ["accepted", "rejected", "resend"])
def test_they_are_counted_until_somebody_decides(database, decision):
    with database.write() as session:
        first = load(session, DOUBTFUL)
        second = load(session, [UNKNOWN, "accepted"])
        load(session, [UNKNOWN], connection="qvoice-main")
        load(session, ["accepted"])  # a good one, later
    ids = [str(first.id), str(second.id)]
    told = {"unknown_leads": 3, "oldest_unknown_at": "2026-11-18T11:55:00Z", "unknown_load_ids": ids}
    assert unknown(database)["ryng-main"] == told
    assert unknown(database)["qvoice-main"]["unknown_leads"] == 1

    with database.write() as session:
        assert loads.decide(session, first.id, decision) == 2
    assert unknown(database)["ryng-main"]["unknown_load_ids"] == [str(second.id)]
    with database.write() as session:
        loads.decide(session, second.id, decision)
    assert set(unknown(database)) == {"qvoice-main"}


def test_of_many_loads_the_first_ten_are_named(database):
    with database.write() as session:
        made = [str(load(session, [UNKNOWN]).id) for _ in range(12)]
    found = unknown(database)["ryng-main"]
    assert (found["unknown_leads"], found["unknown_load_ids"]) == (12, made[:10])


def test_a_connection_that_is_not_configured_any_more_is_shown_with_its_leads_in_doubt(database):
    with database.write() as session:
        load(session, [UNKNOWN], connection="gone")
        load(session, ["accepted"], connection="well")
    with database.read() as session:
        found = health.connections(session, {}, NOON)
    assert [(one["name"], one["sending"]["unknown_leads"]) for one in found] == [("gone", 1)]


def test_they_are_found_by_their_own_index(database):
    counted = select(LoadedLead.load_id).where(leads_in_doubt.IN_DOUBT, LoadedLead.connection == "ryng-main")
    with database.write() as session:
        load(session, [UNKNOWN] + ["accepted"] * 200)
        plan = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
        if not database.is_sqlite:
            session.execute(text("SET LOCAL enable_seqscan = off"))
        shown = str(counted.compile(session.get_bind(), compile_kwargs={"literal_binds": True}))
        assert "ix_loaded_leads_unknown" in str(session.execute(text(f"{plan} {shown}")).all())
