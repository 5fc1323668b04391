"""Who asks, and whose word counts about it: real processes, from the socket to the log, the receipt and the throttle."""

import json
import re
import socket

import pytest
import requests
from sqlalchemy import select

from models import Receipt
from models.database import Database
from rig.waiting import until
from tests.server import serving

SAID = {"X-Forwarded-For": "6.6.6.6, 198.51.100.7", "X-Forwarded-Proto": "https"}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """As shipped: nginx on this machine is trusted."""
    with serving(tmp_path_factory.mktemp("origin")) as running:
        yield running


@pytest.fixture(scope="module")
def trusting_nobody(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("nobody"), WRAPUP_TRUSTED_PROXIES="none") as running:
        yield running


def logged(served, event: str, count: int = 1) -> list[dict]:
    """The last lines of that event."""

    def found():
        lines = [json.loads(one) for one in (served.folder / "err").read_text().splitlines() if one.startswith("{")]
        return [line for line in lines if line.get("event") == event]

    return until(lambda: len(found()) >= count and found(), 20)[-count:]


def last_receipt(served) -> dict:
    database = Database(f"sqlite:///{served.folder}/data/wrapup.db")
    try:
        with database.read() as session:
            receipt = session.scalars(select(Receipt).order_by(Receipt.id.desc()).limit(1)).one_or_none()
    finally:
        database.close()
    if receipt is None:  # the spool had it first
        return {"headers": {}}
    return {"headers": receipt.headers, "shown": served.get(f"/api/v1/receipts/{receipt.id}").json()}


def test_a_proxy_of_ours_says_who_asked(served):
    assert requests.post(served.callback("terminal"), data=b"{}", headers=SAID, timeout=40).status_code == 200
    kept = until(lambda: "peer" in last_receipt(served)["headers"] and last_receipt(served), 20)
    assert kept["headers"]["peer"] == "127.0.0.1"
    assert kept["headers"]["client"] == "198.51.100.7"
    assert kept["headers"]["x-forwarded-for"] == SAID["X-Forwarded-For"]
    assert kept["shown"]["sender"] == {
        "address": "198.51.100.7",
        "proxy": "127.0.0.1",
        "forwarded_for": SAID["X-Forwarded-For"],
        "token": None,
    }


def test_nobody_else_does(trusting_nobody):
    served = trusting_nobody
    assert requests.post(served.callback("terminal"), data=b"{}", headers=SAID, timeout=40).status_code == 200
    kept = until(lambda: "peer" in last_receipt(served)["headers"] and last_receipt(served), 20)
    assert kept["headers"]["peer"] == "127.0.0.1"
    assert "client" not in kept["headers"]
    assert kept["shown"]["sender"]["address"] == "127.0.0.1"
    assert kept["shown"]["sender"]["proxy"] is None
    assert kept["shown"]["sender"]["forwarded_for"] == SAID["X-Forwarded-For"]


@pytest.mark.parametrize("kind", ["served", "trusting_nobody"])
def test_contradicting_schemes_make_no_callback_malformed(request, kind):
    served = request.getfixturevalue(kind)
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Ssl": "off"}
    assert requests.post(served.callback("terminal"), data=b'{"callID":1}', headers=headers, timeout=40).ok
    assert until(lambda: last_receipt(served), 20)["shown"]["reason"] != "malformed_request"


def test_who_is_refused_leaves_an_address_in_the_log(served, trusting_nobody):
    for running, expected in (
        (served, {"address": "198.51.100.7", "peer": "127.0.0.1", "forwarded_for": SAID["X-Forwarded-For"]}),
        (trusting_nobody, {"address": "127.0.0.1", "forwarded_for": SAID["X-Forwarded-For"]}),
    ):
        for headers, event in ((SAID, "key_required"), (SAID | {"Authorization": "Bearer wk_none"}, "key_refused")):
            assert requests.get(running.url + "/api/v1/outcomes", headers=headers, timeout=40).status_code == 401
            (line,) = logged(running, event)
            assert {name: line[name] for name in ("address", "peer", "forwarded_for") if name in line} == expected
        assert "wk_none" not in (running.folder / "err").read_text()


class Form:
    """Somebody at the sign-in form, behind an address."""

    def __init__(self, served, address: str):
        self.url = served.url + "/login"
        self.session = requests.Session()
        self.session.headers["X-Forwarded-For"] = address
        page = self.session.get(self.url, timeout=40).text
        self.token = re.search(r'name="csrf" value="([^"]+)"', page)[1]

    def send(self, key: str) -> requests.Response:
        return self.session.post(self.url, data={"csrf": self.token, "key": key}, allow_redirects=False, timeout=40)


def test_guessing_is_slowed_down_for_whoever_guesses_and_for_nobody_else(served):
    stranger = Form(served, "203.0.113.66")
    answers = [stranger.send(f"wk_guess-{number}") for number in range(30)]
    statuses = [answer.status_code for answer in answers]
    assert statuses[:10] == [401] * 10
    assert statuses.count(429) >= 30 - 10 - 5  # some seconds may have passed
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert 1 <= int(refused.headers["Retry-After"]) <= 6
    assert "Wait " in refused.text
    assert Form(served, "203.0.113.67").send(served.key).status_code == 303  # a good key, behind another address
    assert logged(served, "sign_in_refused")[-1]["address"] == "203.0.113.66"
    # Whoever writes another address into the list is still counted under their own.
    assert Form(served, "203.0.113.99, 203.0.113.66").send("wk_guess").status_code == 429
    log = (served.folder / "err").read_text()
    assert "guess" not in log
    assert log.count("203.0.113.66") < 20


def test_whoever_is_trusted_by_nobody_cannot_choose_the_address_that_he_is_counted_under(trusting_nobody):
    statuses = [Form(trusting_nobody, f"203.0.113.{number}").send("wk_guess").status_code for number in range(1, 25)]
    assert 429 in statuses


def test_a_caller_cannot_say_what_the_receiver_says(trusting_nobody):
    headers = {"X-Wrapup-Peer": "9.9.9.9", "X-Wrapup-Protocol": "HTTP/1.0", "Authorization": "Bearer wk_nothing"}
    assert requests.get(trusting_nobody.url + "/api/v1/outcomes", headers=headers, timeout=40).status_code == 401
    log = (trusting_nobody.folder / "err").read_text()
    assert "9.9.9.9" not in log


def said_to(served, raw: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2])), 40) as line:
        line.sendall(raw)
        return b"".join(iter(lambda: line.recv(65_536), b""))


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_an_export_over_http_1_0_is_refused(served, form):
    """One that breaks off would look whole."""
    key = f"Authorization: Bearer {served.key}"
    path = f"/api/v1/outcomes/export?format={form}"
    said = said_to(served, f"GET {path} HTTP/1.0\r\nHost: x\r\n{key}\r\n\r\n".encode())
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.split()[1] == b"505"
    assert json.loads(body)["error_id"] == "http_1_1_needed"
    assert said_to(served, f"GET {path} HTTP/1.0\r\nHost: x\r\n\r\n".encode()).split()[1] == b"401"
    whole = said_to(served, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{key}\r\n\r\n".encode())
    assert whole.split()[1] == b"200" and whole.endswith(b"0\r\n\r\n")


def test_what_has_a_length_is_answered_over_http_1_0(served):
    said = said_to(served, b"GET /login HTTP/1.0\r\nHost: x\r\n\r\n")
    assert said.split()[1] == b"200" and b"Content-Length: " in said
