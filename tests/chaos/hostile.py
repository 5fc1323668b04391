"""Whoever has no right to come, and a dialer that answers far too much: what the rest must not notice."""

import itertools
import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

from tests.chaos.system import COMMAND, System

STALLED = 16  # posts at once, as many as the reader has threads
FLOODING, BODY = 4, b'{"callID": ' + b"7" * 20_000 + b"}"
SWOLLEN = b"[" + b"{}," * (16 * 1024 * 1024 // 3) + b"{}]"
STRANGERS = 200  # receipts that they may have: full after a moment
PAUSE = 0.01
TOKEN = "token-of-the-chaos-0123456789"
SETTINGS = f"""
[connections.ryng]
dialer = "ryng"
callback_tokens = ["{TOKEN}"]

[connections.swelling]
dialer = "ringostat"
callback_tokens = ["{TOKEN}-too"]
project_id = "1"
auth_key = "k"
poll_seconds = 1
api_url = "{{url}}"
"""


@contextmanager
def stalled_posts(system: System) -> Iterator[None]:
    """Sign-in posts that announce a body and send none; in the end they hang up."""
    host, port = system.url.removeprefix("http://").split(":")
    head = f"POST /login HTTP/1.1\r\nHost: {host}\r\nContent-Length: 64\r\n\r\n".encode()
    lines = []
    try:
        for _ in range(STALLED):
            with suppress(OSError):  # it is being started, or struck
                line = socket.create_connection((host, int(port)), timeout=2)
                lines.append(line)
                line.sendall(head)
        yield
    finally:
        for line in lines:
            line.close()


@contextmanager
def flood(system: System) -> Iterator[None]:
    """Bodies to connections that nobody has, and with tokens that nobody gave, as fast as they are answered."""
    over = threading.Event()
    strange = [f"/callbacks/nobody-{n}/x/terminal" for n in range(7)]
    places = itertools.cycle([*strange, "/callbacks/ryng/not-the-token-of-it/terminal"])

    def send() -> None:
        with requests.Session() as session:
            while not over.wait(PAUSE):
                with suppress(requests.RequestException):  # it is being started, or struck
                    session.post(system.url + next(places), data=BODY, timeout=5)

    threads = [threading.Thread(target=send, daemon=True) for _ in range(FLOODING)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(10)


class Revoked:
    """A key that was revoked, and the cookie of a session that it had begun."""

    def __init__(self, system: System):
        self._system = system
        self._key = wrapup(system, "keys", "create", "revoked", "--scope", "read").split()[-1]
        with requests.Session() as session:
            page = session.get(f"{system.url}/login", timeout=30).text
            csrf = re.search(r'name="csrf" value="([^"]+)"', page)[1]
            session.post(f"{system.url}/login", data={"key": self._key, "csrf": csrf}, timeout=30)
            assert session.get(f"{system.url}/calls", timeout=30, allow_redirects=False).status_code == 200
            self._cookies = session.cookies.get_dict()
        wrapup(system, "keys", "revoke", "revoked")

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Asks with both. Raises where either is let in."""
        url = self._system.url
        for _ in range(20):
            with suppress(requests.ConnectionError, requests.Timeout):
                header = {"Authorization": f"Bearer {self._key}"}
                api = requests.get(f"{url}/api/v1/outcomes", headers=header, timeout=5).status_code
                page = requests.get(f"{url}/calls", cookies=self._cookies, timeout=5, allow_redirects=False).status_code
                assert api in (401, 503) and page in (302, 303, 503), (api, page)
        yield


def wrapup(system: System, *words: str) -> str:
    done = subprocess.run([COMMAND, *words], cwd=system.folder, env=system.environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Swelling:
    """A dialer that is polled. While it swells, each of its answers has 16 MiB and five million records that are none."""

    def __init__(self):
        self._swollen = threading.Event()
        swollen = self._swollen

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = SWOLLEN if swollen.is_set() else b"[]"
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with suppress(OSError):  # whoever asked has had enough
                    self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_): ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator["Swelling"]:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()

    @contextmanager
    def swollen(self) -> Iterator[None]:
        self._swollen.set()
        try:
            yield
        finally:
            self._swollen.clear()
