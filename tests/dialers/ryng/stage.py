"""A Ryng tenant that takes leads, for tests: the sandbox over real HTTP, and our connection to it."""

from contextlib import contextmanager
from dataclasses import dataclass

import requests

from dialers.base import Connection
from sandbox.ryng.api import create_app
from sandbox.ryng.dialer import Ryng
from sandbox.server import running
from tests.dialers.lead_cases import QUICK

BASE = "/rest-api/v1"
TOKEN = "sandbox-ryng-token"


@dataclass
class Stage:
    ryng: Ryng
    connection: Connection
    campaign: str
    options = {}
    wrong = {"access_token": "wrong"}
    path = BASE

    def faults(self, wanted: dict) -> None:
        self.ryng.wire.set(wanted)

    def taken(self) -> list[str]:
        return [call.customer_number for call in self.ryng.calls]

    def post(self, path: str, body: dict) -> requests.Response:
        """As somebody else at the tenant."""
        url = self.connection.settings["api_url"] + path
        return requests.post(url, json=body, headers={"x-access-token": TOKEN}, timeout=30)


@contextmanager
def stage(time_scale: float = 1.0, **settings):
    """A tenant with the campaign 24 and the queue 2, both without calls. It begins to call after a second of its own."""
    with Ryng(time_scale, seed=5, access_token=TOKEN, rate_limit=None) as ryng, running(create_app(ryng)) as url:
        given = {"api_url": url, "access_token": TOKEN, **QUICK, **settings}
        found = Stage(ryng, Connection("ryng-main", "ryng", settings=given, default_country="IN"), "24")
        for path in ("/campaign", "/progressive/queue"):
            assert found.post(BASE + path, {"customerData": {"jsonData": []}}).status_code == 200
        yield found
