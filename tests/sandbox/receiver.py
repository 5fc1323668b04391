"""A receiver that answers what it is told to, over real HTTP, and remembers when it was asked."""

import ssl
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass

from werkzeug.wrappers import Request, Response

from sandbox.server import running


@dataclass(frozen=True)
class Seen:
    at: float
    path: str
    body: bytes
    json: object


class Receiver:
    """``answers`` are given one after the other, then 200 for ever. A float is waited for before a 200."""

    def __init__(self, *answers: int | float):
        self._answers = list(answers)
        self._lock = threading.Lock()
        self.seen: list[Seen] = []

    def __call__(self, environ, start_response):
        request = Request(environ)
        body = request.get_data()
        with self._lock:
            answer = self._answers.pop(0) if self._answers else 200
            self.seen.append(Seen(time.monotonic(), request.path, body, request.get_json(silent=True)))
        if isinstance(answer, float):
            time.sleep(answer)
            answer = 200
        headers = {"Location": "/elsewhere"} if answer in (301, 302, 307) else {}
        return Response("{}", answer, headers)(environ, start_response)

    def of_kind(self, kind: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.path.endswith(kind)]


@contextmanager
def receiving(receiver: Receiver, ssl_context: ssl.SSLContext | None = None):
    """(connect URL, terminal URL) of the running receiver."""
    with running(receiver, ssl_context) as url:
        yield f"{url}/callbacks/ryng/the-token/connect", f"{url}/callbacks/ryng/the-token/terminal"
