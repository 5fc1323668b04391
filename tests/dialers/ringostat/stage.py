"""A Ringostat project for tests: the sandbox over real HTTP, our connection to it, and somebody who takes its webhooks.

``stage`` is what every dialer that takes leads is tried on; ``project`` has more to set.
"""

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from werkzeug.wrappers import Request, Response

from dialers.asking import Window
from dialers.base import Connection, Evidence
from dialers.ringostat import DIALER, Settings
from dialers.ringostat.api import Client
from lib.http.exchange import Patience
from sandbox.ringostat.api import create_app
from sandbox.ringostat.dialer import Ringostat
from sandbox.ringostat.webhooks import Webhook
from sandbox.server import running
from tests.dialers.lead_cases import QUICK
from tests.dialers.walks import Walked, walked
from tests.evidence import keep, receipt

START = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
FAST = Patience(connect=2, read=1.5, whole=4)
DISPOSITIONS = {"Sale": ("contact", "sale")}
(CALLS,) = DIALER.reports

# A call that was talked on, by the columns of the log.
INCOMING = {
    "call_type": "in",
    "caller": "380671234567",
    "dst": "380440000000",
    "disposition": "PROPER",
    "billsec": 95,
    "waittime": 12,
    "duration": 107,
    "employee_fio": "Olena Koval",
    "connected_with": "olena",
    "department": "Sales",
    "call_card": "Sale",
    "has_recording": 1,
    "recording": "https://recordings.example.test/71.mp3",
}


def account(url: str = "http://127.0.0.1:9", words=None, **settings) -> Connection:
    """A connection whose settings went through the schema."""
    own = Settings().load({"api_url": url, "project_id": "123", "auth_key": "demo", **settings})
    return Connection(
        "ringostat-main",
        "ringostat",
        settings=own,
        callback_tokens=("token",),
        dispositions=DISPOSITIONS,
        words=words or {},
    )


@dataclass
class Intake:
    """Takes webhooks, and answers each with the status."""

    status: int = 200
    taken: list[Evidence] = field(default_factory=list)

    def __call__(self, environ, start_response):
        request = Request(environ)
        said = (request.get_data(), request.content_type, request.query_string.decode("ascii") or None, request.method)
        self.taken.append(Evidence("callback", "call", *said, seen_at=START))
        return Response("{}", self.status)(environ, start_response)

    def keep(self, database, connection: Connection, at: datetime = START) -> None:
        """What has come, as receipts, in its order."""
        for number, one in enumerate(self.taken):
            headers = {"content-type": one.content_type} if one.content_type else {}
            columns = {"method": one.method, "query": one.query, "headers": headers}
            keep(database, receipt(one.body, "call", at + timedelta(seconds=number), connection, **columns))
        self.taken.clear()


@dataclass
class Stage:
    ringostat: Ringostat
    connection: Connection
    client: Client
    intake: Intake
    campaign = "456"
    options = {}
    wrong = {"auth_key": "of-somebody-else"}
    path = "/campaign-rows"

    def faults(self, wanted: dict) -> None:
        self.ringostat.faults.set(wanted)

    def fault(self, **wanted) -> None:
        self.faults(wanted)

    def taken(self) -> list[str]:
        return [row["phone_number"] for row in self.ringostat.project.rows]

    def walk(self, window: Window) -> Walked:
        return walked(CALLS.walk(self.client, self.connection, window))

    def asked(self) -> list[dict]:
        return [one for one in self.ringostat.project.requests if one["path"] == "/calls/list"]


@contextmanager
def project(
    zone: str = "UTC", limit: int = 6500, webhooks=(), settings=None, now=lambda: START, patience: Patience = FAST
):
    """``webhooks``: (event, format, names) each; an event ``before_call`` and so on is told in the URL."""
    intake = Intake()
    with running(intake) as taking:
        hooks = tuple(
            Webhook(f"{taking}/callbacks/ringostat-main/token/call?event={event}", event, form, names)
            for event, form, names in webhooks
        )
        ringostat = Ringostat(zone=zone, limit=limit, webhooks=hooks, now=now)
        with running(create_app(ringostat)) as url:
            connection = account(url, timezone=zone, export_limit=limit, **(settings or {}))
            yield Stage(ringostat, connection, Client(connection, patience), intake)


@contextmanager
def stage(**settings):
    with project() as found:
        given = {**found.connection.settings, **QUICK, **settings}
        yield replace(found, connection=replace(found.connection, settings=given))
