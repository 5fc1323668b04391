"""A VoIPEX account with calls in its list, for what every dialer that has reports must get right."""

from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from dialers.base import Connection
from dialers.voipex.api import Client
from tests.dialers.voipex.stage import FAST, Stage, stage
from tests.polling.polls import Clock


@dataclass
class Reporting:
    """The call list with its switch on: one answer, whatever there is."""

    played: Stage
    clock: Clock
    report = "calls"
    path = "/calls"
    wrong = {"password": "of-somebody-else"}
    logs_in = True
    many = 4
    requests = 1

    @property
    def connection(self) -> Connection:
        return self.played.connection

    def client(self, connection: Connection, waits: float) -> Client:
        return Client(connection, replace(FAST, read=waits, whole=2 * waits))

    def now(self) -> datetime:
        return self.clock()

    def later(self) -> None:
        self.clock.pass_(minutes=1)

    def faults(self, wanted: dict) -> None:
        self.played.faults(wanted)

    def asked(self) -> int:
        return len(self.played.asked(self.path))

    def fill(self, database, count: int) -> None:
        for _ in range(count):
            self.played.voipex.call("busy")

    def change(self) -> None:
        self.played.voipex.calls[0]["result"] = "answered"

    def twice(self) -> None:
        self.played.voipex.calls *= 2

    def without_end(self) -> bool:
        return False


@contextmanager
def reporting():
    with stage(settings={"poll_calls": True}) as found:
        found.voipex.furnish()
        yield Reporting(found, Clock())
