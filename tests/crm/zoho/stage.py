"""A Zoho account for tests: the sandbox over real HTTP, and a client that does not wait long."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from crm.base import Call
from crm.destination import Destination
from crm.zoho import UNIQUE, Settings, calls, oauth
from crm.zoho.api import Client
from lib.http.exchange import Patience
from sandbox.server import running
from sandbox.zoho.account import Zoho
from sandbox.zoho.api import create_app
from tests.crm.playing import Words
from tests.crm.samples import Turns

FAST = Patience(connect=10, read=10, whole=20, most_bytes=1024 * 1024)


class Lent:
    """Tokens without a database."""

    def __init__(self, destination: Destination):
        self.destination = destination
        self.held: str | None = None

    def token(self, stale=None):
        if self.held is None or self.held == stale:
            self.held = oauth.renew(self.destination, self.destination.settings["refresh_token"]).access
        return self.held


@dataclass
class Stage:
    zoho: Zoho
    destination: Destination
    client: Client
    turns: Turns = field(default_factory=Turns)

    def faults(self, **wanted) -> None:
        self.zoho.faults.set(wanted)

    def log(self, *some: Call) -> list:
        return calls.log(self.client, some)

    def asked(self, part: str) -> int:
        """How many requests there were whose verb and address hold the part."""
        return sum(count for address, count in self.zoho.requests.items() if part in address)

    def marks(self) -> list[str]:
        return sorted(one["mark"] for one in self.zoho.calls())

    def lead(self, **given) -> str:
        return self.zoho.add("Leads", **{"Last_Name": "Asha", "Lead_Status": "Not Contacted"} | given)

    def contact(self, **given) -> str:
        return self.zoho.add("Contacts", **{"Last_Name": "Bharat"} | given)


def settings(zoho: Zoho, url: str, **given) -> dict:
    app = {"client_id": zoho.app.id, "client_secret": zoho.app.secret, "refresh_token": zoho.app.refresh}
    return {**app, "api_url": url, "accounts_url": url, "timeout_seconds": 2, "requests_per_second": 1_000, **given}


@contextmanager
def stage(given: dict | None = None, unique: str | None = UNIQUE, **more) -> Iterator[Stage]:
    """An account with our field of calls and nobody in it, without limits and without a delay; ``more``: of the
    destination."""
    zoho = Zoho(lifted=True, search_delay=0)
    if unique:
        zoho.add_field("Calls", unique, "text", unique=True)
    with running(create_app(zoho), keeping=True) as url:
        destination = Destination("sales", "zoho", Settings().load(settings(zoho, url, **(given or {}))), **more)
        turns = Turns()
        yield Stage(zoho, destination, Client(destination, turns, Lent(destination), patience=FAST), turns)
    assert not zoho.wrong_requests, "what we sent is not as Zoho documents it"
    assert zoho.counted["workflows run"] == 0


# As the cases of all kinds see it -----------------------------------------------------------------------------------------
WORDS = Words(
    write="/v8/Calls",
    search="Leads/search",
    change="/v8/Leads",
    field="Lead_Status",
    values=("Not Contacted", "Attempted to Contact", "Contacted"),
    lacking="None of these",
    revoked="token_revoked",
    limit="too_often",
    day="credits_spent",
    partial={"partial": {"times": 1, "path": "/v8/Calls"}},
    lost=("drop_after", "error_after", "garbled_after", "cut_after", "error_in_200_after", "results_missing"),
    nothing=("html", "error_in_200", "drop", "server_error", "gateway_timeout", "bad_gateway", "empty"),
    bad_call="required_field",
)


class Played:
    """As of ``tests.crm.playing``."""

    words = WORDS

    def __init__(self, zoho: Zoho, url: str):
        self.zoho = zoho
        self.url = url

    def destination(self, name="sales", **given) -> Destination:
        own = settings(self.zoho, self.url, **given.pop("settings", {}))
        return Destination(name, "zoho", Settings().load(own), **given)

    def faults(self, wanted) -> None:
        self.zoho.faults.set(wanted)

    def add(self, number, late=False) -> str:
        self.zoho.search_delay = 10.0 if late else 0.0
        return self.zoho.add("Leads", late=late, Last_Name="Asha", Phone=number, Lead_Status="Not Contacted")

    def seen(self) -> None:
        self.zoho.search_delay = 0.0

    def refuse_unanswered(self) -> None:
        self.zoho.unwanted = "Result: no answer"

    def stands(self):
        return [(one["mark"], one["on"]) for one in self.zoho.calls()]

    def said(self, mark) -> str:
        found = self.zoho.call(mark)["fields"]
        return found["Subject"] + found["Description"]

    def value(self, record) -> str:
        return self.zoho.records["Leads"][record].row.get("Lead_Status") or ""

    def move(self, record, value) -> None:
        self.zoho.change("Leads", record, {"Lead_Status": value})

    def asked(self) -> int:
        return self.zoho.requests.total()

    def struck(self) -> int:
        return self.zoho.struck.total()

    def made(self) -> int:
        return self.zoho.counted["Calls made"]


@contextmanager
def played(unique: str | None = UNIQUE) -> Iterator[Played]:
    zoho = Zoho(lifted=True, search_delay=0)
    if unique:
        zoho.add_field("Calls", unique, "text", unique=True)
    with running(create_app(zoho), keeping=True) as url:
        yield Played(zoho, url)
    assert list(zoho.wrong_requests) == []
