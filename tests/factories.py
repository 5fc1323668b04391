"""Rows for tests, made through the models with sensible defaults: a test names only what it is about."""

import hashlib
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, text, update

from lib import ids
from models import (
    CallEvent,
    CallGroup,
    CallOutcome,
    CampaignStatus,
    Delivery,
    DestinationState,
    LeadLoad,
    LoadedLead,
    PollCursor,
    QueueStatus,
    Receipt,
    Suppression,
    TakeOut,
    strangers,
)
from outcomes.feed import take_positions

NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def receipt(session, **given) -> Receipt:
    """A normalized terminal callback of ``ryng-main``."""
    body = given.get("body", b'{"callLogID": "912873-1"}')
    defaults = {
        "id": ids.new(),
        "connection": "ryng-main",
        "dialer": "ryng",
        "source": "callback",
        "kind": "terminal",
        "received_at": NOON,
        "method": "POST",
        "headers": {"content-type": "application/json"},
        "body": body,
        "body_size": len(body),
        "truncated": False,
        "content_hash": hashlib.sha256(body).hexdigest(),
        "stranger": False,
        "state": "normalized",
        "readings": 0 if given.get("state") == "pending" else 1,
        "processed_at": NOON,
    }
    row = Receipt(**(defaults | {"seen_at": given.get("received_at", NOON)} | given))
    session.add(row)
    session.flush()
    if row.stranger:
        row.share = row.connection if row.dialer else strangers.NOBODY
        strangers.add(session, row.share, 1, len(row.body))
    return row


def outcome(session, **given) -> CallOutcome:
    """A connected, disposed call of noon with a group and a place in the feed of its own."""
    defaults = {
        "id": ids.new(),
        "attempt_key": "1",
        "connection": "ryng-main",
        "dialer": "ryng",
        "connect_outcome": "connected",
        "flags": [],
        "settling": "settled",
        "is_final": given.get("settling", "settled") != "provisional",
        "started_at": NOON,
        "custom_fields": {},
        "sources": ["callback:terminal"],
        "revision": 1,
        "first_seen_at": NOON,
        "changed_at": NOON,
        "set_by": {},
    }
    values = defaults | given
    values.setdefault("occurred_at", values["started_at"] or values["first_seen_at"])
    if "group_id" not in values:
        group = CallGroup(id=ids.new(), connection=values["connection"], dialer=values["dialer"])
        session.add(group)
        session.flush()
        values["group_id"] = group.id
    if "position" not in values:
        values["position"] = take_positions(session, 1)[0]
    row = CallOutcome(**values)
    session.add(row)
    session.flush()
    return row


def many_calls(session, count: int) -> None:
    """Calls of as many leads, made on PostgreSQL by copying one: its planner decides by how many there are."""
    outcome(session, lead_id="0", customer_number="+0", crm_reference="crm 0")
    made = {
        "id": "gen_random_uuid()",
        "position": "n + 1",
        "lead_id": "CAST(n AS text)",
        "customer_number": "'+' || n",
        "crm_reference": "'crm ' || n",
        "occurred_at": "occurred_at + n * interval '1 second'",
    }
    names = [column.name for column in CallOutcome.__table__.columns]
    copied = ", ".join(made.get(name, name) for name in names)
    made_from = f"FROM call_outcomes, generate_series(1, {count}) AS n"
    session.execute(text(f"INSERT INTO call_outcomes ({', '.join(names)}) SELECT {copied} {made_from}"))
    session.execute(text("ANALYZE"))


def event(session, of: CallOutcome, said_by: Receipt, **given) -> CallEvent:
    """A call's end, told by the receipt."""
    defaults = {
        "id": ids.new(),
        "receipt_id": said_by.id,
        "ordinal": 0,
        "group_id": of.group_id,
        "outcome_id": of.id,
        "source": f"{said_by.source}:{said_by.kind}",
        "kind": "call_ended",
        "happened_at": NOON,
        "received_at": said_by.received_at,
        "seen_at": said_by.seen_at,
        "facts": {"talk_seconds": 92},
    }
    row = CallEvent(**(defaults | given))
    session.add(row)
    session.flush()
    return row


def take_out(session, **given) -> TakeOut:
    """A lead at ``qvoice-main`` whose number must not be called, and that a person has to take out there."""
    own = {"number": "+919800012345", "number_raw": "+919800012345", "source": "person", "added_by": "Ann"}
    suppression = Suppression(id=ids.new(), added_at=NOON, spread_at=NOON, origin="", **own)
    session.add(suppression)
    session.flush()
    defaults = {
        "id": ids.new(),
        "connection": "qvoice-main",
        "ref": f"listed:{suppression.id}",
        "number": suppression.number,
        "suppression_id": suppression.id,
        "target": "a1",
        "state": "by_hand",
        "reason": "The information sent is invalid.",
        "attempts": 1,
        "made_at": NOON,
        "due_at": NOON,
    }
    row = TakeOut(**(defaults | given))
    session.add(row)
    session.flush()
    return row


def campaign(session, **given) -> CampaignStatus:
    defaults = {
        "id": ids.new(),
        "connection": "qvoice-main",
        "campaign_id": "6541",
        "name": "Renewals",
        "status": "active",
        "total_leads": 400,
        "leads_by_status": {"Closed": 320, "Open": 80},
        "repeated_statuses": [],
        "seen_at": NOON,
    }
    return _snapshot(session, CampaignStatus, defaults | given, "campaigns")


def queue(session, **given) -> QueueStatus:
    defaults = {
        "id": ids.new(),
        "connection": "qvoice-main",
        "queue_id": "17",
        "name": "Renewals",
        "counters": {"total_agents": 12},
        "agents": [{"name": "Priya"}],
        "seen_at": NOON,
    }
    return _snapshot(session, QueueStatus, defaults | given, "queues")


def _snapshot(session, model, values, report):
    if "receipt_id" not in values:
        body = f"{model.__tablename__} {values['id']}".encode()
        said_by = receipt(
            session, connection=values["connection"], dialer="qvoice", source="report", kind=report, body=body
        )
        values["receipt_id"] = said_by.id
    row = model(**values)
    session.add(row)
    session.flush()
    return row


def poll(session, **given) -> PollCursor:
    defaults = {
        "connection": "qvoice-main",
        "report": "lead_history",
        "layer": "recent",
        "complete_to": NOON,
        "due_at": NOON,
        "last_ok_at": NOON,
        "failures": 0,
        "records_seen": 10,
        "records_new": 4,
    }
    row = PollCursor(**(defaults | given))
    session.add(row)
    session.flush()
    return row


def load(session, leads=("accepted",), **given) -> LeadLoad:
    """A load that is done, of noon; ``leads`` are the states of its leads, or what differs from ``lead`` of each."""
    defaults = {"id": ids.new(), "connection": "ryng-main", "campaign": "456", "options": {}, "total": len(leads)}
    row = LeadLoad(**(defaults | {"state": "done", "created_at": NOON, "finished_at": NOON} | given))
    session.add(row)
    session.flush()
    for at, own in enumerate(leads, 1):
        lead(session, row, ordinal=at, **({"state": own} if isinstance(own, str) else own))
    return row


def lead(session, of: LeadLoad, **given) -> LoadedLead:
    """A lead of the load that was sent and settled at noon."""
    state = given.get("state", "accepted")
    defaults = {"id": ids.new(), "load_id": of.id, "connection": of.connection, "ordinal": 1, "given": {}, "tries": 1}
    defaults |= {"number": "+919800012345", "number_raw": "9800012345", "state": state, "settled_at": NOON}
    row = LoadedLead(**(defaults | {"sent_at": None if state == "pending" else NOON} | given))
    session.add(row)
    session.flush()
    return row


def destination(session, name="sales", **given) -> DestinationState:
    """A HubSpot destination that was started at noon, has followed the whole feed, and is well."""
    defaults = {"kind": "hubspot", "position": 1_000_000, "failures": 0}
    defaults |= dict.fromkeys(("followed_at", "started_at", "next_at", "sent_at"), NOON)
    row = DestinationState(name=name, **(defaults | given))
    session.add(row)
    session.flush()
    _count_deliveries(session, name)
    return row


def delivery(session, **given) -> Delivery:
    """A call of noon that was logged at ``sales``; an outcome of its own, unless one is named, need not exist."""
    state = given.get("state", "done")
    defaults = {"id": ids.new(), "destination": "sales", "outcome_id": ids.new(), "revision": 1, "position": 1}
    defaults |= {"operation": "log_call", "state": state, "attempts": 0 if state == "pending" else 1}
    defaults |= dict.fromkeys(("occurred_at", "created_at", "due_at"), NOON)
    defaults |= {} if state == "pending" else {"sent_at": NOON, "settled_at": NOON}
    row = Delivery(**(defaults | given))
    session.add(row)
    session.flush()
    _count_deliveries(session, row.destination)
    return row


def _count_deliveries(session, name: str) -> None:
    """As the engine does where it notes them."""
    mine = Delivery.destination == name
    counted = {"deliveries": func.count(), "calls": func.count(Delivery.outcome_id.distinct())}
    values = {
        column: select(how).select_from(Delivery).where(mine).scalar_subquery() for column, how in counted.items()
    }
    session.execute(update(DestinationState).where(DestinationState.name == name).values(values))
