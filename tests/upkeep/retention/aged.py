"""What is old and what is new, for tests of deleting for age: one of each kind, of any moment."""

from datetime import timedelta

from sqlalchemy import func, select

from lib import ids
from models import (
    CallKey,
    LoadedLead,
    ScheduledSend,
    Suppression,
    TakeOut,
)
from models.retention import AUDIT, KINDS
from tests import factories
from tests.upkeep.retention import at
from upkeep.retention.ages import Ages

NOW = at("2026-11-29 12:00")
OLD, BEFORE, SINCE = at("2025-08-14 10:00"), at("2025-10-31 23:59"), at("2025-11-01 00:00")
AGES = Ages({kind: 12 for kind in KINDS if kind != AUDIT})  # of the log: tests.models.test_audit


def an_id(moment, number=0):
    return type(ids.new())(int=ids.first(moment).int + number)


def count(database, model):
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(model))


def everything(session, moment, number: int) -> None:
    """One of each kind, of this moment."""
    receipt = factories.receipt(
        session, id=an_id(moment, number), received_at=moment, body=f'{{"n": {number}}}'.encode()
    )
    quarantined = {"state": "quarantined", "reason": "unparseable", "stranger": True, "body": f"{number}".encode()}
    factories.receipt(session, id=an_id(moment, number + 50), received_at=moment, **quarantined)
    outcome = factories.outcome(session, started_at=moment, first_seen_at=moment)
    factories.event(session, outcome, receipt)
    session.add(CallKey(connection="ryng-main", key=f"call:{number}", group_id=outcome.group_id))
    factories.delivery(session, id=an_id(moment, number), outcome_id=outcome.id)
    load = factories.load(session, ["accepted", "rejected"], finished_at=moment)
    for lead in session.query(LoadedLead).filter(LoadedLead.load_id == load.id):
        lead.number, lead.sent_at = f"+38050000{number:04}", moment
    said = {"number": lead.number, "number_raw": lead.number, "source": "person", "added_by": "Ann", "added_at": moment}
    session.add(suppression := Suppression(id=ids.new(), spread_at=moment, **said))
    session.flush()
    named = {"ref": f"loaded:{lead.id}", "loaded_lead": lead.id, "suppression_id": suppression.id}
    done = {"connection": "qvoice-main", "state": "done", "made_at": moment, "due_at": moment, "settled_at": moment}
    session.add(TakeOut(id=ids.new(), number=lead.number, **named, **done))
    send = {"due_at": moment, "trial": False, "state": "sent", "created_at": moment, "next_at": moment, "missed": 0}
    session.add(ScheduledSend(id=an_id(moment, number), schedule_id=ids.new(), attempts=1, **send))
    for seen in (0, 1):  # of each the one seen last stays
        factories.campaign(
            session,
            id=an_id(moment, number + seen),
            campaign_id=f"c{number}",
            seen_at=moment + timedelta(seconds=seen),
            receipt_id=receipt.id,
        )
    session.flush()
