"""How fast rows are deleted: a few at a time, with rests between, so that whoever keeps callbacks waits for none of it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from models.database import Database

AT_ONCE, SQLITE_AT_ONCE = 2_000, 200  # rows in one transaction
RESTS, SQLITE_RESTS = 1.0, 4.0  # so many times as long as the transaction took
LONGEST_REST_SECONDS = 1.0


class Stopped(Exception):
    """Whoever works is to end, or has worked long enough for once. What is deleted is deleted, and the rest is due as before."""


class Pace:
    """``seconds``: for how long; None: until all is done."""

    def __init__(self, database: Database, stop: threading.Event | None = None, seconds: float | None = None):
        self.deleted = 0  # rows, so far
        self._until = None if seconds is None else time.monotonic() + seconds
        self.at_once = SQLITE_AT_ONCE if database.is_sqlite else AT_ONCE
        self._rests = SQLITE_RESTS if database.is_sqlite else RESTS
        self._stop = stop or threading.Event()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One transaction, and the rest after it. Raises Stopped."""
        began = time.monotonic()
        yield
        self.rest(min(self._rests * (time.monotonic() - began), LONGEST_REST_SECONDS))

    def rest(self, seconds: float) -> None:
        """Raises Stopped."""
        if self._stop.wait(seconds) or (self._until is not None and time.monotonic() > self._until):
            raise Stopped
