"""CRMs of the sandbox, each a process of its own; what they were asked, to be asked once more in a bare loop; and the calls that
they are sent, each of which belongs to one of their contacts."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
import requests
from flask import Flask

from bench import filling
from bench.filling import Row
from models.database import Database
from rig.ports import free_port
from rig.waiting import until
from sandbox.hubspot.account import TOKEN, Hubspot
from sandbox.hubspot.api import create_app
from sandbox.server import running
from sandbox.webhook.api import PATH
from sandbox.webhook.api import create_app as create_receiver
from sandbox.webhook.receiver import SECRET, Receiver

ROOT = Path(__file__).parent.parent
FIRST_CONTACT = 5_000_000
CALLS_PER_CONTACT = 3
MARK = "wrapup_outcome_id"
PIECE = 5_000  # contacts put at once
HUBSPOT, WEBHOOK = "hubspot", "webhook"
KINDS = (HUBSPOT, WEBHOOK)
# As of single-account apps at a Professional account, and what we take of it: turns are given out in twentieths of the limit,
# one of which may be more than the even share of some ten seconds.
LIMIT, LIMIT_SECONDS = 190, 10.0
OF_LIMIT = 180
UNLIMITED: Mapping[str, Mapping[str, Any]] = {
    HUBSPOT: {"requests_per_ten_seconds": 10_000, "searches_per_second": 1_000},
    WEBHOOK: {"requests_per_second": 100_000},
}
_KEPT_HEADERS = ("AUTHORIZATION", "WEBHOOK_ID", "WEBHOOK_TIMESTAMP", "WEBHOOK_SIGNATURE")


def settings(kind: str, url: str, limited: bool = False) -> dict[str, Any]:
    """What a destination there says in its table, without ``kind``. ``limited``: how often it may ask is left as it is."""
    limits = {} if limited else UNLIMITED[kind]
    if kind == WEBHOOK:
        return {"url": url + PATH, "secrets": [SECRET], "allow_private_addresses": True, **limits}
    return {"access_token": TOKEN, "api_url": url, "unique_property": MARK, **limits}


@contextmanager
def served(kind: str, contacts: int = 0, limited: bool = False, nice: int = 0) -> Iterator[str]:
    """The CRM as a process of its own until the end of the block; gives its URL. ``nice``: by how much others go before it."""
    port = free_port()
    own = ["--contacts", "0", "--unique-property", MARK, *(() if limited else ("--lifted",))] if kind == HUBSPOT else []
    command = [sys.executable, "-m", f"sandbox.{kind}", "--port", str(port), *own]
    process = subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.DEVNULL, preexec_fn=lambda: os.nice(nice) if nice else None
    )
    try:
        url = f"http://127.0.0.1:{port}"
        until(lambda: _answers(url), 30, lambda: f"that the sandbox's {kind} answers")
        put_contacts(url, [contact(number) for number in range(contacts)] if kind == HUBSPOT else [])
        yield url
    finally:
        process.terminate()
        process.wait(15)


def contact(number: int) -> dict[str, str]:
    return {"id": str(FIRST_CONTACT + number), "phone": f"+9198{number:08d}", "hs_lead_status": "NEW"}


def put_contacts(url: str, contacts: list[dict[str, str]]) -> None:
    for at in range(0, len(contacts), PIECE):
        some = {"contacts": contacts[at : at + PIECE]}
        requests.post(f"{url}/sandbox/contacts", json=some, timeout=60).raise_for_status()


def taken(kind: str, url: str) -> tuple[int, int]:
    """(outcomes that are there, those that are there wrongly: twice, nowhere, or on several contacts)."""
    said = requests.get(f"{url}/sandbox/ledger", timeout=300).json()
    if kind == WEBHOOK:
        return len(said["outcomes"]), said["repeats"] + len(said["altered"]) + len(said["backwards"])
    marks = {call["mark"] for call in said["calls"]}
    return len(marks), len(said["calls"]) - len(marks) + sum(len(call["contacts"]) != 1 for call in said["calls"])


def put_off(url: str) -> int:
    """How many requests it has refused since they were too many."""
    return int(requests.get(f"{url}/sandbox/ledger?records=0", timeout=60).json()["answers"].get("429", 0))


def contacts_of(calls: int) -> int:
    """How many contacts so many calls have."""
    return calls // CALLS_PER_CONTACT + 1


def fill(database: Database, calls: int) -> int:
    """Put in about so many invented calls, all settled, which say whose they are by ``crm_reference``; how many it were."""
    contacts = contacts_of(calls)

    def changed(row: Row) -> Row:
        whose = str(FIRST_CONTACT + row["position"] % contacts)
        return row | {"crm_reference": whose, "settling": "settled", "is_final": 1}

    return filling.fill(database, calls, receipts=False, changed=changed)


# What it was asked ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Asked:
    """One request."""

    verb: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class _Listening:
    """A WSGI application that remembers what another one is asked by others than the bench."""

    def __init__(self, app: Flask):
        self.asked: list[Asked] = []
        self._app, app.wsgi_app = app.wsgi_app, self  # type: ignore[method-assign]  # as Flask wants it to be done

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        body = environ["wsgi.input"].read()
        environ["wsgi.input"] = BytesIO(body)
        path = environ["PATH_INFO"] + (f"?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else "")
        headers = {
            name.replace("_", "-"): environ[f"HTTP_{name}"] for name in _KEPT_HEADERS if f"HTTP_{name}" in environ
        }
        if not path.startswith("/sandbox"):
            self.asked.append(
                Asked(environ["REQUEST_METHOD"], path, headers | {"Content-Type": "application/json"}, body)
            )
        return self._app(environ, start)


@contextmanager
def listening(kind: str, contacts: int = 0) -> Iterator[tuple[str, list[Asked]]]:
    """The CRM in this process: its URL, and what it has been asked so far."""
    if kind == HUBSPOT:
        hubspot = Hubspot(lifted=True)
        hubspot.add_property("calls", MARK, unique=True)
        hubspot.add_contacts([contact(number) for number in range(contacts)])
        app = create_app(hubspot)
    else:
        app = create_receiver(Receiver())
    listener = _Listening(app)
    with running(app, keeping=True) as url:
        yield url, listener.asked


def ask_again(url: str, asked: list[Asked]) -> int:
    """The same requests in a bare loop over one connection, as anybody would write it: what is in JSON is written, and read. How
    many were not answered with a 2xx. Bodies that are signed are sent as they are."""
    wrong = 0
    bodies = [
        (one, {"data": one.body} if _is_signed(one) or not one.body else {"json": orjson.loads(one.body)})
        for one in asked
    ]
    with requests.Session() as session:
        for one, body in bodies:
            answer = session.request(one.verb, url + one.path, headers=one.headers, timeout=60, **body)
            wrong += not answer.ok or not isinstance(answer.json(), dict | list)
    return wrong


def _is_signed(asked: Asked) -> bool:
    return "WEBHOOK-SIGNATURE" in asked.headers


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/sandbox/ledger", timeout=5).ok
    except requests.ConnectionError:
        return False
