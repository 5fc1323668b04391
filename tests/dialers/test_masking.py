"""What a dialer says may repeat what it was sent. Nobody is shown our secrets, whatever it says and whoever asks."""

import base64
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import pytest

from dialers import masking
from dialers.base import Connection
from dialers.giving import CannotDo, Refused
from dialers.registry import DIALERS
from leads import commands, loads, send_due
from leads.loading import Loading
from lib import clock
from lib.http.errors import Declined, ExchangeError
from models.database import Database
from polling import checks
from rig.patience import stretched

PASSWORD, TOKEN, RUNTIME = "p@ss w&rd/7+ä'", "tok-4711-aaaa-bbbb-cccc", "jwt.runtime.0123456789"
CONNECTION = Connection(
    "qvoice-main",
    "qvoice",
    {"username": "jana", "password": PASSWORD, "portal_url": "https://u:hidden%2Fpart@portal.example"},
    callback_tokens=(TOKEN, "tok-4711-aaaa-dddd-eeee-ffff", "abc"),
    callback_authorization=("Bearer of-the-callbacks",),
)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"Wrong: {PASSWORD}.", "Wrong: ***."),
        (f"user=jana&password={quote(PASSWORD)}", "user=jana&password=***"),
        (f"user=jana&password={quote(PASSWORD, safe='')}!", "user=jana&password=***!"),
        (json.dumps({"password": PASSWORD}), '{"password": "***"}'),
        ("Basic " + base64.b64encode(f"jana:{PASSWORD}".encode()).decode(), "Basic ***"),
        (
            f"https://w.example/callbacks/qvoice-main/{TOKEN}/terminal",
            "https://w.example/callbacks/qvoice-main/***/terminal",
        ),
        (
            f"https://w.example/callbacks/qvoice-main/{TOKEN[:12]}",
            "https://w.example/callbacks/qvoice-main/***",
        ),  # cut off
        (TOKEN.upper(), "***"),
        (f"{TOKEN}{TOKEN} and tok-4711-aaaa-dddd-eeee-ffff", "****** and ***"),  # of two that begin alike, each whole
        ("the number abc is not abcd", "the number *** is not abcd"),  # a short one only where it stands alone
        ("hidden/part", "***"),
        ("bearer of-the-callbacks", "***"),
        ({"a": [TOKEN, {TOKEN: 4711}], "b": None, "c": True}, {"a": ["***", {"***": 4711}], "b": None, "c": True}),
        ("The campaign has ended.", "The campaign has ended."),
        (None, None),
    ],
)
def test_secrets_are_found_in_every_way_in_which_they_are_written(said, shown):
    assert masking.masked(said, CONNECTION) == shown


def test_an_error_says_the_same_without_them():
    with pytest.raises(Declined, match=r"^Refused: \*\*\*\.$"), masking.discreet(CONNECTION):
        raise Declined(f"Refused: {TOKEN}.")


@pytest.mark.parametrize("name", DIALERS)
def test_every_setting_that_sounds_like_a_secret_is_one(name):
    sounding = {
        one
        for one in DIALERS[name].settings().fields
        if any(word in one for word in ("pass", "token", "key", "secret"))
    }
    assert sounding <= set(DIALERS[name].secrets)


class Echo(BaseHTTPRequestHandler):
    """A dialer that lets everybody log in, and repeats all that it was sent in whatever it says."""

    status = 400

    def answered(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8", "replace")
        if "login" in self.path or self.path == "/token":
            return self.said(200, {"access_token": RUNTIME, "expires_in": 7200})
        proofs = [self.headers.get(name, "") for name in ("x-access-token", "Auth-key", "Authorization")]
        heard = f"{''.join(proofs)} {self.path} {body} {dict(self.headers)}"
        names = ("message", "error", "errors", "errorMessage", "reason", "detail")
        return self.said(
            self.status, dict.fromkeys(names, heard) | {"error": self.status != 200 or heard, "result": False}
        )

    do_GET = do_POST = do_PUT = do_DELETE = answered

    def said(self, status: int, found: dict):
        data = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@contextmanager
def echo(status: int):
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Echoing", (Echo,), {"status": status}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


SETTINGS = {
    "ryng": lambda url: {"api_url": url, "access_token": "ryng-access-token-1"},
    "qvoice": lambda url: {
        "portal_url": url,
        **{"username": "jana", "password": "qvoice-password-1", "domain": "tenant", "account_id": "7"},
    },
    "ringostat": lambda url: {"api_url": url, "project_id": "1", "auth_key": "ringostat-key-1"},
    "jaicp": lambda url: {"api_url": url, "campaigns": {"1": "jaicp-campaign-token-1"}},
    "voipex": lambda url: {
        "api_url": url,
        "auth_url": f"{url}/token",
        "username": "jana",
        "password": "voipex-password-1",
    },
}
OURS = ("callback-token-of-ours-1", RUNTIME, "-password-1", "-token-1", "-key-1")
VOIPEX = {
    "callerId": "222333444",
    "activePeriod": {"startTime": "09:00", "endTime": "17:00", "weekDays": [1]},
    "ivr": "TUxw53xCBf",
}


@pytest.mark.parametrize(
    ("dialer", "status"), [*((name, status) for name in SETTINGS for status in (200, 400, 401)), ("ryng", 500)]
)
def test_whoever_loads_leads_or_commands_sees_nothing_that_the_dialer_repeats(
    database: Database, dialer, status, monkeypatch
):
    monkeypatch.setattr("dialers.qvoice.api.time.sleep", lambda seconds: None)
    with echo(status) as url:
        settings = DIALERS[dialer].settings().load(SETTINGS[dialer](url))
        connection = Connection(
            "there",
            dialer,
            settings,
            callback_tokens=(OURS[0],),
            default_country="CZ",
            callback_authorization=("Bearer b",),
        )
        callbacks = {"connect": f"{url}/callbacks/there/{OURS[0]}/connect"}
        shown = []
        campaign = None if dialer == "voipex" else "1"
        loading = Loading(
            connection,
            campaign,
            iter([(1, {"number": "+420601234567"})]),
            "New",
            VOIPEX if dialer == "voipex" else None,
        )
        load = loading.keep(database)
        for _ in range(3):
            send_due(database, connection, callbacks)
        with database.read() as session:
            shown += [loads.shown(session, {}, load), loads.page(session, {}, None, 10)]
        given = {"campaign": "1", "call": "1", "lead": "1", "status": "x", "agent": "1", "number": "+420601234567"}
        for name, act in DIALERS[dialer].acts.items():
            own = {field: given[field] for field in act.given().fields if field in given}
            shown.append(
                said(lambda name=name, own=own: commands.act(database, connection, name, own | more(name), callbacks))
            )
        for command in DIALERS[dialer].control.commands if DIALERS[dialer].control else ():
            shown.append(said(lambda command=command: commands.control(database, connection, "1", command)))
        shown += [one.said for one in checks._reports(database, connection, clock.now())]
    text = json.dumps(shown, default=str)
    assert len(shown) > 2
    assert not [secret for secret in OURS if secret in text]


def more(name: str) -> dict:
    return {"attempt": "1", "disposition": "Sale", "notes": ""} if name == "end_call" else {}


def said(do) -> str:
    try:
        return json.dumps(do())
    except (ExchangeError, Refused, CannotDo) as error:
        return str(error)


def test_a_text_full_of_beginnings_is_looked_through_at_once():
    began = time.monotonic()
    assert masking.masked(TOKEN[:8] * 100_000, CONNECTION) == "***" * 100_000
    assert time.monotonic() - began < stretched(3)
