"""Where a request came from: its client's address, as far as proxies of ours may tell, and whether by https."""

from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog
from flask import request

from lib.buckets import Buckets
from lib.proxies import Proxies, neighbourhood

log = structlog.get_logger()


class Origin:
    """WSGI middleware: says ``wrapup.client`` and ``wsgi.url_scheme``."""

    def __init__(self, app: WSGIApplication, proxies: Proxies):
        self._app = app
        self._proxies = proxies

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        peer = environ.get("REMOTE_ADDR", "")
        environ["wrapup.client"] = self._proxies.client(peer, environ.get("HTTP_X_FORWARDED_FOR", ""))
        if "HTTP_X_FORWARDED_PROTO" in environ and self._proxies.trusts(peer):
            said = environ["HTTP_X_FORWARDED_PROTO"].rpartition(",")[2].strip().lower()
            environ["wsgi.url_scheme"] = said if said in ("http", "https") else environ["wsgi.url_scheme"]
        return self._app(environ, start_response)


def client() -> str:
    """The address of whoever asks."""
    return request.environ.get("wrapup.client", request.remote_addr or "")


def counted() -> str:
    """Under which that address is counted."""
    return neighbourhood(client())


class Refusals:
    """What is refused leaves an address in the log: of one address ten lines at once and then one each six seconds, of all
    together a hundred and then one a second. A stranger must not write the log full."""

    def __init__(self) -> None:
        self._each, self._all = Buckets(10, 6.0), Buckets(100, 1.0)
        self._unlogged = 0

    def log(self, event: str) -> None:
        """The present request was refused. ``address`` is its client's; where they say something else, ``peer`` is the address
        that the connection came from, and ``forwarded_for`` what the request says by itself. ``unlogged``: how many refusals had
        no line since the last one."""
        if self._each.take(counted()) or self._all.take(""):
            self._unlogged += 1
            return
        origin: dict[str, Any] = {"address": client()}
        peer, said = request.environ.get("REMOTE_ADDR", ""), request.headers.get("X-Forwarded-For", "")[:200]
        if peer != origin["address"]:
            origin["peer"] = peer
        if said and said != origin["address"]:
            origin["forwarded_for"] = said
        if self._unlogged:
            origin["unlogged"], self._unlogged = self._unlogged, 0
        log.warning(event, **origin)
