"""Waiting for the feed, on behalf of whoever asked with ``wait``.

Each that waits holds a thread of the reader for as long, so there are seats for a few, beside the threads that all others need
(``service.supervisor.reader``); whoever finds none is answered at once, as without ``wait``. A seat holds no connection to the
database: the feed is looked at now and then. It is given back when the caller hangs up, which a receiver passes on, and when
this process is told to stop.
"""

import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import request

from lib.ending import ENDING

SEATS = 8
LONGEST = 60  # seconds; below what proxies wait for an answer, mostly
LOOK_SECONDS = 0.4

_seats = threading.BoundedSemaphore(SEATS)


@contextmanager
def waiting(seconds: float) -> Iterator[Callable[[], bool]]:
    """Sit down for so long at most. What it gives waits a moment, and says whether to look again."""
    until = time.monotonic() + seconds
    if seconds <= 0 or not _seats.acquire(blocking=False):
        yield lambda: False
        return
    try:
        yield lambda: _goes_on(until)
    finally:
        _seats.release()


def _goes_on(until: float) -> bool:
    left = until - time.monotonic()
    return left > 0 and not ENDING.wait(min(LOOK_SECONDS, left)) and not _hung_up()


def _hung_up() -> bool:
    """Whether nobody will read the answer; False where the server does not show its line."""
    line = request.environ.get("gunicorn.socket") or request.environ.get("werkzeug.socket")
    if line is None:
        return False
    try:
        told = select.poll()  # first, since a line with a time-out would be waited for
        told.register(line, select.POLLIN)
        return bool(told.poll(0)) and not line.recv(1, socket.MSG_PEEK)
    except ValueError:  # TLS, which cannot be looked into
        return False
    except OSError:
        return True
