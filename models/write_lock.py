"""One writer after the other on SQLite, in the order in which they came."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from lib import locks

LONGEST_SECONDS = 10.0


@contextmanager
def write_lock(path: str) -> Iterator[None]:
    """Hold the lock that the file at ``path`` stands for, over all processes and threads.

    Only for fairness: SQLite's own lock is what keeps writers apart. So whoever has waited for long goes on without it.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:  # a full or read-only disk: the database will say so itself
        yield
        return
    try:
        locks.take_within(file, LONGEST_SECONDS)
        yield
    finally:
        os.close(file)
