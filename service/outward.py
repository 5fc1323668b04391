"""The worker's loops that ask or tell somebody outside: dialers, destinations, who reads a schedule's reports."""

import threading
import time
from collections.abc import Callable, Collection, Mapping

import leads
import polling
from crm.delivering import Deliverer
from crm.destination import Destination
from crm.following import follow
from crm.refusing import Refuser
from dialers.base import Connection
from dialers.registry import DIALERS
from leads.taking_out import take_out_next
from models.database import Database
from schedules.sending import Sender
from service.loops import Steps

POLL_SECONDS = 1.0
SEND_SECONDS = 0.5
FOLLOW_SECONDS = 0.5
RESTS, LONGEST_REST_SECONDS = 4.0, 1.0  # after following: so many times as long as it took
SCHEDULE_SECONDS = 1.0


def outward(
    database: Database,
    connections: Mapping[str, Connection],
    callbacks: Mapping[str, Mapping[str, str]],
    stop: threading.Event,
    destinations: Mapping[str, Destination],
    sender: Sender | None,
) -> Steps:
    """``callbacks``: our URLs by connection and kind."""
    steps: Steps = {}
    if sender is not None:
        steps |= {f"schedules: {name}": (step, SCHEDULE_SECONDS) for name, step in sender.lanes().items()}
    for connection in connections.values():
        if DIALERS[connection.dialer].reports_of(connection):
            steps[f"poll {connection.name}"] = (_poller(database, connection, stop), POLL_SECONDS)
        if DIALERS[connection.dialer].leads:
            urls = callbacks.get(connection.name, {})
            steps[f"send {connection.name}"] = (_sender(database, connection, urls, stop), SEND_SECONDS)
    all_of_them = destinations.values()
    for destination in all_of_them:
        steps[f"follow for {destination.name}"] = (_follower(database, destination, stop), FOLLOW_SECONDS)
        refuser = Refuser(database, destination, connections, stop=stop)
        if refuser.is_wanted:
            steps[f"whom not to call at {destination.name}"] = (refuser.step, FOLLOW_SECONDS)
        steps[f"deliver to {destination.name}"] = (_deliverer(database, destination, stop, all_of_them), FOLLOW_SECONDS)
    return steps


def _poller(database: Database, connection: Connection, stop: threading.Event) -> Callable[[], object]:
    return lambda: polling.poll_due(database, connection, stop=stop)


def _sender(
    database: Database, connection: Connection, urls: Mapping[str, str], stop: threading.Event
) -> Callable[[], object]:
    return lambda: take_out_next(database, connection) or leads.send_due(database, connection, urls, stop=stop)


def _follower(database: Database, destination: Destination, stop: threading.Event) -> Callable[[], object]:
    def step() -> bool:
        began = time.monotonic()
        found = follow(database, destination)
        if found:
            # A backlog is noted much sooner than it is sent. On SQLite nobody else can write meanwhile, so that what comes for
            # the first time, of several destinations, would hold up callbacks.
            stop.wait(min(RESTS * (time.monotonic() - began), LONGEST_REST_SECONDS))
        return found

    return step


def _deliverer(
    database: Database, destination: Destination, stop: threading.Event, beside: Collection[Destination]
) -> Callable[[], object]:
    return Deliverer(database, destination, stop=stop, beside=beside).step
