"""Polling in tests: a portal of the sandbox, a clock that only moves when told to, and a look at what was kept."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, select

from dialers.base import Connection
from dialers.clients import Known
from models import PollCursor, Receipt
from outcomes.normalize import normalize_pending
from polling.engine import Poller
from tests.dialers.qvoice.portal import START, Portal, portal

NOW = START + timedelta(hours=2)
QVOICE = Connection("qvoice-main", "qvoice")
SEVEN = [f"call:call-{number}" for number in range(1, 8)]  # the calls of the fixture ``filled``


# For what does not depend on the database: its tests need not run on both.
on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Clock:
    """The time, as the poller and the portal see it."""

    def __init__(self, at: datetime = NOW):
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **length) -> datetime:
        self.at += timedelta(**length)
        return self.at


@contextmanager
def polled_portal(**options):
    """(portal, clock): the portal lives by the clock."""
    clock = Clock()
    with portal(now=lambda: clock().timestamp(), **options) as found:
        yield found, clock


def poller(database, found: Portal, clock: Clock, **options) -> Poller:
    return Poller(database, found.connection, Known(found.client, clock()), clock, **options)


def poll(database, found: Portal, clock: Clock, layer: str = "recent", report: str = "lead_history"):
    """Walk one layer now."""
    walker = poller(database, found, clock)
    (task,) = [task for task in walker.tasks if task.key == (report, layer)]
    return walker.walk_now(task, patience=0)


def poll_all_due(database, found: Portal, clock: Clock) -> list[tuple[str, str]]:
    """(report, layer) of every walk, in their order, until nothing is due."""
    walker, walks = poller(database, found, clock), []
    while polled := walker.walk_due(walker.tasks):
        walks.append((polled.report, polled.layer))
    return walks


def with_settings(found: Portal, **settings) -> Portal:
    connection = replace(found.connection, settings={**found.connection.settings, **settings})
    return replace(found, connection=connection)


def cursor(database, layer: str = "recent", report: str = "lead_history") -> PollCursor:
    with database.read() as session:
        return session.get_one(PollCursor, ("qvoice-main", report, layer))


def receipts(database, report: str = "lead_history") -> list[Receipt]:
    with database.read() as session:
        return list(
            session.scalars(select(Receipt).where(Receipt.kind == report).order_by(Receipt.seen_at, Receipt.id))
        )


def keys(database) -> list[str]:
    return sorted(receipt.record_key for receipt in receipts(database))


def normalize(database, found: Portal, clock: Clock) -> None:
    while normalize_pending(database, {found.connection.name: found.connection}, now=clock()):
        pass


@contextmanager
def statements(database):
    """The statements that the database is sent meanwhile."""
    sent: list[str] = []

    def note(connection, cursor, statement, parameters, context, executemany):
        sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


@contextmanager
def failing(database, words: str, error: Exception):
    """Statements that hold the words fail meanwhile."""

    def fail(connection, cursor, statement, parameters, context, executemany):
        if words in statement:
            raise error

    event.listen(database.engine, "before_cursor_execute", fail)
    try:
        yield
    finally:
        event.remove(database.engine, "before_cursor_execute", fail)
