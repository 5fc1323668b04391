"""One writer at a time on SQLite, and callbacks before all others.

Everybody looks again and again whether the lock is free, so that whoever comes often gets it often: a callback that waited
beside the worker and five destinations lost several rounds. Who writes callbacks therefore says so in a file of its own, by a
lock that many may hold, and others leave them the next round, though not for ever.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from lib import locks

LONGEST_SECONDS = 10.0
YIELD_SECONDS = 0.02  # for so long at most who is not first lets others go first
FIRST_LOOKS_SECONDS = 0.0002


class Busy(Exception):
    """Somebody else writes for longer than the caller would wait."""


@contextmanager
def hold_write_lock(
    lock_file: str, firsts_file: str, first: bool = False, within: float | None = None
) -> Iterator[bool]:
    """Hold the lock that the file at ``lock_file`` stands for, over all processes and threads. Who waits and is ``first`` says so
    in ``firsts_file``. Gives whether it is held.

    SQLite's own lock is what keeps writers apart, so whoever has waited for long goes on without this one; with ``within`` they
    raise Busy after so many seconds instead, and have written nothing. Who goes on without it must not checkpoint: before
    3.51.3, SQLite may lose commits to two who do so at once (docs/decisions/0021).
    """
    try:
        file = _opened(lock_file)
    except OSError:  # a full or read-only disk: the database will say so itself
        yield False
        return
    try:
        held = (first and locks.take(file)) or _wait(file, firsts_file, first, within or LONGEST_SECONDS)
        if within and not held:
            raise Busy
        yield held
    finally:
        os.close(file)


def _wait(file: int, firsts_file: str, first: bool, longest: float) -> bool:
    try:
        line = _opened(firsts_file)
    except OSError:
        return locks.take_within(file, longest)
    try:
        if first:
            # It says so where it can, and waits for that no longer: whoever looks whether there is any holds it for a moment, and
            # may be stopped, or get no processor, in that moment.
            end = time.monotonic() + longest
            said = locks.take(line, shared=True)
            while not locks.take(file):
                if time.monotonic() > end:
                    return False
                time.sleep(FIRST_LOOKS_SECONDS)
                said = said or locks.take(line, shared=True)
            return True
        end = time.monotonic() + YIELD_SECONDS
        while time.monotonic() < end:
            if not _held(line) and locks.take(file):
                return True
            time.sleep(locks.LOOK_SECONDS)
        return locks.take_within(file, longest)
    finally:
        os.close(line)


def _held(line: int) -> bool:
    """Whether anybody waits who is first."""
    if not locks.take(line):
        return True
    locks.give_back(line)
    return False


def _opened(path: str) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
