"""A QVoice portal that has calls to report, for what every dialer that has reports must get right."""

from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from dialers.base import Connection
from dialers.qvoice.api import Client
from tests.dialers.qvoice.portal import FAST, Portal, row
from tests.polling.polls import Clock, polled_portal


@dataclass
class Reporting:
    """Three calls in an answer."""

    portal: Portal
    clock: Clock
    report = "lead_history"
    path = "/history"
    wrong = {"password": "of-somebody-else"}
    logs_in = True
    many = 4
    requests = 2
    _added: int = 0

    @property
    def connection(self) -> Connection:
        return self.portal.connection

    def client(self, connection: Connection, waits: float) -> Client:
        return Client(connection, replace(FAST, read=waits, whole=2 * waits))

    def now(self) -> datetime:
        return self.clock()

    def later(self) -> None:
        self.clock.pass_(minutes=1)

    def faults(self, wanted: dict) -> None:
        self.portal.qvoice.faults.set(wanted)

    def asked(self) -> int:
        return len(self.portal.asked())

    def fill(self, database, count: int) -> None:
        for _ in range(count):
            self._added += 1
            self.portal.qvoice.add(row(self._added))

    def change(self) -> None:
        self.portal.qvoice.change("call-1", agent_name="Eva Ruiz")

    def twice(self) -> None:
        self.faults({"duplicates": True})

    def without_end(self) -> bool:
        self.faults({"repeated_key": True})
        return True


@contextmanager
def reporting():
    with polled_portal() as (portal, clock):
        yield Reporting(portal, clock)
