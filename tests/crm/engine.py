"""The engine at work: a database, CRMs of the sandbox over HTTP, and a clock that can be put forward."""

from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from crm.delivering import Deliverer
from crm.destination import Destination
from crm.following import follow
from crm.registry import CRMS
from crm.undoing import Undoing, done_since
from lib import clock
from models import CallOutcome, Delivery, DestinationState
from outcomes.feed import take_positions
from sandbox.hubspot.account import Hubspot
from sandbox.server import running
from tests import factories
from tests.factories import NOON

MARK = "wrapup_outcome_id"
on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is the same on both
QUICK = {"requests_per_ten_seconds": 10_000, "searches_per_second": 1_000}


class Engine:
    """Follows and delivers where it is told to; the sandbox's own limits are lifted."""

    def __init__(self, database):
        self.database = database
        self.ahead = timedelta()
        self._deliverers: dict[str, tuple[Destination, Deliverer]] = {}

    def now(self):
        return clock.now() + self.ahead

    def later(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)

    # The core's part --------------------------------------------------------------------------------------------------
    def made(self, **given: Any) -> UUID:
        with self.database.write() as session:
            return factories.outcome(session, **given).id

    def changed(self, outcome_id: UUID, **values: Any) -> None:
        with self.database.write() as session:
            place = take_positions(session, 1)[0]
            raised = {"revision": CallOutcome.revision + 1, "position": place, "changed_fields": sorted(values)}
            session.execute(update(CallOutcome).where(CallOutcome.id == outcome_id).values(raised | values))

    # Ours -------------------------------------------------------------------------------------------------------------
    def started(self, *destinations: Destination) -> None:
        """They follow from here on."""
        for one in destinations:
            self.follow(one)

    def follow(self, destination: Destination) -> None:
        while follow(self.database, destination, self.now):
            pass

    def deliverer(self, destination: Destination) -> Deliverer:
        return Deliverer(self.database, destination, self.now)

    def run(self, destination: Destination) -> list[Delivery]:
        """Follow, and deliver what is due now; all deliveries there."""
        self.follow(destination)
        known, deliverer = self._deliverers.get(destination.name, (None, None))
        if known != destination:  # a worker that reads other settings has been started anew
            deliverer = self.deliverer(destination)
            self._deliverers[destination.name] = (destination, deliverer)
        while deliverer.step():
            pass
        return self.rows(destination)

    def rows(self, destination: Destination) -> list[Delivery]:
        with self.database.read() as session:
            found = select(Delivery).where(Delivery.destination == destination.name).order_by(Delivery.id)
            return list(session.scalars(found))

    def desk(self, destination: Destination) -> DestinationState:
        with self.database.read() as session:
            return session.scalars(select(DestinationState).where(DestinationState.name == destination.name)).one()

    def set(self, table: type, *which: Any, **values: Any) -> None:
        with self.database.write() as session:
            session.execute(update(table).where(*which).values(**values))


def undone(engine: Engine, destination: Destination, apply: bool = True) -> list[str]:
    """What became of each delivery that was taken back, or would be."""
    with engine.database.read() as session:
        wanted = done_since(session, destination.name, NOON, None)
    return [one.what for one in Undoing(engine.database, destination, apply, engine.now).run(wanted)]


def told(rows) -> list[tuple]:
    return [(row.operation, row.state, row.reason) for row in rows]


@contextmanager
def account(**given: Any):
    """A HubSpot account that answers, and whose calls have our property; ``url`` is where."""
    from sandbox.hubspot.api import create_app

    hubspot = Hubspot(**({"search_delay": 0, "lifted": True} | given))
    hubspot.add_property("calls", MARK, unique=True)
    with running(create_app(hubspot), keeping=True) as url:
        hubspot.url = url
        yield hubspot
    assert list(hubspot.wrong_requests) == []


@contextmanager
def listening():
    """Somebody who takes webhooks; ``url`` is where."""
    from sandbox.webhook.api import PATH, create_app
    from sandbox.webhook.receiver import Receiver

    receiver = Receiver()
    with running(create_app(receiver), keeping=True) as url:
        receiver.url = url + PATH
        yield receiver
    assert list(receiver.wrong) == []


def hubspot_of(account: Hubspot, name: str = "sales", **given: Any) -> Destination:
    """Without a token where the ``settings`` are those of an app."""
    settings = given.pop("settings", {})
    token = {} if "refresh_token" in settings else {"access_token": next(iter(account.tokens))}
    own = {**token, "api_url": account.url, **QUICK, **settings}
    return Destination(name, "hubspot", CRMS["hubspot"].settings().load(own), **given)


def webhook_of(receiver: Any, name: str = "hook", **given: Any) -> Destination:
    from sandbox.webhook.receiver import SECRET

    own = {"url": receiver.url, "secrets": [SECRET], "allow_private_addresses": True, "requests_per_second": 10_000}
    return Destination(name, "webhook", CRMS["webhook"].settings().load(own), **given)
