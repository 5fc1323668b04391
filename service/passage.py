"""From a receiver to the reader: everything that is no callback is answered by another process, and passed through.

A report that computes or an export that streams would hold up the callbacks of its process (Python runs one thread at a
time); in a process of its own it cannot.
"""

import http.client
from collections.abc import Iterable, Iterator
from contextlib import suppress

import orjson
import structlog
from gevent.socket import socket as LoopSocket

from lib import ids

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 300.0  # a report may take its time; the reader's own server decides what is too long
PIECE = 64 * 1024
# Of one connection, not of the message (RFC 9110, section 7.6.1).
HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}


class Passage:
    """A WSGI application: asks the reader at ``address`` (HOST:PORT), and hands its answer on as it comes."""

    def __init__(self, address: str):
        self._host, _, port = address.rpartition(":")
        self._port = int(port)

    def __call__(self, environ, start_response) -> Iterable[bytes]:
        line = _Line(self._host, self._port, timeout=SILENCE_SECONDS)
        try:
            body, headers = _body(environ), _headers(environ)
            with suppress(BrokenPipeError, ConnectionResetError):  # it may have answered before it heard all: 413, say
                line.request(environ["REQUEST_METHOD"], environ["RAW_URI"], body, headers, encode_chunked=True)
            answer = line.getresponse()
        except (OSError, http.client.HTTPException) as error:
            line.close()
            log.error("reader_away", error=type(error).__name__)
            return _away(start_response)
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP]
        start_response(f"{answer.status} {answer.reason}", kept)
        return _Pieces(line, answer)


class _Line(http.client.HTTPConnection):
    """http.client on the event loop: its socket waits without holding up the others."""

    def connect(self) -> None:
        self.sock = LoopSocket()
        self.sock.settimeout(CONNECT_SECONDS)
        self.sock.connect((self.host, self.port))
        self.sock.settimeout(self.timeout)


class _Pieces:
    """The answer's body. When it breaks off, so does ours: a cut export must not look whole."""

    def __init__(self, line: _Line, answer: http.client.HTTPResponse):
        self._line = line
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        while piece := self._answer.read1(PIECE):
            yield piece
        if self._answer.length:  # read1 does not say that the end came too early
            raise ConnectionError("the reader broke off")

    def close(self) -> None:
        self._line.close()


def _headers(environ) -> dict[str, str]:
    """The caller's, and who he is: the reader trusts us about that, as we trust our proxy."""
    headers = {
        key.removeprefix("HTTP_").replace("_", "-").title(): value
        for key, value in environ.items()
        if key.startswith("HTTP_") or (key in ("CONTENT_TYPE", "CONTENT_LENGTH") and value)
    }
    headers = {name: value.encode("latin-1") for name, value in headers.items() if name.lower() not in HOP | {"expect"}}
    return headers | {
        "Connection": "close",
        "X-Forwarded-For": environ.get("HTTP_X_FORWARDED_FOR") or environ.get("REMOTE_ADDR", ""),
        "X-Forwarded-Proto": environ["wsgi.url_scheme"],
    }


def _body(environ) -> Iterator[bytes] | None:
    if not environ.get("CONTENT_LENGTH") and "HTTP_TRANSFER_ENCODING" not in environ:
        return None
    return iter(lambda: environ["wsgi.input"].read(PIECE), b"")


def _away(start_response) -> list[bytes]:
    """In the form of every error of the API."""
    request = str(ids.new())
    body = orjson.dumps(
        {
            "error_id": "unavailable",
            "message": "The part that answers questions is starting or away. Callbacks are being received.",
            "details": {},
            "request_id": request,
        }
    )
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Retry-After", "1")]
    start_response("503 Service Unavailable", [*headers, ("X-Request-Id", request)])
    return [body]
