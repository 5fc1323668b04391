"""Reading a callback's body, whatever its sender makes of HTTP: what came is kept, and nobody is waited for for long.

A worker has few threads, and a sender that announces a body and never sends it holds one of them. So reading ends after
``IDLE_SECONDS`` without a byte, and after ``LONGEST_SECONDS`` whatever comes.
"""

import socket
import threading
import time

import structlog

log = structlog.get_logger(__name__)

KEPT_BYTES = 1024 * 1024
# A sender that is cut off in mid-body sees an error; one that is read to the end sees our 200. This is where reading ends.
READ_BYTES = 64 * 1024 * 1024
IDLE_SECONDS = 5.0
LONGEST_SECONDS = 20.0


class Body:
    """What is read of a body. ``bytes`` is what is kept of it; ``whole`` says whether it came to its end."""

    def __init__(self, environ):
        self.bytes = bytearray()
        self.received = 0
        self.whole = True
        self.announced = _announced(environ)
        self._stream = environ.get("wsgi.input")
        line = environ.get("gunicorn.socket")
        self._line = line if isinstance(line, socket.socket) else None
        if self.announced != 0 and (self.announced is not None or environ.get("wsgi.input_terminated")):
            self._limit = min(READ_BYTES, READ_BYTES if self.announced is None else self.announced)
            self._read()

    @property
    def size(self) -> int:
        """How large the body is, as far as anybody knows: as announced, or as much as came before it was cut off."""
        return max(self.received, self.announced or 0) if self.whole else self.received

    def _read(self) -> None:
        try:
            with _Hurry(self._line):
                self._take()
            self.whole = self.announced is None or self.received >= self._limit
            error = "" if self.whole else "EndOfFile"
        # Hung up, stalled, or spoke no HTTP: the server has an exception of its own for each, of no common kind.
        except Exception as broken:  # noqa: BLE001 - whatever it is, the answer is 200 and what came is kept
            self.whole, error = False, type(broken).__name__
        if not self.whole:
            self._salvage()
            log.warning("callback_cut_off", error=error, bytes=self.received)

    def _take(self) -> None:
        while self.received < self._limit:
            piece = self._stream.read(min(65_536, self._limit - self.received))
            if not piece:
                return
            self.bytes += piece[: max(0, KEPT_BYTES - len(self.bytes))]
            self.received += len(piece)

    def _salvage(self) -> None:
        """Take what the server had read before reading failed; nothing more is waited for, and the line will be closed."""
        if self._line is None:
            return
        hang_up(self._line)
        try:
            self._take()
        except Exception:  # noqa: BLE001 - the stream is broken already, and there may be nothing to salvage
            return


class _Hurry:
    """Within it, a read of the line fails after ``IDLE_SECONDS`` of silence, and ends after ``LONGEST_SECONDS`` in all."""

    def __init__(self, line: socket.socket | None):
        self._line = line

    def __enter__(self) -> None:
        if self._line is not None:
            self._before = self._line.gettimeout()
            self._line.settimeout(IDLE_SECONDS)
            _watch.add(self._line, time.monotonic() + LONGEST_SECONDS)

    def __exit__(self, *_) -> None:
        if self._line is not None:
            _watch.discard(self._line)
            self._line.settimeout(self._before)


class _Watch:
    """Ends the reading of lines whose time is over. A sender of one byte a second never times out by itself."""

    def __init__(self):
        self._ends: dict[socket.socket, float] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, line: socket.socket, end: float) -> None:
        with self._lock:
            self._ends[line] = end
            if self._thread is None or not self._thread.is_alive():  # begun here: threads do not survive a fork
                self._thread = threading.Thread(target=self._run, name="callback-watch", daemon=True)
                self._thread.start()

    def discard(self, line: socket.socket) -> None:
        with self._lock:  # after this, the line is never touched again: it may carry the next request
            self._ends.pop(line, None)

    def _run(self) -> None:
        while True:
            time.sleep(0.5)
            now = time.monotonic()
            with self._lock:
                for line in [line for line, end in self._ends.items() if end <= now]:
                    del self._ends[line]
                    hang_up(line)


def hang_up(line: socket.socket) -> None:
    """Read no more: whoever waits for this line reads its end now. It can still be written to."""
    try:
        socket.socket.shutdown(line, socket.SHUT_RD)  # not SSLSocket's own: that one would answer in clear text
    except OSError:  # it is closed already
        pass


def _announced(environ) -> int | None:
    """What Content-Length says; None where it says nothing."""
    digits = environ.get("CONTENT_LENGTH", "")
    if not digits.isascii() or not digits.isdigit():
        return None
    return int(digits[:4000])  # Python reads no number of more than 4300 digits


_watch = _Watch()
