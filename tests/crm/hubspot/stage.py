"""A HubSpot account for tests: the sandbox over real HTTP, and a client that does not wait long."""

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
from tests.crm.playing import Words
from tests.crm.samples import ASHA, OURS, OUTCOME, Turns, call, outcome, several

FAST = Patience(connect=2, read=1.0, whole=2, most_bytes=1024 * 1024)
UNIQUE = "wrapup_outcome_id"
__all__ = ["ASHA", "OURS", "OUTCOME", "Turns", "call", "outcome", "several"]


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


# As the cases of all kinds see it -----------------------------------------------------------------------------------------
WORDS = Words(
    write="calls/batch/upsert",
    search="contacts/search",
    change="contacts/batch/update",
    field="hs_lead_status",
    values=("NEW", "ATTEMPTED_TO_CONTACT", "CONNECTED"),
    lacking="NONE_OF_THESE",
    revoked="token_revoked",
    limit="ten_secondly",
    day="daily_spent",
    partial={"partial": {"times": 1, "path": "calls/batch/upsert"}},
    lost=("drop_after", "error_after", "garbled_after", "cut_after", "error_in_200_after", "results_missing"),
    nothing=("html", "error_in_200", "drop", "server_error", "gateway_timeout", "locked", "empty"),
    bad_call="required_field",
    app={"client_id": "demo-app", "client_secret": "demo-secret", "refresh_token": "demo-refresh"},
)


class Played:
    """As of ``tests.crm.playing``."""

    words = WORDS

    def __init__(self, hubspot: Hubspot, url: str):
        self.hubspot = hubspot
        self.url = url

    def destination(self, name="sales", **given) -> Destination:
        settings = given.pop("settings", {})
        token = {} if "refresh_token" in settings else {"access_token": TOKEN}
        quick = {"requests_per_ten_seconds": 10_000, "searches_per_second": 1_000, "timeout_seconds": 2}
        return Destination(
            name, "hubspot", Settings().load({**token, "api_url": self.url, **quick, **settings}), **given
        )

    def faults(self, wanted) -> None:
        self.hubspot.faults.set(wanted)

    def add(self, number, late=False) -> str:
        self.hubspot.search_delay = 10.0 if late else 0.0
        if not late:
            return self.hubspot.add_contact(phone=number, hs_lead_status="NEW")
        return self.hubspot.records["contacts"].add({"phone": number, "hs_lead_status": "NEW"}).id

    def seen(self) -> None:
        self.hubspot.search_delay = 0.0

    def refuse_unanswered(self) -> None:
        when = {"hs_call_status": "NO_ANSWER"}
        self.hubspot.required.append({"object": "calls", "when": when, "need": ["hs_call_recording_url"]})

    def stands(self):
        return [(one["mark"], ",".join(one["contacts"])) for one in self.hubspot.calls()]

    def said(self, mark) -> str:
        found = self.hubspot.call(mark)["properties"]
        return found["hs_call_title"] + found["hs_call_body"]

    def value(self, record) -> str:
        return self.hubspot.contact(record).get("hs_lead_status", "")

    def move(self, record, value) -> None:
        self.hubspot.add_contact(record, hs_lead_status=value)

    def asked(self) -> int:
        return self.hubspot.requests.total()

    def struck(self) -> int:
        return self.hubspot.struck.total()

    def made(self) -> int:
        return self.hubspot.counted["calls made"]


@contextmanager
def played() -> Iterator[Played]:
    hubspot = Hubspot(lifted=True, search_delay=0)
    hubspot.add_property("calls", UNIQUE, unique=True)
    with running(create_app(hubspot), keeping=True) as url:
        yield Played(hubspot, url)
    assert list(hubspot.wrong_requests) == []
