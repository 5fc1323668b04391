"""Connections of requests that a ``Deadline`` can end."""

import socket
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse, HTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from lib.http.deadlines import watch

COOKIES = ("Set-Cookie", "Set-Cookie2")


class _Watched:
    """What both kinds of connections do besides: say which line they use."""

    sock: socket.socket | None

    def _new_conn(self) -> socket.socket:
        line: socket.socket = super()._new_conn()  # type: ignore[misc]  # of the class that stands beside it
        watch(line)
        return line

    def putrequest(self, *given: Any, **named: Any) -> None:
        if self.sock is not None:  # kept from an earlier exchange
            watch(self.sock)
        super().putrequest(*given, **named)  # type: ignore[misc]  # likewise


class Plain(_Watched, HTTPConnection): ...


class Secure(_Watched, HTTPSConnection): ...


class PlainPool(HTTPConnectionPool):
    ConnectionCls = Plain


class SecurePool(HTTPSConnectionPool):
    ConnectionCls = Secure


class Adapter(HTTPAdapter):
    """Connections that a ``Deadline`` can end, and on which nobody leaves cookies: nobody needs them, they would be sent along
    for ever, and their number would be the other side's choice alone."""

    def init_poolmanager(self, *given: Any, **named: Any) -> None:
        super().init_poolmanager(*given, **named)
        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}

    def build_response(self, req: PreparedRequest, resp: BaseHTTPResponse) -> Response:
        # Where requests looks for them, and nobody for anything else.
        answer = resp._original_response if isinstance(resp, HTTPResponse) else None
        if answer is not None:
            for name in COOKIES:
                del answer.msg[name]
        return super().build_response(req, resp)
