"""Locks of files (``flock``), by which processes and threads part. They belong to an open file, and end with it."""

import fcntl
import time
from collections.abc import Callable

LOOK_SECONDS = 0.001


def take(file: int, shared: bool = False) -> bool:
    """Take the lock, where nobody has it; ``shared``: where nobody has it alone. One that the file has becomes of this kind."""
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def take_within(
    file: int,
    seconds: float,
    in_vain: Callable[[], bool] = lambda: False,
    shared: bool = False,
) -> bool:
    """Take it within so many seconds, or give up, also as soon as it would be ``in_vain``."""
    end = time.monotonic() + seconds
    while not take(file, shared):
        if in_vain() or time.monotonic() > end:
            return False
        time.sleep(LOOK_SECONDS)
    return True


def give_back(file: int) -> None:
    """Also for a child that was forked meanwhile: it has the same open file."""
    fcntl.flock(file, fcntl.LOCK_UN)
