"""From a list of leads to the outcomes of their calls: each call finds the lead that was loaded, also where a number stands there
twice."""

import pytest
from sqlalchemy import select

from leads import send_due
from leads.loading import Loading
from models import LoadedLead
from queries.loaded import produced_no_call
from tests.dialers.ryng.stage import stage
from tests.evidence import keep, normalize, outcomes, receipt
from tests.sandbox.receiver import Receiver, receiving

FAST = 0.0002  # a minute in 12 ms
ROWS = [
    {"number": "+919800012345", "reference": "crm-1", "fields": {"Policy": "Life"}},
    {"number": "+919800012345", "reference": "crm-2", "fields": {"Policy": "Motor"}},
    {"number": "+919800012346", "reference": "crm-3"},
]


@pytest.mark.parametrize("campaign", ["24", "queue:2", None])
def test_every_call_finds_its_lead(campaign, database):
    receiver = Receiver()
    with receiving(receiver) as (connect, terminal), stage(FAST, crm_reference_field="Lead ID") as played:
        loading = Loading(played.connection, campaign, enumerate(ROWS, 1), "Renewals")
        load_id = loading.keep(database)
        while send_due(database, played.connection, {"connect": connect, "terminal": terminal}):
            pass
        played.ryng.drain()
    kept = [receipt(seen.body, seen.path.rpartition("/")[2], connection=played.connection) for seen in receiver.seen]
    keep(database, *kept)
    normalize(database, {played.connection.name: played.connection})
    with database.read() as session:
        loaded = session.execute(select(LoadedLead.id, LoadedLead.reference).where(LoadedLead.load_id == load_id)).all()
        assert session.scalars(select(LoadedLead.id).where(produced_no_call())).all() == []
    references = {str(row.id): row.reference for row in loaded}
    found = outcomes(database)
    assert {row.lead_id for row in found} == set(references)
    assert all(row.crm_reference == references[row.lead_id] for row in found)
    policies = {references[row.lead_id]: row.custom_fields.get("Policy") for row in found}
    assert policies == {"crm-1": "Life", "crm-2": "Motor", "crm-3": None}
