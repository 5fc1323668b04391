"""Locks of files (``flock``), by which processes and threads part. They belong to an open file, and end with it."""

import fcntl
import time
from collections.abc import Callable

LOOK_SECONDS = 0.001


def take(file: int) -> bool:
    """Take the lock, where nobody has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def take_within(
    file: int, seconds: float, in_vain: Callable[[], bool] = lambda: False, look_every: float = LOOK_SECONDS
) -> bool:
    """Take it within so many seconds, or give up, also as soon as it would be ``in_vain``."""
    end = time.monotonic() + seconds
    while not take(file):
        if in_vain() or time.monotonic() > end:
            return False
        time.sleep(look_every)
    return True


def give_back(file: int) -> None:
    """Also for a child that was forked meanwhile: it has the same open file."""
    fcntl.flock(file, fcntl.LOCK_UN)
