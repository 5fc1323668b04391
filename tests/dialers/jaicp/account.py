"""A JAICP account for tests: the sandbox over real HTTP, our connection to it, and leads."""

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from dialers.asking import Jobs
from dialers.base import Connection
from dialers.giving import Lead, Order
from dialers.jaicp import Settings
from dialers.jaicp.api import Client
from dialers.jaicp.leads import LEADS
from dialers.jaicp.reports import REPORTS
from lib import ids
from lib.http.exchange import Patience
from sandbox.jaicp.api import create_app
from sandbox.jaicp.dialer import Jaicp
from sandbox.server import running
from tests.dialers.walks import Walked, walked

TOKENS = {"renewals": "8231.7056.1b131df1", "winback": "8231.7057.0c9f3a11"}
FAST = Patience(connect=1, read=1.5, whole=4)
WALKS = {report.name: report.walk for report in REPORTS}


class Clock:
    """The dialer's time, which only moves when told to."""

    def __init__(self):
        self.at = 1_795_000_000.0

    def __call__(self) -> float:
        return self.at


@dataclass
class Account:
    jaicp: Jaicp
    connection: Connection
    client: Client
    clock: Clock

    def fault(self, **faults) -> None:
        self.jaicp.faults.set(faults)

    def walk(self, report: str = "jobs", asked: Jobs | None = None) -> Walked:
        return walked(WALKS[report](self.client, self.connection, asked))

    def send(self, *leads: Lead, campaign: str = "renewals", key: str = "order-1", **options: Any):
        order = Order(campaign, None, LEADS.options().load(options), leads, key)
        return LEADS.send(self.client, self.connection, order)

    def add(self, count: int, campaign: str = "renewals", **payload: Any) -> tuple[str, ...]:
        """So many jobs of the dialer; their ids."""
        items = [{"phone": 79110000000 + at, "payload": payload} for at in range(1, count + 1)]
        return tuple(str(job) for job in self.jaicp.add(campaign, items))

    def with_settings(self, **settings) -> Connection:
        return replace(self.connection, settings={**self.connection.settings, **settings})

    @property
    def asked(self) -> list[str]:
        return [f"{request.verb} {request.path} {request.status}" for request in self.jaicp.requests]


@contextmanager
def account(settings=None, **options):
    """An account with two campaigns."""
    clock = Clock()
    jaicp = Jaicp(TOKENS, now=options.pop("now", clock), **options)
    with running(create_app(jaicp)) as url:
        given = Settings().load({"api_url": url, "campaigns": TOKENS, **(settings or {})})
        connection = Connection("jaicp-bot", "jaicp", settings=given)
        yield Account(jaicp, connection, Client(connection, FAST), clock)


def lead(number: int = 1, **given) -> Lead:
    """Lead number 7 has the telephone number +79110000007."""
    raw = f"+7911{number:07d}"
    return Lead(number=raw, number_raw=raw, mark=str(ids.new()), **given)
