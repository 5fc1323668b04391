"""Files that threads and processes share: locked for a moment, and closed for good."""

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from lib import locks

LOCK_SECONDS = 0.25  # callers wait about a second for an answer; an fsync usually takes some milliseconds


@contextlib.contextmanager
def opened(path: Path, flags: int = os.O_RDONLY) -> Iterator[int]:
    file = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        yield file
    finally:
        release(file)


def lock(file: int, in_vain: Callable[[], bool] = lambda: False) -> bool:
    """Lock within LOCK_SECONDS, or give up, also as soon as it would be ``in_vain``."""
    return locks.take_within(file, LOCK_SECONDS, in_vain)


def release(file: int) -> None:
    """Unlock, then close: a child that was forked meanwhile has the same open file, and closing would leave it the lock."""
    try:
        locks.give_back(file)
    finally:
        os.close(file)  # also on a file system that knows no locks: each callback would leave an open file


def is_closed(segment: int) -> bool:
    return not os.fstat(segment).st_mode & stat.S_IWUSR


def close(segment: int) -> None:
    """Nobody appends to it any more. Where a file system cannot keep this, only order suffers: the lock does the rest."""
    with contextlib.suppress(OSError):
        os.fchmod(segment, stat.S_IRUSR)
