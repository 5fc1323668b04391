"""A Salesforce org for tests: the sandbox over real HTTP, and a client that does not wait long."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from crm.base import Call
from crm.destination import Destination
from crm.salesforce import Settings, calls, oauth
from crm.salesforce.api import Client
from lib.http.exchange import Patience
from sandbox.salesforce.account import CLIENT, SECRET, Salesforce
from sandbox.salesforce.api import create_app
from sandbox.salesforce.objects import STATUSES
from sandbox.server import running
from tests.crm.playing import Words
from tests.crm.samples import Turns

FAST = Patience(connect=2, read=1.0, whole=2, most_bytes=1024 * 1024)


class Access:
    """A token that nobody else uses."""

    def __init__(self, destination: Destination):
        self.destination = destination
        self.held: str | None = None

    def token(self, stale: str | None = None) -> str:
        if self.held is None or self.held == stale:
            self.held = oauth.renew(self.destination, "").access
        return self.held


@dataclass
class Stage:
    org: Salesforce
    destination: Destination
    client: Client
    turns: Turns = field(default_factory=Turns)

    def faults(self, **wanted) -> None:
        self.org.faults.set(wanted)

    def log(self, *some: Call) -> list:
        return calls.log(self.client, some)

    def asked(self, part: str) -> int:
        """How many requests there were whose address holds the part."""
        return sum(count for address, count in self.org.requests.items() if part in address)

    def marks(self) -> list[str]:
        return sorted(one["mark"] for one in self.org.calls())


@contextmanager
def stage(settings: dict | None = None, org: Salesforce | None = None, **more) -> Iterator[Stage]:
    """An org with nobody in it, without limits and without a delay; ``more``: of the destination."""
    org = org or Salesforce(lifted=True, search_delay=0)
    with running(create_app(org), keeping=True) as url:
        secret = {} if "private_key_file" in (settings or {}) else {"client_secret": SECRET}
        given = {"api_url": url, "client_id": CLIENT, **secret, "timeout_seconds": 1, **(settings or {})}
        destination = Destination("sales", "salesforce", Settings().load(given), **more)
        turns = Turns()
        yield Stage(org, destination, Client(destination, turns, Access(destination), FAST), turns)
    assert not org.wrong_requests, "what we sent is not as Salesforce documents it"


# As the cases of all kinds see it -----------------------------------------------------------------------------------------
WORDS = Words(
    write="composite/sobjects/Task",
    search="/search",
    change="composite/sobjects",
    field="Status",
    values=(STATUSES[0], STATUSES[1], STATUSES[3]),
    lacking="Nowhere",
    revoked="session_ended",
    limit="server_unavailable",
    day="requests_spent",
    partial={"row_locked": {"times": 1, "path": "composite/sobjects/Task", "value": 2}},
    lost=("drop_after", "error_after", "garbled_after", "cut_after", "error_in_200_after", "not_told"),
    nothing=("html", "error_in_200", "drop", "server_error", "gateway_timeout", "bad_gateway", "empty"),
    bad_call="validation",
)


class Played:
    """As of ``tests.crm.playing``."""

    words = WORDS

    def __init__(self, org: Salesforce, url: str):
        self.org = org
        self.url = url

    def destination(self, name="sales", **given) -> Destination:
        own = {"api_url": self.url, "client_id": CLIENT, "client_secret": SECRET, "timeout_seconds": 2}
        own |= {"requests_per_second": 1_000, **given.pop("settings", {})}
        return Destination(name, "salesforce", Settings().load(own), **given)

    def faults(self, wanted) -> None:
        self.org.faults.set(wanted)

    def add(self, number, late=False) -> str:
        self.org.search_delay = 10.0 if late else 0.0
        return self.org.add("Lead", Phone=number, late=late)

    def seen(self) -> None:
        self.org.search_delay = 0.0

    def refuse_unanswered(self) -> None:
        self.org.unwanted = "Result: no answer"

    def stands(self):
        return [(one["mark"], one["WhoId"]) for one in self.org.calls()]

    def said(self, mark) -> str:
        found = self.org.call(mark)
        return found["Subject"] + found["Description"]

    def value(self, record) -> str:
        return str(self.org.records["Lead"][record].row["Status"])

    def move(self, record, value) -> None:
        self.org.change("Lead", record, {"Status": value})

    def asked(self) -> int:
        return self.org.requests.total()

    def struck(self) -> int:
        return self.org.struck.total()

    def made(self) -> int:
        return self.org.counted["Tasks made"]


@contextmanager
def played() -> Iterator[Played]:
    org = Salesforce(lifted=True, search_delay=0)
    with running(create_app(org), keeping=True) as url:
        yield Played(org, url)
    assert list(org.wrong_requests) == []
