"""What every dialer that takes leads must get right, whatever its words: the stage on which that is tried."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from typing import Any, Protocol
from uuid import UUID

from dialers.base import Connection
from dialers.giving import Lead, Leads, Order
from dialers.registry import DIALERS
from leads import loads, send_due
from leads.checking import check_options
from leads.loading import Loading
from lib import clock, ids, phone
from models.database import Database

# Settings of every stage's connection: nothing is waited for that a test does not want to see.
QUICK = {"timeout_seconds": 1.5, "requests_per_minute": 60_000}
CALLBACKS = {"connect": "https://wrapup.example.test/c", "terminal": "https://wrapup.example.test/t"}
NUMBERS = ("+420601000001", "+420601000002", "+420601000003")
DIALERS_WITH_LEADS = [name for name, dialer in DIALERS.items() if dialer.leads]
MOST_ROUNDS = 20


class Stage(Protocol):
    """A dialer of the sandbox that runs, and our connection to it. Each dialer has its own, ``tests.dialers.<name>.stage``."""

    connection: Connection
    campaign: str | None  # None where leads go into a new one only
    options: dict[str, Any]  # that every load needs
    wrong: dict[str, Any]  # settings with credentials that the dialer does not know
    path: str  # part of the paths of requests with leads, and of no login's

    def faults(self, wanted: dict[str, Any]) -> None:
        """Switch these faults on, and all others off; see ``sandbox.faults``."""

    def taken(self) -> list[str]:
        """Every number that the dialer really took, in the order in which it did, in its own form."""


def stage(dialer: str) -> AbstractContextManager[Stage]:
    return import_module(f"tests.dialers.{dialer}.stage").stage()


def offered(played: Stage) -> Leads:
    return DIALERS[played.connection.dialer].leads


def taken(played: Stage) -> list[str]:
    """In E.164."""
    return [phone.e164(number, played.connection.default_country) for number in played.taken()]


def spoil(played: Stage, name: str, **more: Any) -> None:
    """Let requests with leads meet the fault."""
    played.faults({name: {"path": played.path, **more}})


def order(played: Stage) -> Order:
    """As many leads as fit into one request, three at most."""
    leads = offered(played)
    most = leads.most if played.campaign else leads.most_new
    some = [Lead(number, number, str(ids.new())) for number in NUMBERS[:most]]
    options = check_options(played.connection, played.options)
    return Order(played.campaign, "Renewals", options, some, str(ids.new()), CALLBACKS)


def send(played: Stage, wanted: Order, connection: Connection | None = None) -> Any:
    """One order, by a client that nobody used before."""
    connection = connection or played.connection
    return offered(played).send(DIALERS[connection.dialer].client(connection), connection, wanted)


def with_wrong_credentials(played: Stage) -> Connection:
    return replace(played.connection, settings={**played.connection.settings, **played.wrong})


def url_of(played: Stage) -> str:
    """Where the dialer listens."""
    settings = played.connection.settings
    return str(settings.get("api_url") or settings["portal_url"]).rstrip("/")


def moved(played: Stage, url: str) -> Connection:
    """The connection, with the dialer at another URL."""
    settings = played.connection.settings
    there = {name: text.replace(url_of(played), url) for name, text in settings.items() if isinstance(text, str)}
    return replace(played.connection, settings={**settings, **there})


def loaded(database: Database, played: Stage) -> UUID:
    rows = enumerate(({"number": number} for number in NUMBERS), 1)
    return Loading(played.connection, played.campaign, rows, "Renewals", played.options).keep(database)


def ended(database: Database, played: Stage, load_id: UUID) -> dict[str, str]:
    """Number -> what became of it, when the load is done; rests that the dialer gets are not waited for."""
    rested = timedelta()
    for _ in range(MOST_ROUNDS):
        while send_due(database, played.connection, CALLBACKS, now=_later(rested)):
            pass
        with database.read() as session:
            found = loads.shown(session, {}, load_id)
        if found["state"] == "done":
            return {lead["number"]: lead["state"] for lead in found["leads"]}
        rested += timedelta(minutes=10)
    raise AssertionError(f"still {found['state']} after {MOST_ROUNDS} rounds: {found['reason']}")


def _later(by: timedelta) -> Callable:
    return lambda: clock.now() + by


def repeated(numbers: Iterable[str]) -> set[str]:
    numbers = list(numbers)
    return {number for number in numbers if numbers.count(number) > 1}
