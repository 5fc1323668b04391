"""The callback route: read the bytes, put them into the inbox, answer. Always 200, always the same body.

It stands in front of Flask, as plain WSGI: whatever comes below ``/callbacks/``, in whatever method, meets no routing
table, no hook and no error page that could answer anything else. The vendors retry on everything that is not exactly
200 (201, 202 and 204 included), and after one or two tries the outcome is gone.
"""

from collections.abc import Iterable, Mapping

import structlog

from callbacks.draft import Draft
from callbacks.inbox import Inbox
from dialers.base import Connection
from dialers.registry import DIALERS
from lib import clock, secrets

log = structlog.get_logger(__name__)

PREFIX = "/callbacks"
ANSWER = b'{"received":true}'
HEADERS = [
    ("Content-Type", "application/json"),
    ("Content-Length", str(len(ANSWER))),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
]

KEPT_BYTES = 1024 * 1024
# A sender that is cut off in mid-body sees an error; one that is read to the end sees our 200. This is where reading ends.
READ_BYTES = 64 * 1024 * 1024
# Facts about the sender that help to understand a body. Never Authorization or Cookie; the token is in no header.
KEPT_HEADERS = ("CONTENT_TYPE", "HTTP_CONTENT_ENCODING", "HTTP_USER_AGENT", "HTTP_X_REQUEST_ID", "HTTP_X_FORWARDED_FOR")


class Receiver:
    """WSGI middleware: answers everything at and below ``/callbacks``, passes the rest on."""

    def __init__(self, app, inbox: Inbox, connections: Mapping[str, Connection]):
        self._app = app
        self._inbox = inbox
        self._connections = connections

    def __call__(self, environ, start_response) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path != PREFIX and not path.startswith(PREFIX + "/"):
            return self._app(environ, start_response)
        self._inbox.put(self._draft(environ, path))
        start_response("200 OK", HEADERS)
        return [] if environ.get("REQUEST_METHOD") == "HEAD" else [ANSWER]

    def _draft(self, environ, path: str) -> Draft:
        name, token, kind = _parts(path)
        body, size, whole = _read(environ)
        connection = self._connections.get(name)
        reason = self._refusal(connection, token, kind)
        if reason is None and not whole:
            reason = "cut_off"
        elif reason is None and size > len(body):
            reason = "oversized"
        return Draft(
            connection=name,
            dialer=connection.dialer if connection else None,
            kind=kind,
            received_at=clock.now(),
            method=environ.get("REQUEST_METHOD", "")[:64],
            query=_text(environ.get("QUERY_STRING", ""))[:8192] or None,
            headers=_headers(environ),
            body=body,
            body_size=size,
            stranger=reason in ("unknown_connection", "wrong_token"),
            reason=reason,
        )

    def _refusal(self, connection: Connection | None, token: str, kind: str) -> str | None:
        """Why the receipt goes to quarantine at once; None when it may be read."""
        if connection is None:
            # Compared all the same, so that the time of an answer does not tell which names exist.
            secrets.any_same(token, [""])
            return "unknown_connection"
        if not secrets.any_same(token, list(connection.callback_tokens)):
            return "wrong_token"
        return None if kind in DIALERS[connection.dialer].callback_kinds else "unknown_kind"


def _parts(path: str) -> tuple[str, str, str]:
    """(connection, token, kind) of ``/callbacks/<connection>/<token>/<kind>``; what is missing is empty."""
    # WSGI hands paths over as Latin-1 that holds UTF-8.
    parts = _text(path[len(PREFIX) :]).strip("/").split("/", 2)
    name, token, kind = (*parts, "", "", "")[:3]
    return name[:200], token, kind[:200]


def _text(value: str) -> str:
    return value.encode("latin-1", "replace").decode("utf-8", "replace").replace("\x00", "\ufffd")


def _headers(environ) -> dict[str, str]:
    return {
        key.removeprefix("HTTP_").replace("_", "-").lower(): _text(environ[key])[:1000]
        for key in KEPT_HEADERS
        if environ.get(key)
    }


def _read(environ) -> tuple[bytes, int, bool]:
    """(what is kept, how many bytes were sent, whether the body came to its end)."""
    length = environ.get("CONTENT_LENGTH", "")
    announced = int(length) if length.isascii() and length.isdigit() else None
    if announced is None and not environ.get("wsgi.input_terminated"):
        return b"", 0, True
    stream, kept, size = environ["wsgi.input"], bytearray(), 0
    limit = READ_BYTES if announced is None else min(announced, READ_BYTES)
    try:
        while size < limit and (piece := stream.read(min(65_536, limit - size))):
            kept += piece[: max(0, KEPT_BYTES - len(kept))]
            size += len(piece)
    except OSError as error:  # the sender hung up or spoke no HTTP: what came is kept, and marked as cut off
        log.warning("callback_cut_off", error=type(error).__name__, bytes=size)
        return bytes(kept), size, False
    whole = announced is None or size >= limit
    return bytes(kept), max(size, announced or 0) if whole else size, whole
