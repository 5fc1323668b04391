"""Standard error, where the log goes: whoever reads it is not waited for.

Mostly it is a pipe or a socket that a container's runtime, a journal or a collector of logs reads. Where that one has stopped
reading, whoever writes would wait for ever as soon as 64 KiB lie there, with the lock of the log in hand: nothing that logs would
go on, no callback would be answered, and none would come down the ladder, for each of its rungs says what it leaves to the next.
"""

import logging
import os
import select
import stat
import sys
from typing import Any

import orjson

from lib import clock

WAIT_SECONDS = 0.25  # for room, once: whatever comes while there is none waits no longer
PIECE = select.PIPE_BUF  # so much is taken without waiting by what is said to have room
LOST = "log_lines_lost"


class StandardError(logging.StreamHandler[Any]):
    """Lines that nobody has taken within WAIT_SECONDS are left out; how many, is the first line when there is room again. A file
    takes all."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self._file = _read_by_another(sys.stderr)
        self._lost = 0
        self._is_torn = False

    def emit(self, record: logging.LogRecord) -> None:
        if self._file is None:
            super().emit(record)
            return
        try:
            self._say(self._file, (self.format(record) + self.terminator).encode(errors="backslashreplace"))
        except Exception:  # noqa: BLE001 - as of every handler: who logs something has no part in this
            self.handleError(record)

    def _say(self, file: int, line: bytes) -> None:
        if self._lost:
            said = {"lines": self._lost, "event": LOST, "level": "error", "timestamp": clock.iso(clock.now())}
            if not self._write(file, orjson.dumps(said) + b"\n", 0.0):
                self._lost += 1
                return
            self._lost = 0
        if not self._write(file, line, WAIT_SECONDS):
            self._lost = 1

    def _write(self, file: int, line: bytes, seconds: float) -> bool:
        """Whether all of it was taken."""
        rest = memoryview(b"\n" + line if self._is_torn else line)  # an end that was left out must not become ours
        room = select.poll()
        room.register(file, select.POLLOUT)
        size = len(rest)
        while rest:
            if not room.poll(seconds * 1000):
                self._is_torn = self._is_torn or len(rest) < size
                return False
            try:
                rest = rest[os.write(file, rest[:PIECE]) :]
            except BlockingIOError:  # another process was faster
                continue
        self._is_torn = False
        return True


def _read_by_another(stream: Any) -> int | None:
    """The file of a stream that somebody has to read, so that it can be full; None of all others."""
    try:
        file: int = stream.fileno()
        mode = os.fstat(file).st_mode
    except (AttributeError, OSError, ValueError):  # there is none, it is closed, or a text in memory
        return None
    if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
        return _opened_anew(file)
    return file if stat.S_ISSOCK(mode) else None


def _opened_anew(file: int) -> int:
    """The same pipe or terminal, so that a write waits for nobody: several processes have it, and of those that were told of the
    same room one alone gets it. Changed as it is open, it would be so for all of them, a shell's, too."""
    try:
        return os.open(f"/proc/self/fd/{file}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:  # another user's, or a system without it
        return file
