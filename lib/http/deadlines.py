"""An end to every exchange: whoever sends a byte now and then is never late, and would hold a thread for days.

The time-outs of requests are for each wait on the socket. A body that trickles in is looked after by who reads it; a handshake, a
head or the line of a chunk is read where nobody can look in between. So a timer closes the line under them.
"""

import contextlib
import os
import socket
import threading
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse, HTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

COOKIES = ("Set-Cookie", "Set-Cookie2")

_mine = threading.local()


class Deadline:
    """Within it, this thread's exchanges through an ``Adapter`` end after so many seconds: they then fail as if the other side
    had hung up, or had ended its answer, and ``passed`` tells why."""

    def __init__(self, seconds: float):
        self.passed = False
        self._lock = threading.Lock()
        self._lines: list[socket.socket] = []  # ours to close; closing the connection's own would make it another's
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> "Deadline":
        _mine.deadline = self
        self._timer.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._timer.cancel()
        _mine.deadline = None
        with self._lock:
            lines, self._lines = self._lines, []
        for line in lines:
            line.close()

    def watch(self, line: socket.socket) -> None:
        """End this one, too."""
        with self._lock:
            self._lines.append(socket.socket(fileno=os.dup(line.fileno())))
            if self.passed:
                _hang_up(self._lines)

    def _end(self) -> None:
        with self._lock:
            self.passed = True
            _hang_up(self._lines)


def _hang_up(lines: list[socket.socket]) -> None:
    for line in lines:
        with contextlib.suppress(OSError):  # it is closed already
            line.shutdown(socket.SHUT_RDWR)


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


def watch(line: socket.socket) -> None:
    """Let this thread's deadline end the line, where it has one."""
    deadline = getattr(_mine, "deadline", None)
    if deadline is not None:
        deadline.watch(line)


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
