"""Why leads of a load were rejected, and which ones for the same reason."""

from dialers.base import Connection
from leads import loads
from models.loads import REJECTED
from tests import factories

CONFIGURED = {"ryng-main": Connection("ryng-main", "ryng", callback_tokens=("token-of-ryng",))}
REFUSED = {"state": "rejected", "reason": "The token token-of-ryng is on no list."}  # as an older release has stored it
NONE_GIVEN = {"state": "rejected", "reason": None}


def test_reasons_are_counted_and_lead_to_their_leads(database):
    with database.write() as session:
        leads = ["accepted", NONE_GIVEN, REFUSED, REFUSED, {"state": "unknown", "reason": "Silence."}]
        load = factories.load(session, leads).id
        factories.load(session, [REFUSED])

    with database.read() as session:
        found = loads.reasons(session, CONFIGURED, load, REJECTED)
        listed = {one["like"]: loads.shown(session, CONFIGURED, load, like=one["like"]) for one in found}

    assert found == [
        {"reason": "The token *** is on no list.", "leads": 2, "like": 3},
        {"reason": None, "leads": 1, "like": 2},
    ]
    assert [lead["row"] for lead in listed[3]["leads"]] == [3, 4]
    assert [lead["row"] for lead in listed[2]["leads"]] == [1, 2]  # of all states, of which none says a reason
