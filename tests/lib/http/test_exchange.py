"""HTTP towards dialers, over real sockets: which failures are certain, and which leave in doubt."""

import contextlib
import gzip
import itertools
import socket
import ssl
import subprocess
import sys
import threading
import time
import tracemalloc
from contextlib import contextmanager
from datetime import timedelta
from email.utils import format_datetime

import pytest
import trustme
from flask import Flask, Response, request

from lib import clock
from lib.http.errors import AskedWrongly, CredentialsRefused, Unavailable, Uncertain
from lib.http.exchange import Answer, Http, Patience, asking, host_of, retry_after, verdict
from rig.patience import stretched
from sandbox.faults import COMMON, Faults, install
from sandbox.server import running

FAST = Patience(connect=1.5, read=1.5, whole=3, most_bytes=1 << 20)
SECRET = "tok3n"


class Place:
    """A server that counts what it was given."""

    def __init__(self, url: str, faults: Faults, taken: list):
        self.url, self.faults, self.taken = url, faults, taken

    def give(self, **content) -> Answer:
        content = content or {"json": {"phone": 1}}
        return Http(FAST).exchange("POST", f"{self.url}/{SECRET}/leads", what="POST /leads", **content)


@pytest.fixture
def place():
    app, faults, taken = Flask("place"), Faults(COMMON), []

    @app.post(f"/{SECRET}/leads")
    def leads():
        taken.append(request.get_data())
        return {"id": 1}

    install(app, faults)
    with running(app) as url:
        yield Place(url, faults, taken)


def test_an_answer_is_given_as_it_came(place):
    answer = place.give()
    assert (answer.status, answer.body, answer.headers["Content-Type"]) == (200, b'{"id":1}\n', "application/json")
    assert place.taken == [b'{"phone": 1}']


def test_forms_and_files_can_be_sent(place):
    place.give(data={"a": "1"})
    place.give(files={"sheet": ("leads.csv", b"number\n1\n")})
    assert place.taken[0] == b"a=1"
    assert b'name="sheet"; filename="leads.csv"' in place.taken[1]


@pytest.mark.parametrize(
    ("fault", "value", "taken"),
    [("drop", None, 0), ("drop_after", None, 1), ("hang", 2, 0), ("hang_after", 2, 1)],
)
def test_who_has_sent_and_hears_nothing_cannot_tell(place, fault, value, taken):
    place.faults.set({fault: {"value": value}})
    with pytest.raises(Uncertain) as caught:
        place.give()
    assert len(place.taken) == taken
    assert "POST /leads" in str(caught.value) and SECRET not in str(caught.value)


@contextmanager
def listening(answers: bytes | None):
    """A port that answers every connection with these bytes, or never accepts one (None)."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65_536)
                    connection.sendall(answers)

        if answers is not None:
            threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "broke off"),
        (b"SSH-2.0-OpenSSH\r\n", "broke off"),
        (b"", "closed the connection"),
    ],
)
def test_a_broken_answer_leaves_in_doubt(answer, words):
    with listening(answer) as host, pytest.raises(Uncertain, match=words):
        Http(FAST).exchange("POST", f"http://{host}/leads")


def test_an_answer_without_end_is_cut():
    body = b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + b"x" * 3_000_000
    with listening(body) as host, pytest.raises(Uncertain, match="larger than 1 MiB"):
        Http(FAST).exchange("GET", f"http://{host}/leads")


@contextmanager
def trickling(begin: bytes, drops: bytes, every: float = 0.2):
    """A port that answers with ``begin``, and then with ``drops``, one after the other, for ever."""
    with socket.create_server(("127.0.0.1", 0)) as server, contextlib.ExitStack() as stack:

        def serve():
            connection, _ = server.accept()
            stack.enter_context(connection)
            with contextlib.suppress(OSError):  # the other side has had enough
                connection.recv(65_536)
                connection.sendall(begin)
                for drop in itertools.cycle(drops):
                    connection.sendall(bytes([drop]))
                    time.sleep(every)

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    ("begin", "drops"),
    [
        (b"", b"HTTP/1.1 200 OK   "),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
        (b"HTTP/1.1 200 OK\r\n", b"a:b\r\n"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\n\r\n", b" "),
    ],
)
@pytest.mark.parametrize("alone", [True, False])
def test_an_answer_that_trickles_in_has_an_end(begin, drops, alone):
    soon = Patience(connect=0.5, read=1, whole=1.5)
    began = time.monotonic()
    with trickling(begin, drops) as host, pytest.raises(Uncertain, match="took longer than"):
        Http(soon).exchange("GET", f"http://{host}/leads", alone=alone)
    assert time.monotonic() - began < stretched(10)


def test_a_handshake_that_trickles_in_has_an_end():
    record = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03"  # the beginning of a long answer to a hello
    with trickling(record, b"\x00") as host, pytest.raises(Uncertain, match="in time"):
        Http(Patience(connect=1, read=0.5, whole=0.5)).exchange("POST", f"https://{host}/leads")


def test_a_connection_that_was_kept_has_an_end_as_well():
    """The second answer over it trickles in."""
    first = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    http = Http(Patience(connect=0.5, read=1, whole=1.5))
    with trickling(first, b"HTTP/1.1 200 OK   ", every=0.3) as host:
        assert http.exchange("GET", f"http://{host}/").status == 200
        with pytest.raises(Uncertain):
            http.exchange("GET", f"http://{host}/")


def test_a_server_that_refuses_or_cannot_be_found_has_certainly_seen_nothing():
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    with pytest.raises(Unavailable, match="was refused"):
        Http(FAST).exchange("POST", f"http://127.0.0.1:{free}/leads")
    with pytest.raises(Unavailable, match="cannot be resolved"):
        Http(FAST).exchange("POST", "http://nowhere.invalid/leads")


def test_a_connection_that_is_not_accepted_in_time_has_certainly_seen_nothing():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting = [socket.socket() for _ in range(4)]  # fill the queue, so that the next one waits for its turn
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(server.getsockname())
        with pytest.raises(Unavailable, match="did not accept the connection in time"):
            Http(FAST).exchange("POST", f"http://127.0.0.1:{server.getsockname()[1]}/leads")
        for one in waiting:
            one.close()


def test_a_certificate_of_nobody_known_stops_everything(place, tmp_path):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    app = Flask("tls")
    app.get("/leads")(lambda: {"ok": True})
    with running(app, context) as url:
        with pytest.raises(Unavailable, match="certificate .* could not be verified"):
            Http(FAST).exchange("GET", f"{url}/leads")
        path = tmp_path / "ca.pem"
        authority.cert_pem.write_to_path(path)
        assert Http(FAST, str(path)).exchange("GET", f"{url}/leads").status == 200
    with pytest.raises(Unavailable, match="TLS connection"):
        Http(FAST).exchange("GET", place.url.replace("http:", "https:") + "/leads")


ASKS = """
import sys
from lib.http.exchange import Http
from service import logs
logs.configure("debug")
print(Http().exchange("GET", sys.argv[1]).status)
"""


def test_no_log_shows_a_url():
    odd = b"HTTP/1.1 200 OK\r\nno header at all\r\nContent-Length: 0\r\n\r\n"
    with listening(odd) as host:
        command = [sys.executable, "-c", ASKS, f"http://{host}/{SECRET}/leads"]
        asked = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert asked.stdout == "200\n"
    assert SECRET not in asked.stderr


def test_what_cannot_be_sent_is_asked_wrongly():
    with pytest.raises(AskedWrongly):
        Http(FAST).exchange("GET", "http://127.0.0.1:1/leads", headers={"X-Key": "a\nb"})
    with pytest.raises(AskedWrongly):
        Http(FAST).exchange("GET", "ftp://127.0.0.1/leads")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("unauthorized", CredentialsRefused),
        ("forbidden", CredentialsRefused),
        ("bad_request", AskedWrongly),
        ("not_found", AskedWrongly),
        ("too_many", Unavailable),
        ("unavailable", Unavailable),
        ("server_error", Uncertain),
        ("bad_gateway", Uncertain),
        ("redirect", Uncertain),
    ],
)
def test_a_status_has_its_verdict(place, fault, error):
    place.faults.set({fault: {"value": "7"}})
    with pytest.raises(error) as caught:
        verdict(place.give(), host_of(place.url), "POST /leads")
    assert caught.value.retry_after == (7.0 if fault in ("too_many", "unavailable") else None)
    place.faults.set({})
    assert verdict(place.give(), host_of(place.url), "POST /leads") == b'{"id":1}\n'


def test_who_only_asks_may_ask_again(place):
    place.faults.set({"server_error": {}})
    with pytest.raises(Unavailable, match="500"), asking():
        verdict(place.give(), "host", "POST /leads")


def test_retry_after_in_seconds_or_as_a_date():
    assert retry_after("12") == 12.0
    assert retry_after("99999999") == 3600.0
    assert 25 < retry_after(format_datetime(clock.now() + timedelta(seconds=30), usegmt=True)) <= 30
    assert retry_after(format_datetime(clock.now() - timedelta(days=1), usegmt=True)) == 0.0
    assert [retry_after(value) for value in (None, "", "soon", "-4")] == [None] * 4


def redirecting(body: bytes, encoding: str | None = None, **headers: str):
    """A server that sends everybody elsewhere, with a body."""
    app = Flask("elsewhere")
    asked = []

    @app.route("/<path:path>", methods=["GET", "POST"])
    def elsewhere(path: str):
        asked.append(path)
        more = {"Content-Encoding": encoding} if encoding else {}
        return body, 302, {"Location": "/there", "Content-Type": "text/plain", **more, **headers}

    return running(app), asked


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("encoding", [None, "gzip"])
def test_the_body_of_a_redirect_is_bounded_as_every_other_and_nobody_goes_there(encoding, alone):
    body = b"x" * (64 << 20)
    server, asked = redirecting(gzip.compress(body) if encoding else body, encoding)
    with server as url:
        tracemalloc.start()
        try:
            with pytest.raises(Uncertain, match="larger than 1 MiB"):
                Http(FAST).exchange("POST", f"{url}/here", json={}, alone=alone)
            # The server's own share of it: its body, twice at most.
            assert tracemalloc.get_traced_memory()[1] < 16 << 20
        finally:
            tracemalloc.stop()
    assert asked == ["here"]


def test_the_body_of_a_redirect_is_there_to_be_read():
    server, _ = redirecting(b"gone to /there")
    with server as url:
        answer = Http(FAST).exchange("GET", f"{url}/here")
    assert (answer.status, answer.body) == (302, b"gone to /there")


def test_cookies_are_neither_kept_nor_sent_along():
    app, told = Flask("cookies"), []

    @app.get("/calls")
    def calls():
        told.append(request.headers.get("Cookie"))
        response = Response("[]")
        for number in range(50):
            response.set_cookie(f"{len(told)}-{number}", "x" * 1_000)
        return response

    with running(app) as url:
        http = Http(FAST)
        for _ in range(3):
            assert http.exchange("GET", f"{url}/calls").body == b"[]"
        assert len(http._session().cookies) == 0
    assert told == [None] * 3


@pytest.mark.parametrize("year", ["99999999999999999999", "10000", "0", "-1"])
def test_a_year_that_is_none_is_no_time_to_wait_for(year):
    assert retry_after(f"Mon, 01 Jan {year} 00:00:00 GMT") in (None, 0.0)
