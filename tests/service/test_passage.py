"""Through a receiver to the reader and back: as if the receiver were not there."""

import gzip
import http.client
import json
import os
import signal
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from werkzeug.test import create_environ, run_wsgi_app

from callbacks.http.line import IDLE_SECONDS
from lib.proxies import Proxies
from rig.waiting import until
from service.passage.passing import Passage
from service.passage.refusals import tally
from service.passage.uploads import Uploads
from tests.server import serving


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("passage")) as running:
        yield running


def test_pages_answers_redirects_and_errors_come_through(served):
    assert requests.get(served.url + "/docs", timeout=40).status_code == 200
    away = requests.get(served.url + "/", allow_redirects=False, timeout=40)
    assert (away.status_code, away.headers["Location"].startswith("/")) == (303, True)
    assert requests.get(served.url + "/nothing", timeout=40).status_code == 404
    refused = requests.get(served.url + "/api/v1/outcomes", headers={"X-Request-Id": "mine"}, timeout=40)
    assert (refused.status_code, refused.json()["request_id"]) == (401, "mine")
    assert requests.head(served.url + "/docs", timeout=40).content == b""
    served_twice = served.get("/api/v1/outcomes?limit=1&order=-started_at")
    assert (served_twice.status_code, served_twice.json()) == (200, {"outcomes": [], "next": None})


def test_bodies_come_through_whole_whichever_way_they_are_framed(served):
    asked = {"state": "quarantined"}
    headers = {"Authorization": f"Bearer {served.key}"}
    url = served.url + "/api/v1/receipts/replay"
    assert requests.post(url, json=asked, headers=headers, timeout=40).json()["replayed"] == 0
    pieces = iter([b'{"state":', b'"quarantined"}'])
    headers["Content-Type"] = "application/json"
    assert requests.post(url, data=pieces, headers=headers, timeout=40).json()["replayed"] == 0
    too_large = requests.post(url, data=b"x" * (17 * 1024 * 1024), headers=headers, timeout=30)
    assert too_large.status_code == 413


def test_an_export_streams(served):
    posted = [
        requests.post(served.callback("terminal"), json={"callID": n, "callLogID": n}, timeout=40) for n in range(30)
    ]
    assert {answer.status_code for answer in posted} == {200}

    def lines() -> list[bytes]:
        with served.get("/api/v1/outcomes/export?format=ndjson", stream=True) as answer:
            return list(answer.iter_lines())

    until(lambda: len(lines()) == 30, 30)
    with served.get("/api/v1/outcomes/export?format=csv") as answer:
        assert len(answer.text.splitlines()) == 31
        assert "content-disposition" in answer.headers


def test_a_reader_of_an_export_may_pause_for_longer_than_a_callback_may(served):
    """What does not fit into the buffers on the way waits for the caller."""
    with socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2])), 60) as line:
        line.sendall(
            b"GET /static/pages.css HTTP/1.1\r\nHost: x\r\n\r\n" * 500 + b"GET /healthz HTTP/1.0\r\nHost: x\r\n\r\n"
        )
        time.sleep(IDLE_SECONDS + 2)
        said = b"".join(iter(lambda: line.recv(65_536), b""))
    assert said.count(b"HTTP/1.1 200 OK") == 500
    assert said.endswith(b'{"status":"ok"}')


def test_who_asks_and_how_is_told_to_the_reader(served):
    """The reader makes absolute addresses and cookies out of this."""
    secure = requests.get(served.url + "/", headers={"X-Forwarded-Proto": "https"}, allow_redirects=False, timeout=40)
    assert secure.status_code == 303


def test_a_reader_that_is_away_is_said_so_and_callbacks_do_not_notice(served):
    for process in served.pids("service.supervisor.reader"):
        os.kill(process, signal.SIGSTOP)
    try:
        assert requests.post(served.callback("terminal"), json={"callID": 1}, timeout=40).status_code == 200
        assert requests.get(served.url + "/healthz", timeout=40).status_code == 200
        waits = threading.Thread(target=lambda: requests.get(served.url + "/docs", timeout=60))
        waits.start()
        assert requests.post(served.callback("terminal"), json={"callID": 2}, timeout=40).status_code == 200
    finally:
        for process in served.pids("service.supervisor.reader"):
            os.kill(process, signal.SIGCONT)
    waits.join(60)
    assert not waits.is_alive()


def test_a_caller_who_asks_twice_on_one_line_is_answered_twice(served):
    with socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2])), 10) as line:
        line.sendall(
            b"GET /docs HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        said = b"".join(iter(lambda: line.recv(65_536), b""))
    assert said.count(b"HTTP/1.1 200 OK") == 2
    assert said.endswith(b'{"status":"ok"}')


def test_compressed_bodies_are_passed_as_they_are(served):
    headers = {"Authorization": f"Bearer {served.key}", "Content-Encoding": "gzip", "Content-Type": "application/json"}
    body = gzip.compress(b'{"state":"quarantined"}')
    answer = requests.post(served.url + "/api/v1/receipts/replay", data=body, headers=headers, timeout=40)
    assert 400 <= answer.status_code < 500  # not understood, and said so


class Streaming(BaseHTTPRequestHandler):
    """A reader that tells no length, and whose answer breaks off at /cut."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"3\r\nabc\r\n")
        if self.path != "/cut":
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *arguments):
        pass


@pytest.fixture
def streaming():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Streaming)
    server.handle_error = lambda *asked: None  # whoever asks may leave in the middle
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield "{}:{}".format(*server.server_address)
    server.shutdown()
    server.server_close()


def test_whatever_has_no_length_is_refused_over_http_1_0(streaming, tmp_path):
    counts = tally(tmp_path)
    passage = Passage(streaming, Uploads(tmp_path, 2**28, counts), Proxies(), counts)
    whole, _, _ = run_wsgi_app(passage, create_environ("/whole") | {"RAW_URI": "/whole"})
    assert b"".join(whole) == b"abc"
    old = create_environ("/whole") | {"RAW_URI": "/whole", "SERVER_PROTOCOL": "HTTP/1.0"}
    body, status, _ = run_wsgi_app(passage, old)
    assert (status, json.loads(b"".join(body))["error_id"]) == ("505 HTTP Version Not Supported", "http_1_1_needed")
    assert counts.counts()["http_1_1_needed"] == 1


def test_an_answer_that_breaks_off_breaks_off(streaming, tmp_path):
    counts = tally(tmp_path)
    passage = Passage(streaming, Uploads(tmp_path, 2**28, counts), Proxies(), counts)
    body, _, _ = run_wsgi_app(passage, create_environ("/cut") | {"RAW_URI": "/cut"})
    with pytest.raises((http.client.HTTPException, OSError)):
        list(body)
