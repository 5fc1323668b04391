"""A QVoice portal for tests: the sandbox over real HTTP, and a client that does not wait long."""

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dialers.asking import Window
from dialers.base import Connection
from dialers.qvoice.api import Client
from dialers.qvoice.reports import REPORTS
from lib.http.exchange import Patience
from sandbox.qvoice.api import create_app
from sandbox.qvoice.dialer import QVoice
from sandbox.server import running
from tests.dialers.walks import Walked, walked

START = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(hours=4))
FAST = Patience(connect=2, read=1.5, whole=4, pauses=(0.01, 0.02), longest_pause=0.3, refused=60)
WALKS = {report.name: report.walk for report in REPORTS}


@dataclass
class Portal:
    qvoice: QVoice
    connection: Connection
    client: Client

    def walk(self, report: str = "lead_history", window: Window | None = WINDOW) -> Walked:
        return walked(WALKS[report](self.client, self.connection, window))

    def asked(self, part: str = "history") -> list:
        return [request for request in self.qvoice.requests if part in request.path]

    def faults(self, wanted: dict) -> None:
        self.qvoice.faults.set(wanted)

    def fault(self, **wanted) -> None:
        self.faults(wanted)


@contextmanager
def portal(patience: Patience = FAST, ssl_context=None, settings=None, **options):
    """A portal without calls, and our connection to it."""
    qvoice = QVoice(**options)
    with running(create_app(qvoice), ssl_context) as url:
        given = {"portal_url": url, "page_size": 3, "account_id": "demo", **qvoice.login, **(settings or {})}
        connection = Connection("qvoice-main", "qvoice", settings=given, default_country="US")
        yield Portal(qvoice, connection, Client(connection, patience))


def row(number: int, at: datetime | None = None, **columns) -> dict:
    """A call of its own: number 7 has the id ``call-7`` and began seven minutes after START."""
    at = at or START + timedelta(minutes=number)
    return {
        "timestamp": int(at.timestamp()),
        "campaign_name": "Renewals",
        "lead_name": "Ada Moreno",
        "lead_number": f"+1555010{number:04d}",
        "agent_name": "Marta Vega",
        "agent_extension": "1101",
        "lead_history": [],
        "call_id": f"call-{number}",
    } | columns
