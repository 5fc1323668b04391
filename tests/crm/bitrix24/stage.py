"""A Bitrix24 portal for tests: the sandbox over real HTTP, and a client that does not wait long."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from crm.base import Call
from crm.bitrix24 import Settings, calls
from crm.bitrix24.api import Client
from crm.destination import Destination
from lib.http.exchange import Patience
from sandbox.bitrix24.account import WEBHOOK, Portal
from sandbox.bitrix24.api import create_app
from sandbox.server import running
from tests.crm.playing import Words
from tests.crm.samples import Turns

FAST = Patience(connect=2, read=1.0, whole=2, most_bytes=1024 * 1024)
APP = {"client_id": "demo-app", "client_secret": "demo-secret", "refresh_token": "demo-refresh"}


class Lent:
    """A token that the portal knows; ``stale`` ones are replaced."""

    def __init__(self, portal: Portal):
        self.portal = portal
        self.given = 0

    def token(self, stale=None) -> str:
        self.given += stale is not None
        self.portal.tokens.add(f"lent-{self.given}")
        return f"lent-{self.given}"


@dataclass
class Stage:
    portal: Portal
    destination: Destination
    client: Client
    turns: Turns = field(default_factory=Turns)

    def faults(self, **wanted) -> None:
        self.portal.faults.set(wanted)

    def log(self, *some: Call) -> list:
        return calls.log(self.client, some)

    def asked(self, part: str) -> int:
        """How many requests there were whose address holds the part."""
        return sum(count for address, count in self.portal.requests.items() if part in address)

    def marks(self) -> list[str]:
        return sorted(one["mark"] for one in self.portal.calls())


@contextmanager
def stage(settings: dict | None = None, webhook: bool = False, **more) -> Iterator[Stage]:
    """A portal with nobody in it, without limits and without a delay, asked by an app, or by a webhook; ``more``: of the
    destination."""
    portal = Portal(lifted=True)
    with running(create_app(portal), keeping=True) as url:
        way = {"webhook_url": f"{url}/rest/1/{WEBHOOK}/"} if webhook else {**APP, "portal_url": url, "oauth_url": url}
        destination = Destination(
            "sales", "bitrix24", Settings().load({**way, "timeout_seconds": 1, **(settings or {})}), **more
        )
        turns = Turns()
        access = None if webhook else Lent(portal)
        yield Stage(portal, destination, Client(destination, turns, access, patience=FAST), turns)
    assert list(portal.wrong_requests) == [], "what we sent is not as Bitrix24 documents it"
    assert portal.counted["shown to agents"] == 0


# As the cases of all kinds see it -----------------------------------------------------------------------------------------
WORDS = Words(
    write="externalCall.register",
    search="findbycomm",
    change="crm.item.update",
    field="stageId",
    values=("NEW", "IN_PROCESS", "PROCESSED"),
    lacking="NOSUCH",
    revoked="token_expired",
    limit="operation_limit",
    day="overload",
    partial={"failing": {"times": 1, "path": "externalCall.register", "value": 4}},
    lost=("drop_after", "error_after", "garbled_after", "cut_after", "error_in_200_after", "time_out"),
    nothing=("html", "error_in_200", "drop", "server_error", "gateway_timeout", "within_limit", "empty"),
    bad_call="validation",
    app=APP,
)


class Played:
    """As of ``tests.crm.playing``."""

    words = WORDS

    def __init__(self, portal: Portal, url: str):
        self.portal = portal
        self.url = url

    def destination(self, name="sales", **given) -> Destination:
        own = {**APP, "refresh_token": f"refresh-of-{name}", **given.pop("settings", {})}
        self.portal.app.refreshes.add(own["refresh_token"])  # each destination is authorised by itself
        own |= {"portal_url": self.url, "oauth_url": self.url, "timeout_seconds": 2, "requests_per_second": 10_000}
        return Destination(name, "bitrix24", Settings().load(own), **given)

    def faults(self, wanted) -> None:
        self.portal.faults.set(wanted)

    def add(self, number, late=False) -> str:
        self.portal.search_delay = 10.0 if late else 0.0
        return self.portal.add(phone=number, late=late)

    def seen(self) -> None:
        self.portal.search_delay = 0.0

    def refuse_unanswered(self) -> None:
        self.portal.unwanted = "304"

    def stands(self):
        return [(one["mark"], ",".join(place.rpartition("/")[2] for place in one["on"])) for one in self.portal.calls()]

    def said(self, mark) -> str:
        return self.portal.call(mark)["text"]

    def value(self, record) -> str:
        return self.portal.records["leads"][record].row["stageId"]

    def move(self, record, value) -> None:
        self.portal.change("leads", record, {"stageId": value})

    def asked(self) -> int:
        return self.portal.requests.total()

    def struck(self) -> int:
        return self.portal.struck.total()

    def made(self) -> int:
        return self.portal.counted["activities made"]


@contextmanager
def played() -> Iterator[Played]:
    portal = Portal(lifted=True)
    with running(create_app(portal), keeping=True) as url:
        yield Played(portal, url)
    assert list(portal.wrong_requests) == []
    assert portal.counted["shown to agents"] == 0
    assert len(portal.statistics) == portal.counted["activities made"], "a finished call is an activity"
