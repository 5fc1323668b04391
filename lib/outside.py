"""A process that reaches nobody: for a copy of a Wrapup, which must not dial, write into CRMs, or send mails a second time.

Whatever opens a connection in Python asks the interpreter first (its audit hooks): gevent's sockets, requests' and smtplib's
alike, and a hook once set cannot be taken away while the process lives. The database's driver opens its own in C, and is not
asked.
"""

import errno
import socket
import sys
from typing import Any

CONNECTS, SENDS = "socket.connect", ("socket.sendto", "socket.sendmsg")
LOOKS_UP = ("socket.getaddrinfo", "socket.gethostbyname")

_closed = False


class Closed(OSError):
    """As where a network lets nothing through."""


def close(but: tuple[str, int] | None = None) -> None:
    """From now on this process connects to nobody but this (host, port), and looks up no other name."""
    global _closed
    _closed = True

    def ask(event: str, given: tuple[Any, ...]) -> None:
        if event in LOOKS_UP:
            allowed = but is not None and given[0] == but[0]
        elif event == CONNECTS or event in SENDS:
            allowed = given[0].family == socket.AF_UNIX or (but is not None and tuple(given[1] or ())[:2] == but)
        else:
            return
        if not allowed:
            raise Closed(errno.ENETUNREACH, "WRAPUP_OUTSIDE is off: nothing leaves this Wrapup")

    sys.addaudithook(ask)


def is_closed() -> bool:
    """Whether it is: then nobody need try."""
    return _closed
