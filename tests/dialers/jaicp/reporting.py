"""The JAICP account of ``account`` with jobs of ours, for what every dialer that has reports must get right."""

from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from dialers.base import Connection
from dialers.jaicp.api import Client
from leads import send_due
from leads.loading import Loading
from tests.dialers.jaicp.account import FAST, Account, account


@dataclass
class Reporting:
    """More jobs than are asked for at once, all of one campaign."""

    account: Account
    report = "jobs"
    path = "/callJob/getReport"
    wrong = {"campaigns": {"renewals": "1.2.of-somebody-else"}}
    logs_in = False
    many = 501
    requests = 2
    _added: int = 0

    @property
    def connection(self) -> Connection:
        return self.account.with_settings(requests_per_minute=60_000)

    def client(self, connection: Connection, waits: float) -> Client:
        return Client(connection, replace(FAST, read=waits, whole=2 * waits))

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.account.clock.at, UTC)

    def later(self) -> None:
        self.account.clock.at += 60

    def faults(self, wanted: dict) -> None:
        self.account.jaicp.faults.set(wanted)

    def asked(self) -> int:
        return sum(self.path in asked for asked in self.account.asked)

    def fill(self, database, count: int) -> None:
        """Jobs are asked for that we have loaded, so they are."""
        numbers = range(self._added, self._added + count)
        rows = enumerate(({"number": f"+7911{number:07d}"} for number in numbers), 1)
        self._added += count
        Loading(self.connection, "renewals", rows).keep(database)
        while send_due(database, self.connection, {}, now=self.now):
            pass

    def change(self) -> None:
        self.account.jaicp.change(self.account.jaicp.taken()[0]["id"], jobStatus="canceled")

    def twice(self) -> None:
        once = self.account.jaicp.rows
        self.account.jaicp.rows = lambda *asked: once(*asked) * 2

    def without_end(self) -> bool:
        return False


@contextmanager
def reporting():
    with account() as found:
        yield Reporting(found)
