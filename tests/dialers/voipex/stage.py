"""A VoIPEX account for tests: the sandbox over real HTTP, and a client that does not wait long."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dialers.base import Connection
from dialers.giving import Lead, Order
from dialers.voipex import Settings
from dialers.voipex.api import Client
from lib.http.exchange import Patience
from sandbox.server import running
from sandbox.voipex.api import TOKEN_PATH, create_app
from sandbox.voipex.dialer import Voipex
from tests.dialers.lead_cases import QUICK

FAST = Patience(connect=2, read=1.5, whole=4, refused=60)
OPTIONS = {
    "callerId": "222333444",
    "activePeriod": {"startTime": "09:00", "endTime": "17:00", "weekDays": [1, 2, 3, 4, 5]},
    "rescheduleRules": [{"status": "RS_BUSY", "retryAfter": 900, "maxAttempts": 3}],
    "ivr": "TUxw53xCBf",
    "endpoint": {"type": "queue", "boostFactor": 1.1, "maxWaitingCalls": 2, "queue": "green"},
}
NUMBERS = ("+420601000001", "+420601000002", "+421901000003")


@dataclass
class Stage:
    voipex: Voipex
    connection: Connection
    client: Client
    campaign: None = None  # leads go into a new one only
    options = OPTIONS
    wrong = {"password": "wrong"}
    path = "/dialer/campaigns"

    def faults(self, wanted: dict) -> None:
        self.voipex.faults.set(wanted)

    def taken(self) -> list[str]:
        """The numbers of all campaigns, as they were written."""
        return [number for campaign in self.voipex.campaigns.values() for number in campaign.numbers]

    def asked(self, part: str) -> list[int]:
        """The statuses of the requests whose path holds the part."""
        return [one["status"] for one in self.voipex.requests if part in one["path"]]


@contextmanager
def stage(patience: Patience = FAST, settings=None, **options) -> Iterator[Stage]:
    """An account without campaigns, and our connection to it."""
    voipex = Voipex(**options)
    with running(create_app(voipex)) as url:
        who = {name: voipex.credentials[name] for name in ("username", "password")}
        given = {"api_url": url, "auth_url": url + TOKEN_PATH, "timeout_seconds": 1, **who, **(settings or {})}
        connection = Connection(
            "voipex-main", "voipex", Settings().load(given) | QUICK, ("token",), default_country="CZ"
        )
        try:
            yield Stage(voipex, connection, Client(connection, patience))
        finally:
            voipex.close()


def order(numbers=NUMBERS, name="Renewals", **options) -> Order:
    leads = [Lead(number=number, number_raw=number, mark=f"mark-{at}") for at, number in enumerate(numbers)]
    return Order(None, name, OPTIONS | options, leads, "key-1")
