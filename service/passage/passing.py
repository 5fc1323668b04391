"""From a receiver to the reader: everything that is no callback is answered by another process, and passed through.

A report that computes or an export that streams would hold up the callbacks of its process (Python runs one thread at a
time); in a process of its own it cannot. The reader has few threads: it is asked when a request is here whole
(``service.passage.uploads``), and its line is closed as soon as its answer is (``service.passage.answers``).
"""

import http.client
import socket
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from wsgiref.types import StartResponse, WSGIEnvironment

import gevent
import structlog
from gevent.socket import socket as LoopSocket

from callbacks.http.line import Line
from lib.proxies import Proxies
from lib.shared_counts import SharedCounts
from service.passage.answers import LARGEST_HELD, HeldAnswer, Holding, Streamed
from service.passage.refusals import Denied, TurnedAway
from service.passage.uploads import Upload, Uploads

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 300.0  # a report may take its time; the reader's own server decides what is too long
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
# What the reader is told of the caller's line (``service.passage.reader`` believes us): nobody else may say so.
PEER, PROTOCOL, ASKING = "X-Wrapup-Peer", "X-Wrapup-Protocol", "X-Wrapup-Asking"
OURS = {"content-length", "expect", PEER.lower(), PROTOCOL.lower(), ASKING.lower()}

AWAY = (
    "503 Service Unavailable",
    "unavailable",
    "The part that answers questions is starting or away. Callbacks are being received.",
)
OLD = (
    "505 HTTP Version Not Supported",
    "http_1_1_needed",
    "This answer needs HTTP/1.1: over HTTP/1.0 one that breaks off looks whole. In nginx: proxy_http_version 1.1.",
)


class Passage:
    """A WSGI application: asks the reader at ``address`` (HOST:PORT), and hands its answer on as it comes."""

    def __init__(self, address: str, uploads: Uploads, proxies: Proxies, tally: SharedCounts):
        self._host, _, port = address.rpartition(":")
        self._port = int(port)
        self._uploads = uploads
        self._proxies = proxies
        self._tally = tally
        self._holding = Holding()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return self._passed(environ, start_response)
        except TurnedAway as refusal:
            return refusal.answer(environ, start_response)

    def _passed(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        client = self._proxies.client(environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR", ""))
        upload = self._uploads.take(environ, client, lambda: self._may(environ))
        reader = self._reader()
        try:
            with _while_waited_for(environ, reader):
                answer = _asked(reader, environ, upload)
            if answer.length is None and environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
                self._tally.add(OLD[1])
                raise TurnedAway(*OLD)
            short = answer.length is not None and answer.length <= LARGEST_HELD
            body = answer.read() if short else None
        except (OSError, RuntimeError, http.client.HTTPException) as error:
            reader.close()
            raise _away(error) from error
        except BaseException:
            reader.close()
            raise
        finally:
            if upload is not None:
                upload.close()
        start_response(f"{answer.status} {answer.reason}", _kept(answer))
        if body is None:
            return Streamed(reader, answer)
        reader.close()
        return HeldAnswer(self._holding, environ["wrapup.line"], body)

    def _may(self, environ: WSGIEnvironment) -> None:
        """Ask the reader whether the caller may send a body that is not small, with the head of its request alone. Raises Denied
        with the answer to that request, where it may not."""
        with closing(self._reader()) as reader:
            try:
                reader.request(environ["REQUEST_METHOD"], environ["RAW_URI"], None, _headers(environ) | {ASKING: "1"})
                answer = reader.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException) as error:
                raise _away(error) from error
        if answer.status != 204:
            raise Denied(f"{answer.status} {answer.reason}", _kept(answer), body)

    def _reader(self) -> "_Reader":
        return _Reader(self._host, self._port, timeout=SILENCE_SECONDS)


class _Reader(http.client.HTTPConnection):
    """http.client on the event loop: its socket waits without holding up the others."""

    def connect(self) -> None:
        self.sock = LoopSocket()
        self.sock.settimeout(CONNECT_SECONDS)
        self.sock.connect((self.host, self.port))
        self.sock.settimeout(self.timeout)


@contextmanager
def _while_waited_for(environ: WSGIEnvironment, reader: _Reader) -> Iterator[None]:
    """For who asks with ``wait``: let the reader know when the caller hangs up, since its seat is wanted by others. Of answers
    that are on their way at once, nobody need be told."""
    if "wait=" not in environ.get("QUERY_STRING", ""):
        yield
        return
    watcher = gevent.spawn(_pass_on_the_end, environ["wrapup.line"], reader)
    try:
        yield
    except (OSError, http.client.HTTPException):
        if watcher.ready() and watcher.value:
            raise TurnedAway(*AWAY) from None  # and nobody hears it
        raise
    finally:
        watcher.kill()


def _pass_on_the_end(line: Line, reader: _Reader) -> bool:
    """Whether the caller has hung up; False where it says more instead."""
    with suppress(OSError):  # silent for longer than anybody is waited for
        if not line.sock.recv(1, socket.MSG_PEEK) and reader.sock is not None:
            reader.sock.shutdown(socket.SHUT_RDWR)
            return True
    return False


def _away(error: Exception) -> TurnedAway:
    log.error("reader_away", error=type(error).__name__)
    return TurnedAway(*AWAY)


def _kept(answer: http.client.HTTPResponse) -> list[tuple[str, str]]:
    return [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP]


def _asked(reader: _Reader, environ: WSGIEnvironment, upload: Upload | None) -> http.client.HTTPResponse:
    headers = _headers(environ)
    if upload is not None:
        headers["Content-Length"] = str(upload.size)
    body = None if upload is None else upload.pieces()
    with suppress(BrokenPipeError, ConnectionResetError):  # it may have answered before it heard all: 413, say
        reader.request(environ["REQUEST_METHOD"], environ["RAW_URI"], body, headers)
    return reader.getresponse()


def _headers(environ: WSGIEnvironment) -> dict[str, str | bytes]:
    """The caller's, and who it is."""
    headers = {
        key.removeprefix("HTTP_").replace("_", "-").title(): value.encode("latin-1")
        for key, value in environ.items()
        if key.startswith("HTTP_") or (key == "CONTENT_TYPE" and value)
    }
    headers = {name: value for name, value in headers.items() if name.lower() not in HOP | OURS}
    return headers | {
        "Connection": "close",
        PEER: environ.get("REMOTE_ADDR", ""),
        PROTOCOL: environ.get("SERVER_PROTOCOL", ""),
    }
