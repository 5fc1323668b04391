"""Heavy reading is done in turns: so few at a time that a thread is left for everybody else, and reports with a rest after each.

A database that sums up and exports for several readers at once takes every processor that it finds, also those on which
callbacks are received and committed. So reports are made one at a time, and exports are another turn beside them, piece by
piece; neither asks for more before it has rested for as long as the database has worked for it. Whoever has other work
in between (writing rows, a slow line) hardly notices the rest. An export rests only while somebody waits for a processor.

Whoever waits holds a thread. While those in front end one after the other, that is for a moment; where nothing ends, a few
wait with patience, and all others are told to come back.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from lib.processors import crowded
from web.errors import ApiError

REST = 1.0  # of the time that the turn took
LONGEST_REST = 2.0  # seconds
PATIENCE = 15.0  # seconds for a turn
HASTE = 1.0  # seconds since anybody had a turn or gave it back


class Turns:
    """So many at a time, in this process. ``patient`` of those who wait do so for long, whatever happens; None: all of them,
    and without an end. ``what`` names in answers what is waited for. ``spare``: nobody rests while the machine has a processor to
    spare; so many threads are what a turn itself keeps busy."""

    def __init__(
        self,
        what: str = "reports",
        at_once: int = 1,
        rest: float = REST,
        patient: int | None = None,
        spare: int | None = None,
    ):
        self._what = what
        self._turns = threading.BoundedSemaphore(at_once)
        self._rest = rest
        self._patient = patient
        self._spare = spare
        self._lock = threading.Lock()
        self._waiting = 0
        self._moved_at = self._free_at = 0.0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and have it until the end of the block. Answers 429 where there is none."""
        self._take()
        try:
            time.sleep(max(0.0, self._free_at - time.monotonic()))
            began = self._moved_at = time.monotonic()
            try:
                yield
            finally:
                ended = self._moved_at = time.monotonic()
                rests = self._spare is None or crowded(self._spare)
                self._free_at = ended + (min(LONGEST_REST, self._rest * (ended - began)) if rests else 0.0)
        finally:
            self._turns.release()

    def _take(self) -> None:
        if self._patient is None or self._turns.acquire(blocking=False):
            if self._patient is None:
                self._turns.acquire()
            return
        with self._lock:
            patient = self._waiting < self._patient
            self._waiting += 1
        last = time.monotonic() + PATIENCE
        try:
            while (until := last if patient else min(last, self._moved_at + HASTE)) > time.monotonic():
                if self._turns.acquire(timeout=max(0.0, until - time.monotonic())):
                    return
        finally:
            with self._lock:
                self._waiting -= 1
        sentence = f"Too many {self._what} are asked for at once; try again in a few seconds."
        raise ApiError(429, f"too_many_{self._what}", sentence, headers={"Retry-After": "5"})


# With the four exports (``web.exports``) these hold 20 of the reader's 32 threads for long, and as many connections; a test adds
# them up.
REPORTS, EXPORTS = Turns("reports", patient=2), Turns("exports", spare=1)
SEARCHES = Turns("searches", at_once=6, rest=0.0, patient=0)  # lists: one that finds nothing looks at everything
LOOKS = Turns("looks", at_once=3, rest=0.0, patient=0)  # how it is: counted anew for whoever asks
SCRAPES = Turns("scrapes", patient=1)  # the same for Prometheus, which needs no key: anybody may ask
LISTS = Turns("lists", at_once=2, rest=0.0, patient=0)  # of leads, and large: each needs some times its size of memory
