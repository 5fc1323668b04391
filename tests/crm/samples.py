"""A call as the API shows it, and a budget: what every kind of CRM is tried with."""

from collections import Counter

from crm.base import Call

ASHA = "+919810012345"
OURS = "+911140001122"
OUTCOME = {
    "id": "0190f3a1-0000-7000-8000-000000000001",
    "connection": "ryng-main",
    "dialer": "ryng",
    "campaign_id": "7",
    "campaign_name": "Renewals",
    "queue_name": None,
    "direction": "outbound",
    "customer_number": ASHA,
    "customer_number_raw": "09810012345",
    "caller_number": OURS,
    "agent": {
        "id": "a1",
        "name": "Asha",
        "username": "asha",
        "email": "asha@example.test",
        "number": None,
        "extension": None,
    },
    "connect_outcome": "connected",
    "answered_by": "human",
    "disposition": "Interested",
    "disposition_parent": None,
    "flags": ["contact", "sale"],
    "talk_seconds": 12,
    "duration_seconds": 20,
    "started_at": "2026-11-18T10:12:52Z",
    "ended_at": "2026-11-18T10:13:12Z",
    "occurred_at": "2026-11-18T10:12:52Z",
    "recording_url": "https://rec.example.test/1.mp3",
    "notes": "Wants <the> offer\nby mail",
    "crm_reference": None,
}


class Turns:
    """A budget without an end; counts what is taken."""

    def __init__(self):
        self.taken = Counter()
        self.waited: list[tuple[str, float]] = []

    def take(self, limit):
        self.taken[limit] += 1

    def put_off(self, limit, seconds):
        self.waited.append((limit, seconds))


def outcome(**given) -> dict:
    agent = OUTCOME["agent"] | given.pop("agent", {})
    return OUTCOME | {"agent": agent} | given


def call(mark: str, record: str, remote_id: str | None = None, owner: str | None = None, **given) -> Call:
    return Call(mark, f"delivery-{mark}", outcome(**given), record, owner, remote_id)


def several(count: int, record: str) -> list:
    return [call(f"m{at}", record) for at in range(count)]
