"""Taking turns at writing to SQLite."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST_SECONDS = 10.0
LOOK_SECONDS = 0.001


@contextmanager
def turn(path: str) -> Iterator[None]:
    """Hold the turn that the file at ``path`` stands for, over all processes and threads.

    Only for fairness: SQLite's own lock is what keeps writers apart. So whoever has waited for long goes on without it.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:  # a full or read-only disk: the database will say so itself
        yield
        return
    try:
        end = time.monotonic() + LONGEST_SECONDS
        while not _taken(file) and time.monotonic() < end:
            time.sleep(LOOK_SECONDS)
        yield
    finally:
        os.close(file)


def _taken(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
