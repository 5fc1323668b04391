"""An end to every exchange: whoever sends a byte now and then is never late, and would hold a thread for days.

The time-outs of requests are for each wait on the socket. A body that trickles in is looked after by who reads it; a handshake, a
head or the line of a chunk is read where nobody can look in between. So a timer closes the line under them. It knows of lines
alone: who sends mail needs no HTTP, and no process loads that before it is asked for.
"""

import contextlib
import os
import socket
import threading

_mine = threading.local()


class Deadline:
    """Within it, this thread's exchanges over lines that are watched end after so many seconds: they then fail as if the other
    side had hung up, or had ended its answer, and ``passed`` tells why."""

    def __init__(self, seconds: float):
        self.passed = False
        self._lock = threading.Lock()
        self._lines: list[socket.socket] = []  # ours to close; closing the connection's own would make it another's
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> "Deadline":
        _mine.deadline = self
        self._timer.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._timer.cancel()
        _mine.deadline = None
        with self._lock:
            lines, self._lines = self._lines, []
        for line in lines:
            line.close()

    def watch(self, line: socket.socket) -> None:
        """End this one, too."""
        with self._lock:
            self._lines.append(socket.socket(fileno=os.dup(line.fileno())))
            if self.passed:
                _hang_up(self._lines)

    def _end(self) -> None:
        with self._lock:
            self.passed = True
            _hang_up(self._lines)


def _hang_up(lines: list[socket.socket]) -> None:
    for line in lines:
        with contextlib.suppress(OSError):  # it is closed already
            line.shutdown(socket.SHUT_RDWR)


def watch(line: socket.socket) -> None:
    """Let this thread's deadline end the line, where it has one."""
    deadline = getattr(_mine, "deadline", None)
    if deadline is not None:
        deadline.watch(line)
