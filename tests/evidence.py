"""Receipts for tests: keep bodies as a dialer would have sent them, and see what becomes of them."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from dialers.base import Connection
from lib import ids
from models import CallOutcome, Receipt
from outcomes.normalize import normalize_pending

RYNG = Connection(
    name="ryng-main",
    dialer="ryng",
    settings={"status_codes": {}, "crm_reference_field": None},
    callback_tokens=("token",),
    default_country="IN",
    dispositions={"Interested": ("contact", "sale"), "Call back later": ("contact", "callback")},
)
CONNECTIONS = {RYNG.name: RYNG}
START = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)


def receipt(body, kind="terminal", at=START, connection=RYNG, source="callback", **columns) -> Receipt:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    columns = {"method": "POST", "headers": {"content-type": "application/json"}, **columns}
    return Receipt(
        id=ids.new(),
        connection=connection.name,
        dialer=connection.dialer,
        source=source,
        kind=kind,
        received_at=at,
        seen_at=at,
        body=raw,
        body_size=len(raw),
        truncated=False,
        stranger=False,
        content_hash=hashlib.sha256(raw).hexdigest(),
        state="pending",
        readings=0,
        **columns,
    )


def keep(database, *receipts: Receipt) -> list[Receipt]:
    with database.write() as session:
        session.add_all(receipts)
    return list(receipts)


def normalize(database, connections=CONNECTIONS, now=None, **options) -> int:
    """Normalize until nothing is pending."""
    total = 0
    while taken := normalize_pending(database, connections, now=now or START + timedelta(minutes=5), **options):
        total += taken
    return total


def outcomes(database, merged=False) -> list[CallOutcome]:
    statement = select(CallOutcome).order_by(CallOutcome.call_id, CallOutcome.attempt_id, CallOutcome.id)
    with database.read() as session:
        rows = list(session.scalars(statement if merged else statement.where(CallOutcome.merged_into.is_(None))))
        session.expunge_all()
    return rows


def connect(call_id=19, event="agent-connected", **fields) -> dict:
    return {
        "callID": call_id,
        "callbackType": "connect",
        "event": event,
        "agentID": 67131,
        "agentUsername": "asha@example.test",
        "agentNum": "+919800000001",
        "customerNum": "+919800012345",
        "callCreated": "2026-11-18T09:00:00.000Z",
        "callStarted": None,
        "callDirection": "outbound",
    } | fields


def terminal(call_id=19, log_id=49, **fields) -> dict:
    return {
        "callID": call_id,
        "callLogID": log_id,
        "callbackType": "terminal",
        "event": "call-ended",
        "agentID": 67131,
        "agentUsername": "asha@example.test",
        "agentNum": "+919800000001",
        "customerNum": "+919800012345",
        "virtualNum": "+914900000000",
        "callCreated": "2026-11-18T09:00:00.000Z",
        "callStarted": "2026-11-18T10:00:00.000Z",
        "callEnded": "2026-11-18T10:02:00.000Z",
        "callDisposed": "2026-11-18T10:02:08.000Z",
        "callbackTime": None,
        "callDirection": "outbound",
        "talktime": 95,
        "callDuration": 120,
        "parentDisposition": None,
        "disposition": "Interested",
        "notes": "",
        "status": "2",
        "recordingUrl": "https://recordings.example.test/x.mp3",
        "legDetails": {"leg0Status": 5, "leg0Duration": 100, "leg1Status": 5, "leg1Duration": 95},
    } | fields
