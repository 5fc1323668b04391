"""A VoIPEX account with calls in its list, for what every dialer that has reports must get right."""

from contextlib import contextmanager

from dialers.voipex.api import Client
from tests.dialers.report_cases import Timed
from tests.dialers.voipex.stage import FAST, stage
from tests.polling.polls import Clock


class Reporting(Timed):
    """The call list with its switch on: one answer, whatever there is."""

    client_of, patience = Client, FAST
    report = "calls"
    path = "/calls"
    wrong = {"password": "of-somebody-else"}
    logs_in = True
    many = 4
    requests = 1

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
