"""A QVoice portal that takes leads, for tests: the sandbox over real HTTP, and our connection to it."""

from contextlib import contextmanager
from dataclasses import dataclass

from dialers.base import Connection
from sandbox.qvoice.api import create_app
from sandbox.qvoice.dialer import QVoice
from sandbox.server import running
from tests.dialers.lead_cases import QUICK


@dataclass
class Stage:
    qvoice: QVoice
    connection: Connection
    campaign: str
    options = {}
    wrong = {"password": "wrong"}
    path = "/lead"

    def faults(self, wanted: dict) -> None:
        self.qvoice.faults.set(wanted)

    def taken(self) -> list[str]:
        return [lead["number"] for lead in self.qvoice.taken]


@contextmanager
def stage(**settings):
    """A portal with two empty campaigns."""
    qvoice = QVoice(seed=1)
    qvoice.furnish(leads=0, past_calls=0)
    with running(create_app(qvoice)) as url:
        given = {"portal_url": url, "account_id": "demo", **qvoice.login, **QUICK, **settings}
        connection = Connection("qvoice-main", "qvoice", settings=given, default_country="US")
        yield Stage(qvoice, connection, next(iter(qvoice.campaigns)))
