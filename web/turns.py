"""Heavy reading is done in turns, with a rest after each.

A database that sums up and exports for several readers at once takes every processor that it finds, also those on which
callbacks are received and committed. So reports are made one at a time, and exports are another turn beside them, piece by
piece; neither asks for more before it has rested for as long as the database has worked for it. Whoever has work of his own
in between (writing rows, a slow line) hardly notices the rest.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

REST = 1.0  # of the time that the turn took
LONGEST_REST = 2.0  # seconds


class Turns:
    """One at a time, in this process."""

    def __init__(self):
        self._turn = threading.Lock()
        self._free_at = 0.0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and have it until the end of the block."""
        with self._turn:
            time.sleep(max(0.0, self._free_at - time.monotonic()))
            began = time.monotonic()
            try:
                yield
            finally:
                ended = time.monotonic()
                self._free_at = ended + min(LONGEST_REST, REST * (ended - began))


REPORTS, EXPORTS = Turns(), Turns()
