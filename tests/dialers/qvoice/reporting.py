"""A QVoice portal that has calls to report, for what every dialer that has reports must get right."""

from contextlib import contextmanager

from dialers.qvoice.api import Client
from tests.dialers.qvoice.portal import FAST, row
from tests.dialers.report_cases import Timed
from tests.polling.polls import polled_portal


class Reporting(Timed):
    """Three calls in an answer."""

    client_of, patience = Client, FAST
    report = "lead_history"
    path = "/history"
    wrong = {"password": "of-somebody-else"}
    logs_in = True
    many = 4
    requests = 2
    _added = 0

    def asked(self) -> int:
        return len(self.played.asked())

    def fill(self, database, count: int) -> None:
        for _ in range(count):
            self._added += 1
            self.played.qvoice.add(row(self._added))

    def change(self) -> None:
        self.played.qvoice.change("call-1", agent_name="Eva Ruiz")

    def twice(self) -> None:
        self.faults({"duplicates": True})

    def without_end(self) -> bool:
        self.faults({"repeated_key": True})
        return True


@contextmanager
def reporting():
    with polled_portal() as (portal, clock):
        yield Reporting(portal, clock)
