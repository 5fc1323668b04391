"""A receiver of events on a real socket, which answers as it is told; and events for it."""

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from crm.base import Event
from crm.destination import Destination
from crm.webhook import CRM, Settings

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEXT_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD6k+3Y2u9aBw="
AT = datetime(2026, 11, 28, 10, 12, 52, tzinfo=UTC)


@dataclass
class Post:
    """A request as it came."""

    verb: str
    path: str
    headers: dict[str, str]
    body: bytes
    began: float
    ended: float = 0.0


@dataclass
class Receiver:
    """``answers``: what the next requests get, in their order, and then ``always``: a status, (status, headers, body), or a
    function of the ``Post`` that gives one."""

    url: str
    posts: list[Post] = field(default_factory=list)
    answers: list = field(default_factory=list)
    always: object = 204
    most_at_once: int = 0
    connections: set = field(default_factory=set)


@contextmanager
def receiving(context=None):
    """A receiver at work; ``context`` for TLS."""
    lock, busy = threading.Lock(), [0]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _take(self):
            began = time.monotonic()
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            post = Post(
                self.command, self.path, {key.lower(): value for key, value in self.headers.items()}, body, began
            )
            with lock:
                receiver.connections.add(self.client_address)
                receiver.posts.append(post)
                busy[0] += 1
                receiver.most_at_once = max(receiver.most_at_once, busy[0])
                answer = receiver.answers.pop(0) if receiver.answers else receiver.always
            try:
                answer = answer(post) if callable(answer) else answer
            finally:
                with lock:
                    busy[0] -= 1
                    post.ended = time.monotonic()
            status, headers, said = answer if isinstance(answer, tuple) else (answer, {}, b"")
            self.send_response(status)
            for name, value in {"Content-Length": str(len(said)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(said)

        do_POST = do_HEAD = do_GET = _take

        def log_message(self, *_):
            """Nobody reads it."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_):
            """Whoever asked has hung up."""

    server = Server(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver = Receiver(f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}/hooks/s3cret-path")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


class Turnstile:
    """A budget that counts."""

    def __init__(self):
        self.taken = []

    def take(self, limit):
        self.taken.append(limit)


def destination(url, **own):
    table = {"url": url, "secrets": [SECRET], "allow_private_addresses": True, "timeout_seconds": 1.0, **own}
    return Destination("hook", "webhook", Settings().load(table))


def client(url, budget=None, **own):
    return CRM.client(destination(url, **own), budget or Turnstile())


def event(number=1, outcome=None, **more):
    """``number`` is in its id; the outcome it is about is another one each time, unless it is given."""
    shown = {"id": outcome or f"outcome-{number}", "revision": number, "notes": "Grüße", **more}
    return Event(f"delivery-{number}", "call.outcome.settled", AT, shown, ["connect_outcome"])
