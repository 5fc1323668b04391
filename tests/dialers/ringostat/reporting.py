"""A Ringostat project with a call log, for what every dialer that has reports must get right."""

from contextlib import contextmanager
from datetime import timedelta

from dialers.ringostat.api import Client
from sandbox.ringostat.dialer import Call
from tests.dialers.report_cases import Timed
from tests.dialers.ringostat.stage import FAST, INCOMING, project
from tests.polling.polls import Clock


class Reporting(Timed):
    """As many calls as make an answer full, so that both halves of the time are asked for."""

    client_of, patience = Client, FAST
    report = "calls"
    path = "/calls/list"
    wrong = {"auth_key": "of-somebody-else"}
    logs_in = False
    many = 4
    requests = 3

    def asked(self) -> int:
        return len(self.played.asked())

    def fill(self, database, count: int) -> None:
        """In turns early and late in the time that is asked for most often."""
        for number in range(count):
            at = self.clock() - timedelta(minutes=210 if number % 2 else 10, seconds=number)
            self.played.ringostat.add(INCOMING, at)

    def change(self) -> None:
        self._calls()[0].columns = INCOMING | {"call_card": "Call back later"}

    def twice(self) -> None:
        for call in self._calls():
            self.played.ringostat.add(call.columns, call.at, uniqueid=call.uniqueid)

    def without_end(self) -> bool:
        """A second that is full cannot be halved."""
        for _ in range(self.many):
            self.played.ringostat.add(INCOMING, self.clock() - timedelta(minutes=5))
        return True

    def _calls(self) -> list[Call]:
        return self.played.ringostat.log("", "9")


@contextmanager
def reporting():
    clock = Clock()
    with project(limit=Reporting.many, now=clock) as found:
        yield Reporting(found, clock)
