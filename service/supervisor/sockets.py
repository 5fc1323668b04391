"""The listening sockets, which the supervisor holds: while it lives nobody is refused, whatever becomes of its children."""

import errno
import os
import socket
import time
from contextlib import ExitStack

from service.settings.mistakes import BadSettings

BACKLOG = 2048  # dialers ask once or twice, then never: who comes in a bad moment waits here
BIND_SECONDS = 15.0  # a Wrapup that was killed takes a moment to let go of its port
FIRST_PASSED = 3  # systemd's protocol: sd_listen_fds(3)


def listening(bind: str) -> socket.socket:
    """The socket that systemd passed, or one bound to HOST:PORT. Raises BadSettings."""
    if os.environ.get("LISTEN_PID") == str(os.getpid()) and int(os.environ.get("LISTEN_FDS", "0")) > 0:
        return socket.socket(fileno=FIRST_PASSED)
    host, _, port = bind.rpartition(":")
    end = time.monotonic() + BIND_SECONDS
    while True:
        try:
            return _bound(host.strip("[]"), int(port))
        except OSError as error:
            if time.monotonic() > end or not isinstance(error, _Taken):
                raise BadSettings(f"WRAPUP_BIND is {bind}, where nobody can listen: {error.strerror}.") from None
        time.sleep(0.05)


def inner() -> socket.socket:
    """A socket for our own processes, on any free port of this machine alone."""
    return _bound("127.0.0.1", 0)


class _Taken(OSError):
    """The port is in use."""


def _bound(host: str, port: int) -> socket.socket:
    family, kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.socket(family, kind)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise _Taken(error.errno, error.strerror) from None
        raise
    return listener


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens on now, each another."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
