"""A Pipedrive company for tests: the sandbox over real HTTP, and a client that does not wait long."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from crm.base import Call
from crm.destination import Destination
from crm.pipedrive import Settings, calls
from crm.pipedrive.api import Client
from lib.http.exchange import Patience
from sandbox.pipedrive.account import STATUS_FIELD, TOKEN, Pipedrive
from sandbox.pipedrive.api import create_app
from sandbox.server import running
from tests.crm.playing import Words
from tests.crm.samples import Turns

FAST = Patience(connect=2, read=1.0, whole=2, most_bytes=1024 * 1024)


@dataclass
class Stage:
    pipedrive: Pipedrive
    destination: Destination
    client: Client
    turns: Turns = field(default_factory=Turns)

    def faults(self, **wanted) -> None:
        self.pipedrive.faults.set(wanted)

    def log(self, *some: Call) -> list:
        return calls.log(self.client, some)

    def asked(self, part: str) -> int:
        """How many requests there were whose address holds the part."""
        return sum(count for address, count in self.pipedrive.requests.items() if part in address)

    def marks(self) -> list[str]:
        return sorted(one["mark"] for one in self.pipedrive.calls())


@contextmanager
def stage(settings: dict | None = None, token: str = TOKEN, **more) -> Iterator[Stage]:
    """A company with nobody in it, without limits and without a delay; ``more``: of the destination."""
    pipedrive = Pipedrive(lifted=True, search_delay=0)
    with running(create_app(pipedrive), keeping=True) as url:
        given = {"api_token": token, "api_url": url, "timeout_seconds": 1, **(settings or {})}
        destination = Destination("sales", "pipedrive", Settings().load(given), **more)
        turns = Turns()
        yield Stage(pipedrive, destination, Client(destination, turns, patience=FAST), turns)
    assert not pipedrive.wrong_requests, "what we sent is not as Pipedrive documents it"


# As the cases of all kinds see it -----------------------------------------------------------------------------------------
WORDS = Words(
    write="callLogs",
    search="persons/search",
    change="persons/1",
    field=STATUS_FIELD,
    values=("1", "2", "3"),
    lacking="99",
    revoked="token_revoked",
    limit="too_often",
    day="day_spent",
    partial={"server_error": {"times": 1, "after": 1, "path": "callLogs"}},
    lost=("drop_after", "error_after", "garbled_after", "cut_after", "error_in_200_after", "not_told"),
    nothing=("html", "error_in_200", "drop", "server_error", "gateway_timeout", "shut_out", "empty"),
    bad_call="required_field",
    app={"client_id": "demo-app", "client_secret": "demo-secret", "refresh_token": "demo-refresh"},
)


class Played:
    """As of ``tests.crm.playing``."""

    words = WORDS

    def __init__(self, pipedrive: Pipedrive, url: str):
        self.pipedrive = pipedrive
        self.url = url

    def destination(self, name="sales", **given) -> Destination:
        settings = given.pop("settings", {})
        token = {} if "refresh_token" in settings else {"api_token": TOKEN}
        quick = {"requests_per_two_seconds": 10_000, "searches_per_two_seconds": 1_000}
        own = {**token, "api_url": self.url, "oauth_url": self.url, "timeout_seconds": 2, **quick, **settings}
        return Destination(name, "pipedrive", Settings().load(own), **given)

    def faults(self, wanted) -> None:
        self.pipedrive.faults.set(wanted)

    def add(self, number, late=False) -> str:
        self.pipedrive.search_delay = 10.0 if late else 0.0
        return self.pipedrive.add_person(phone=number, late=late, **{STATUS_FIELD: 1})

    def seen(self) -> None:
        self.pipedrive.search_delay = 0.0

    def refuse_unanswered(self) -> None:
        self.pipedrive.unwanted = "no_answer"

    def stands(self):
        return [(one["mark"], ",".join(one["on"].values())) for one in self.pipedrive.calls()]

    def said(self, mark) -> str:
        found = self.pipedrive.call(mark)
        return found["activity"]["subject"] + found["activity"]["note"]

    def value(self, record) -> str:
        found = self.pipedrive.records["persons"][record].row["custom_fields"].get(STATUS_FIELD)
        return "" if found is None else str(found)

    def move(self, record, value) -> None:
        self.pipedrive.change("persons", record, {STATUS_FIELD: int(value)})

    def asked(self) -> int:
        return self.pipedrive.requests.total()

    def struck(self) -> int:
        return self.pipedrive.struck.total()

    def made(self) -> int:
        return self.pipedrive.counted["activities made"]


@contextmanager
def played() -> Iterator[Played]:
    pipedrive = Pipedrive(lifted=True, search_delay=0)
    with running(create_app(pipedrive), keeping=True) as url:
        yield Played(pipedrive, url)
    assert list(pipedrive.wrong_requests) == []
    counts = {one["mark"]: [log["id"] for log in one["logs"]] for one in pipedrive.calls()}
    assert {mark: ids for mark, ids in counts.items() if len(ids) != 1} == {}, "an activity is one call log"
