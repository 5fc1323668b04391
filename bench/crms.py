"""CRMs of the sandbox, each a process of its own; what they were asked, to be asked once more in a bare loop; and the calls that
they are sent, each of which belongs to one of their records."""

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
from bench.accounts import ACCOUNTS
from bench.filling import Row
from models.database import Database
from rig.ports import free_port
from rig.waiting import until
from sandbox.server import running
from sandbox.webhook.api import PATH
from sandbox.webhook.api import create_app as create_receiver
from sandbox.webhook.receiver import SECRET, Receiver

ROOT = Path(__file__).parent.parent
CALLS_PER_RECORD = 3
PIECE = 5_000  # records put at once
HUBSPOT, WEBHOOK = "hubspot", "webhook"
JSON = "application/json"
KINDS = (*ACCOUNTS, WEBHOOK)
# As of single-account apps at a Professional account, and what we take of it: turns are given out in twentieths of the limit,
# one of which may be more than the even share of some ten seconds.
LIMIT, LIMIT_SECONDS = 190, 10.0
OF_LIMIT = 180
_KEPT_HEADERS = ("AUTHORIZATION", "X_API_TOKEN", "WEBHOOK_ID", "WEBHOOK_TIMESTAMP", "WEBHOOK_SIGNATURE")


def settings(kind: str, url: str, limited: bool = False) -> dict[str, Any]:
    """What a destination there says in its table, without ``kind``. ``limited``: how often it may ask is left as it is."""
    if kind == WEBHOOK:
        limits = {} if limited else {"requests_per_second": 100_000}
        return {"url": url + PATH, "secrets": [SECRET], "allow_private_addresses": True, **limits}
    account = ACCOUNTS[kind]
    return {**account.own, **dict.fromkeys(account.urls, url), **({} if limited else account.unlimited)}


@contextmanager
def served(kind: str, records: int = 0, limited: bool = False, nice: int = 0) -> Iterator[str]:
    """The CRM as a process of its own until the end of the block; gives its URL. ``nice``: by how much others go before it."""
    port = free_port()
    own = [] if kind == WEBHOOK else [*ACCOUNTS[kind].options, *(() if limited else ("--lifted",))]
    command = [sys.executable, "-m", f"sandbox.{kind}", "--port", str(port), *own]
    process = subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.DEVNULL, preexec_fn=lambda: os.nice(nice) if nice else None
    )
    try:
        url = f"http://127.0.0.1:{port}"
        until(lambda: _answers(url), 30, lambda: f"that the sandbox's {kind} answers")
        if kind != WEBHOOK:
            put_records(kind, url, [ACCOUNTS[kind].record(number) for number in range(records)])
        yield url
    finally:
        process.terminate()
        process.wait(15)


def put_records(kind: str, url: str, records: list[dict[str, Any]]) -> None:
    address, member = ACCOUNTS[kind].put
    for at in range(0, len(records), PIECE):
        some = {member: records[at : at + PIECE]}
        requests.post(f"{url}/sandbox/{address}", json=some, timeout=60).raise_for_status()


def taken(kind: str, url: str) -> tuple[int, int]:
    """(outcomes that are there, those that are there wrongly: twice, nowhere, or on several records)."""
    said = requests.get(f"{url}/sandbox/ledger", timeout=300).json()
    if kind == WEBHOOK:
        return len(said["outcomes"]), said["repeats"] + len(said["altered"]) + len(said["backwards"])
    calls = ACCOUNTS[kind].calls(said)
    marks = {mark for mark, _ in calls}
    return len(marks), len(calls) - len(marks) + sum(records != 1 for _, records in calls)


def put_off(url: str) -> int:
    """How many requests it has refused since they were too many."""
    return int(requests.get(f"{url}/sandbox/ledger?records=0", timeout=60).json()["answers"].get("429", 0))


def records_of(calls: int) -> int:
    """How many records so many calls have."""
    return calls // CALLS_PER_RECORD + 1


def fill(database: Database, calls: int, kind: str = HUBSPOT) -> int:
    """Put in about so many invented calls, all settled, which say whose they are by ``crm_reference``, as this kind names its
    records; how many it were."""
    records, named = records_of(calls), ACCOUNTS[kind if kind in ACCOUNTS else HUBSPOT].id

    def changed(row: Row) -> Row:
        whose = named(row["position"] % records)
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
            kind = environ.get("CONTENT_TYPE") or JSON
            self.asked.append(Asked(environ["REQUEST_METHOD"], path, headers | {"Content-Type": kind}, body))
        return self._app(environ, start)


@contextmanager
def listening(kind: str, records: int = 0) -> Iterator[tuple[str, list[Asked]]]:
    """The CRM in this process: its URL, and what it has been asked so far."""
    if kind == WEBHOOK:
        app = create_receiver(Receiver())
    else:
        app = ACCOUNTS[kind].app([ACCOUNTS[kind].record(number) for number in range(records)])
    listener = _Listening(app)
    with running(app, keeping=True) as url:
        yield url, listener.asked


def ask_again(url: str, asked: list[Asked]) -> int:
    """The same requests in a bare loop over one connection, as anybody would write it: what is in JSON is written, and read. How
    many were not answered with a 2xx. Bodies that are signed, and forms, are sent as they are."""
    wrong = 0
    bodies = [(one, {"data": one.body} if _is_as_it_is(one) else {"json": orjson.loads(one.body)}) for one in asked]
    with requests.Session() as session:
        for one, body in bodies:
            answer = session.request(one.verb, url + one.path, headers=one.headers, timeout=60, **body)
            wrong += not answer.ok or bool(answer.content and not isinstance(answer.json(), dict | list))
    return wrong


def _is_as_it_is(asked: Asked) -> bool:
    return not asked.body or "WEBHOOK-SIGNATURE" in asked.headers or asked.headers["Content-Type"] != JSON


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/sandbox/ledger", timeout=5).ok
    except requests.ConnectionError:
        return False
