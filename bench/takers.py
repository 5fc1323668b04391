"""Each dialer of the sandbox as one that takes leads: it runs over HTTP, and says what it took."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

import sandbox.jaicp.api
import sandbox.qvoice.api
import sandbox.ringostat.api
import sandbox.ryng.api
import sandbox.voipex.api
from dialers.base import Connection
from dialers.registry import DIALERS
from sandbox.jaicp.dialer import Jaicp
from sandbox.qvoice.dialer import QVoice
from sandbox.ringostat.dialer import Ringostat
from sandbox.ryng.dialer import Ryng
from sandbox.server import running
from sandbox.voipex.dialer import Voipex

LETS_IN = "bench"
CALLBACKS = {"connect": "https://wrapup.example.test/c", "terminal": "https://wrapup.example.test/t"}
# As fast as the dialer answers; what the dialers allow stands beside the figure.
UNPACED = {"requests_per_minute": 1_000_000, "timeout_seconds": 30}


@dataclass
class Taker:
    """``campaign`` is None where leads go into a new one only; ``options`` are what every load needs."""

    connection: Connection
    taken: Callable[[], list[str]]
    campaign: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


def taker(dialer: str) -> AbstractContextManager[Taker]:
    return TAKERS[dialer]()


def _connection(dialer: str, country: str | None = None, **settings: Any) -> Connection:
    own = DIALERS[dialer].settings().load(settings)
    return Connection(dialer, dialer, settings=own | UNPACED, callback_tokens=("token",), default_country=country)


@contextmanager
def _ryng() -> Iterator[Taker]:
    with Ryng(seed=5, access_token=LETS_IN, rate_limit=None) as ryng, running(sandbox.ryng.api.create_app(ryng)) as url:
        new = {"customerData": {"jsonData": []}}
        requests.post(
            f"{url}/rest-api/v1/campaign", json=new, headers={"x-access-token": LETS_IN}, timeout=30
        ).raise_for_status()
        connection = _connection("ryng", "IN", api_url=url, access_token=LETS_IN)
        yield Taker(connection, lambda: [call.customer_number for call in ryng.calls], "24")


@contextmanager
def _qvoice() -> Iterator[Taker]:
    qvoice = QVoice(seed=1)
    qvoice.furnish(leads=0, past_calls=0)
    with running(sandbox.qvoice.api.create_app(qvoice)) as url:
        connection = _connection("qvoice", "US", portal_url=url, account_id="demo", **qvoice.login)
        yield Taker(connection, lambda: [lead["number"] for lead in qvoice.taken], next(iter(qvoice.campaigns)))


@contextmanager
def _jaicp() -> Iterator[Taker]:
    tokens = {"renewals": "8231.7056.1b131df1"}
    jaicp = Jaicp(tokens)
    with running(sandbox.jaicp.api.create_app(jaicp)) as url:
        connection = _connection("jaicp", api_url=url, campaigns=tokens)
        yield Taker(connection, lambda: [str(job["phone"]) for job in jaicp.taken()], "renewals")


@contextmanager
def _ringostat() -> Iterator[Taker]:
    ringostat = Ringostat()
    with running(sandbox.ringostat.api.create_app(ringostat)) as url:
        connection = _connection("ringostat", api_url=url, project_id="123", auth_key="demo")
        yield Taker(connection, lambda: [row["phone_number"] for row in ringostat.project.rows], "456")


@contextmanager
def _voipex() -> Iterator[Taker]:
    voipex = Voipex()

    def taken() -> list[str]:
        return [number for one in voipex.campaigns.values() for number in one.numbers]

    options = {
        "ivr": "TUxw53xCBf",
        "endpoint": {"type": "queue", "boostFactor": 1.1, "maxWaitingCalls": 2, "queue": "green"},
    }
    options |= {
        "callerId": "222333444",
        "activePeriod": {"startTime": "09:00", "endTime": "17:00", "weekDays": [1, 2, 3, 4, 5]},
        "rescheduleRules": [{"status": "RS_BUSY", "retryAfter": 900, "maxAttempts": 3}],
    }
    with running(sandbox.voipex.api.create_app(voipex)) as url:
        who = {name: voipex.credentials[name] for name in ("username", "password")}
        connection = _connection("voipex", "CZ", api_url=url, auth_url=url + sandbox.voipex.api.TOKEN_PATH, **who)
        try:
            yield Taker(
                connection,
                lambda: [number for one in voipex.campaigns.values() for number in one.numbers],
                None,
                options,
            )
        finally:
            voipex.close()


TAKERS = {"ryng": _ryng, "qvoice": _qvoice, "jaicp": _jaicp, "ringostat": _ringostat, "voipex": _voipex}
