"""A HubSpot account for tests: the sandbox over real HTTP, and a client that does not wait long."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from crm.base import Call
from crm.destination import Destination
from crm.hubspot import Settings, calls
from crm.hubspot.api import Client
from lib.http.exchange import Patience
from sandbox.hubspot.account import TOKEN, Hubspot
from sandbox.hubspot.api import create_app
from sandbox.server import running

FAST = Patience(connect=2, read=1.0, whole=2, most_bytes=1024 * 1024)
UNIQUE = "wrapup_outcome_id"
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


@dataclass
class Stage:
    hubspot: Hubspot
    destination: Destination
    client: Client
    turns: Turns = field(default_factory=Turns)

    def faults(self, **wanted) -> None:
        self.hubspot.faults.set(wanted)

    def log(self, *some: Call) -> list:
        return calls.log(self.client, some)

    def asked(self, part: str) -> int:
        """How many requests there were whose address holds the part."""
        return sum(count for address, count in self.hubspot.requests.items() if part in address)


def outcome(**given) -> dict:
    agent = OUTCOME["agent"] | given.pop("agent", {})
    return OUTCOME | {"agent": agent} | given


def call(mark: str, contact: str, remote_id: str | None = None, owner: str | None = None, **given) -> Call:
    return Call(mark, f"delivery-{mark}", outcome(**given), contact, owner, remote_id)


def several(count: int, contact: str) -> list:
    return [call(f"m{at}", contact) for at in range(count)]


def marks(account) -> list[str]:
    return sorted(one["mark"] for one in account.hubspot.calls())


@contextmanager
def stage(settings: dict | None = None, unique: str | None = UNIQUE, token: str = TOKEN, **more) -> Iterator[Stage]:
    """An account with our property of calls and nobody in it, without limits and without a delay; ``more``: of the
    destination."""
    hubspot = Hubspot(lifted=True, search_delay=0)
    if unique:
        hubspot.add_property("calls", unique, unique=True)
    with running(create_app(hubspot), keeping=True) as url:
        given = {"access_token": token, "api_url": url, "timeout_seconds": 1, **(settings or {})}
        destination = Destination("sales", "hubspot", Settings().load(given), **more)
        turns = Turns()
        yield Stage(hubspot, destination, Client(destination, turns, patience=FAST), turns)
    assert not hubspot.wrong_requests, "what we sent is not as HubSpot documents it"
