"""Connections to addresses that were looked at: the very address that was found good is connected to.

A name may mean a public address when it is looked up, and 127.0.0.1 a moment later: whoever checks first and connects by name
afterwards has checked nothing. So the name is resolved once, here, each of its addresses is judged, and the socket is given the
address. TLS begins after that, and verifies the name. One bad address among good ones refuses them all: which of them another
try would take is not ours to choose. Imported when something is asked, like ``wire``.
"""

import socket
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from lib.http.connections import Adapter, Plain, PlainPool, Secure, SecurePool
from lib.http.deadlines import watch
from lib.http.guarded import host_mistake

Admits = Callable[[str], bool]


class NotAdmitted(NewConnectionError):
    """The host has an address that is not to be connected to, or is written oddly; nothing was sent."""


class _Pinned:
    """What both kinds of connections do instead of connecting by name."""

    admits: Admits

    def _new_conn(self: Any) -> socket.socket:
        host, port, seconds = self._dns_host.strip("[]"), self.port, self.timeout
        if host_mistake(host, private=True) is not None:
            raise NotAdmitted(self, "its host is written oddly")
        until = time.monotonic() + seconds
        found = _looked_up(self, host, port, seconds)
        addresses = [(family, kind, protocol, place) for family, kind, protocol, _, place in found]
        if not addresses or not all(self.admits(str(place[0])) for *_, place in addresses):
            raise NotAdmitted(self, "it has an address that is not public")
        return _connected(self, addresses, until)


def _looked_up(connection: HTTPConnection, host: str, port: int, seconds: float) -> list[Any]:
    """What the resolver says, which by itself takes its time: half a minute where no server of names answers."""
    said: SimpleQueue[Any] = SimpleQueue()

    def ask() -> None:
        try:
            said.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            said.put(error)

    threading.Thread(target=ask, name="resolver", daemon=True).start()
    try:
        found = said.get(timeout=seconds)
    except Empty:
        raise ConnectTimeoutError(connection, "its name was not resolved in time") from None
    if isinstance(found, Exception):
        raise NameResolutionError(host, connection, socket.gaierror(str(found))) from None
    return list(found)


def _connected(connection: HTTPConnection, addresses: list[Any], until: float) -> socket.socket:
    """To the first that accepts; all of them share the time."""
    failed: OSError = TimeoutError("timed out")
    for family, kind, protocol, place in addresses:
        left = until - time.monotonic()
        if left <= 0:
            break
        line = socket.socket(family, kind, protocol)
        try:
            for option in connection.socket_options or ():
                line.setsockopt(*option)
            line.settimeout(left)
            line.connect(place)
        except OSError as error:
            line.close()
            failed = error
            continue
        watch(line)
        return line
    if isinstance(failed, TimeoutError):
        raise ConnectTimeoutError(connection, "it did not accept the connection in time") from failed
    raise NewConnectionError(connection, "the connection failed") from failed


class PinnedAdapter(Adapter):
    """As ``Adapter``, to addresses that ``admits`` says yes to."""

    def __init__(self, admits: Admits):
        self._admits = admits
        super().__init__()

    def init_poolmanager(self, *given: Any, **named: Any) -> None:
        super().init_poolmanager(*given, **named)
        pinned = {"admits": staticmethod(self._admits)}
        plain, secure = type("_PinnedPlain", (_Pinned, Plain), pinned), type("_PinnedSecure", (_Pinned, Secure), pinned)
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("_PinnedPlainPool", (PlainPool,), {"ConnectionCls": plain}),
            "https": type("_PinnedSecurePool", (SecurePool,), {"ConnectionCls": secure}),
        }
