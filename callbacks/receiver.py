"""The callback route: read the bytes, put them into the inbox, answer. Always 200, always the same body.

It stands in front of Flask, as plain WSGI: whatever comes below ``/callbacks/``, in whatever method, meets no routing
table, no hook and no error page that could answer anything else. The vendors retry on everything that is not exactly
200 (201, 202 and 204 included), and after one or two tries the outcome is gone.
"""

from collections.abc import Iterable, Mapping
from contextlib import closing
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog

from callbacks.draft import Draft
from callbacks.http.body import STRANGERS as STRANGERS_ROOM
from callbacks.http.body import Body
from callbacks.ladder.inbox import Inbox
from callbacks.ladder.tickets import Ticket
from callbacks.readiness import Readiness
from dialers.base import Connection
from dialers.registry import DIALERS
from lib import clock, secrets
from lib.proxies import Proxies
from models.receipts import CHECK, RECEIVED_ANSWER

log = structlog.get_logger(__name__)

PREFIX = "callbacks"
HEADERS = [
    ("Content-Type", "application/json"),
    ("Content-Length", str(len(RECEIVED_ANSWER))),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
]

Answer = tuple[str, list[tuple[str, str]], bytes]  # status, headers, body
RECEIVED: Answer = ("200 OK", HEADERS, RECEIVED_ANSWER)

STRANGERS = ("unknown_connection", "wrong_token", "wrong_authorization")  # who sends this has proven nothing

WITH_A_TOKEN = ("unknown_connection", "wrong_token")  # which may be one of ours, of another time or another name

MISPLACED = (*STRANGERS, "unknown_kind")  # whose URL may be one of ours with a segment too many or too few
MASK, LONG = "***", 16

PROBES = (["healthz"], ["readyz"])
PROBE_HEADERS = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
PROBE_ANSWERS = {
    "database": ("200 OK", b'{"status":"ok"}'),
    "spool": (
        "200 OK",
        b'{"status":"spooling","message":"The database cannot be written to. Callbacks are kept in the spool."}',
    ),
    "newer": (  # 200: a balancer that takes all receivers away would lose every callback
        "200 OK",
        b'{"status":"newer_schema","message":"The database was made by a newer release of Wrapup. This one keeps callbacks '
        b'in it, and does nothing else until the newer one is started here."}',
    ),
    None: (
        "503 Service Unavailable",
        b'{"status":"not_ready","message":"Neither the database nor the spool can be written to."}',
    ),
}

# Facts about the sender that help to understand a body. Never Authorization or Cookie; the token is in no header.
KEPT_HEADERS = ("CONTENT_TYPE", "HTTP_CONTENT_ENCODING", "HTTP_USER_AGENT", "HTTP_X_REQUEST_ID", "HTTP_X_FORWARDED_FOR")


class Receiver:
    """WSGI middleware: answers everything at and below ``/callbacks`` and the two probes, passes the rest on."""

    def __init__(
        self,
        app: WSGIApplication,
        inbox: Inbox,
        connections: Mapping[str, Connection],
        secret_key: str,
        proxies: Proxies | None = None,
    ):
        self._app = app
        self._proxies = proxies or Proxies()
        self._inbox = inbox
        self._connections = connections
        self._secret_key = secret_key
        self._readiness = Readiness(inbox)

    def trusts(self, peer: str) -> bool:
        """Whether that is the address of a proxy of ours, behind which are many."""
        return self._proxies.trusts(peer)

    def start(self) -> None:
        """Begin in this process, before the first callback: what an earlier one left in the spool is looked after."""
        self._inbox.start()

    def close(self) -> None:
        """The process ends."""
        self._inbox.close()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = self.answer(environ)
        if answer is None:
            return self._app(environ, start_response)
        status, headers, body = answer
        start_response(status, headers)
        return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]

    def answer(self, environ: WSGIEnvironment) -> Answer | None:
        """What is answered to a callback, which is kept by then, or to a probe; None for everything else."""
        # Empty segments do not count: a base URL that ends in "/" gives "//callbacks/...".
        segments = [segment for segment in environ.get("PATH_INFO", "").split("/") if segment]
        ticket = environ.get("wrapup.ticket", Ticket)
        if segments[:1] != [PREFIX]:
            return self._probe(segments, ticket(None)) if segments in PROBES else None
        named = _parts(segments[1:])
        reason = self._refusal(*named, environ.get("HTTP_AUTHORIZATION", ""))
        with closing(Body(environ, STRANGERS_ROOM if self._is_stranger(reason, named[1]) else None)) as body:
            self._put(self._draft(environ, named, reason, body), ticket)
        return RECEIVED

    def _put(self, draft: Draft, ticket: type[Ticket]) -> None:
        """Nothing is known that fails here. If something does, the answer is 200 all the same, and so it must be kept."""
        try:
            self._inbox.put(ticket(draft))
        except Exception as error:
            log.exception("putting_failed", error=type(error).__name__)
            # A ticket of its own, for which nobody waits: a store may still release the other one.
            self._inbox.put_last(draft)

    def _probe(self, segments: list[str], ticket: Ticket) -> Answer:
        """``/healthz``: the process lives. ``/readyz``: it can store; 200 with the spool alone as well, for a load balancer
        that takes all receivers away while the database is down would lose every callback."""
        store = "database" if segments == ["healthz"] else self._readiness.ask(ticket)
        status, body = PROBE_ANSWERS[store]
        return status, [("Content-Length", str(len(body))), *PROBE_HEADERS], body

    def _is_stranger(self, reason: str | None, token: str) -> bool:
        """Whether there is a bound to what is kept of it meanwhile. Who shows a token of ours, an outdated one, say, is known."""
        return reason in WITH_A_TOKEN and not (token and self._inbox.strangers.has(self._fingerprint(token)))

    def _draft(self, environ: WSGIEnvironment, named: tuple[str, str, str], reason: str | None, body: Body) -> Draft:
        name, token, kind = named
        connection = self._connections.get(name)
        if reason is None and "wrapup.malformed" in environ:
            reason = "malformed_request"
        elif reason is None and not body.whole:
            reason = "cut_off"
        elif reason is None and body.size > len(body.bytes):
            reason = "oversized"
        query = _text(environ.get("QUERY_STRING", ""))[:8192]
        headers = _headers(environ)
        if reason in MISPLACED:
            name, kind, query = map(self._without_tokens, (name, kind, query))
        headers["peer"] = peer = environ.get("REMOTE_ADDR", "")
        said = environ.get("HTTP_X_FORWARDED_FOR")
        if said and self._proxies.trusts(peer):  # else anybody can have written it
            headers["client"] = self._proxies.client(peer, said)
        # So that a dialer of ours is known, and whoever vouches for it is not blind.
        if reason in WITH_A_TOKEN and token:
            headers["token-fingerprint"] = self._fingerprint(token)
        return Draft(
            connection=name,
            dialer=connection.dialer if connection else None,
            kind=kind,
            received_at=clock.now(),
            method=_text(environ.get("REQUEST_METHOD", ""))[:64],
            query=query or None,
            headers=headers,
            body=bytes(body.bytes),
            body_size=body.size,
            stranger=reason in STRANGERS,
            reason=reason,
        )

    def _fingerprint(self, token: str) -> str:
        return secrets.fingerprint(token, self._secret_key)

    def _without_tokens(self, text: str) -> str:
        """A URL that is off by one segment has the token where the connection's name or the kind should stand, and these are
        shown to whoever may read. One that is short enough to be a word is masked as a whole segment only."""
        for connection in self._connections.values():
            for token in connection.callback_tokens:
                if len(token) >= LONG:
                    text = text.replace(token, MASK)
                elif token in text:
                    text = "/".join(MASK if segment == token else segment for segment in text.split("/"))
        return text

    def _refusal(self, name: str, token: str, kind: str, authorization: str) -> str | None:
        """Why the receipt goes to quarantine at once; None when it may be read."""
        connection = self._connections.get(name)
        if connection is None:
            # Compared all the same, so that the time of an answer does not tell which names exist.
            secrets.any_same(token, [""])
            return "unknown_connection"
        if not secrets.any_same(token, list(connection.callback_tokens)):
            return "wrong_token"
        wanted = connection.callback_authorization
        if wanted and not secrets.any_same(_authorization(authorization), list(wanted)):
            return "wrong_authorization"
        return None if kind in DIALERS[connection.dialer].callback_kinds or kind == CHECK else "unknown_kind"


def _parts(segments: list[str]) -> tuple[str, str, str]:
    """(connection, token, kind) of ``<connection>/<token>/<kind>``; what is missing is empty."""
    # WSGI hands paths over as Latin-1 that holds UTF-8.
    name, token, *rest = [*map(_text, segments), "", ""]
    return name[:200], token, "/".join(filter(None, rest))[:200]


def _authorization(header: str) -> str:
    """The scheme's name may be written in any case (RFC 9110, section 11.1)."""
    scheme, _, rest = header.strip().partition(" ")
    return f"{scheme.capitalize()} {rest.strip()}"


def _text(value: str) -> str:
    if value.isascii() and "\x00" not in value:
        return value
    return value.encode("latin-1", "replace").decode("utf-8", "replace").replace("\x00", "\ufffd")


def _headers(environ: WSGIEnvironment) -> dict[str, str]:
    return {
        key.removeprefix("HTTP_").replace("_", "-").lower(): _text(environ[key])[:1000]
        for key in KEPT_HEADERS
        if environ.get(key)
    }
