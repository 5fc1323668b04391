"""A believable day at one dialer, through the real pipeline: what the screenshot shows and the browser test reads."""

from datetime import datetime, timedelta
from itertools import cycle

from lib.clock import iso
from models.database import Database
from tests import factories
from tests.evidence import RYNG, connect, keep, normalize, receipt, terminal

AGENTS = ("asha@example.test", "priya@example.test", "vikram@example.test")
RESULTS = (
    {"disposition": "Interested", "talktime": 214},
    {"status": "no-answer", "talktime": 0, "disposition": None, "callDisposed": None},
    {"disposition": "Call back later", "talktime": 61, "callbackTime": "2026-11-19T09:00:00.000Z"},
    {"status": "busy", "talktime": 0, "disposition": None, "callDisposed": None},
    {"disposition": "Not now", "talktime": 38},
    {"status": "no-answer", "talktime": 0, "disposition": None, "callDisposed": None},
    {"disposition": None, "callDisposed": None, "talktime": 95},
    {"status": "failed", "talktime": 0, "disposition": None, "callDisposed": None},
    {"status": "77", "talktime": 0, "disposition": None, "callDisposed": None},
)


def call(number: int, ended: datetime, **fields) -> list:
    """The receipts of one call: an agent's connect, and the end."""
    said = {
        "callID": 7000 + number,
        "callCreated": iso(ended - timedelta(minutes=3)),
        "agentUsername": AGENTS[number % len(AGENTS)],
        "customerNum": f"+9198{10_000_000 + 7919 * number}",
    }
    end = {
        "callLogID": 90_000 + number,
        "callStarted": iso(ended - timedelta(minutes=2)),
        "callEnded": iso(ended),
        "callDisposed": iso(ended + timedelta(seconds=8)),
    }
    return [
        receipt(connect(**said), kind="connect", at=ended - timedelta(minutes=2)),
        receipt(terminal(**{**said, **end, **fields}), at=ended),
    ]


def lived(database: Database, now: datetime, calls: int = 70) -> None:
    """Calls until now, one still going on, some receipts that nobody can read, and a load with leads in doubt."""
    results = cycle(RESULTS)
    for number in range(calls):
        ended = now - timedelta(seconds=20 + 47 * (calls - number))
        keep(database, *call(number, ended, **next(results)))
        normalize(database, now=ended + timedelta(seconds=1))
    keep(database, call(calls, now + timedelta(minutes=2) - timedelta(seconds=4))[0])
    for body in (b'{"callID": 7001, "callLogID"', b"callID=7002", b'{"event": "call-ended"}'):
        keep(database, receipt(body, at=now - timedelta(minutes=6)))
    normalize(database, now=now)
    with database.write() as session:
        minutes = factories.minutes
        factories.poll(session, layer="recent", complete_to=now - minutes(1), due_at=now, last_ok_at=now - minutes(1))
        factories.poll(
            session,
            layer="week",
            complete_to=now - minutes(95),
            due_at=now + minutes(5),
            last_ok_at=now - minutes(95),
            failures=3,
            error_id="unavailable",
            error="The dialer did not answer within 30 s.",
        )
        factories.receipt(
            session,
            connection=RYNG.name,
            received_at=now - minutes(40),
            state="quarantined",
            reason="wrong_token",
            detail="The token in the URL is none of this connection's.",
            stranger=True,
            processed_at=None,
            readings=0,
        )
        said = {"state": "rejected", "reason": "On the list of numbers that may not be called."}
        doubt = {"state": "unknown", "reason": "No answer within 30 s.", "settled_at": now - minutes(15)}
        times = {"created_at": now - minutes(20), "finished_at": now - minutes(15)}
        factories.load(session, [*["accepted"] * 9, said, doubt, doubt], name="Renewals November", **times)
