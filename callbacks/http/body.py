"""Reading a callback's body, whatever its sender makes of HTTP: what came is kept, and nobody is waited for for long.

How long that is, ``callbacks.http.line`` says; a server other than ours has limits of its own.
"""

from typing import Any
from wsgiref.types import WSGIEnvironment

import structlog

from callbacks.http.line import KEPT_BYTES, Line
from lib.waiting_room import Seat, WaitingRoom

log = structlog.get_logger(__name__)

# A sender that is cut off in mid-body sees an error; one that is read to the end sees our 200. This is where reading ends.
READ_BYTES = 64 * 1024 * 1024
# Of all bodies that strangers are sending at the same time, or that wait to be stored: as much is kept as fits in here. Who has a
# right to post is not bounded so.
STRANGERS = WaitingRoom(32 * 1024 * 1024)


class Body:
    """What is read of a body. ``bytes`` is what is kept of it; ``whole`` says whether it came to its end. To be closed when it is
    stored. ``room``: what it is to fit into."""

    def __init__(self, environ: WSGIEnvironment, room: WaitingRoom | None = None):
        self.bytes = bytearray()
        self._place = None if room is None else Seat(room)
        self.received = 0
        self.whole = True
        self.announced = _announced(environ)
        self._stream: Any = environ.get("wsgi.input")
        self._line: Line | None = environ.get("wrapup.line")
        if self.announced != 0 and (self.announced is not None or environ.get("wsgi.input_terminated")):
            self._limit = min(READ_BYTES, READ_BYTES if self.announced is None else self.announced)
            self._read()

    @property
    def size(self) -> int:
        """How large the body is, as far as anybody knows: as announced, or as much as came before it was cut off."""
        return max(self.received, self.announced or 0) if self.whole else self.received

    def close(self) -> None:
        if self._place is not None:
            self._place.close()

    def _read(self) -> None:
        try:
            if self._line is not None:
                self._line.hurry()
            self._take()
            self.whole = self.announced is None or self.received >= self._limit
            if self._line is not None and self.received >= READ_BYTES:
                self._line.ends = True
            error = "" if self.whole else "EndOfFile"
        # Hung up, stalled, or spoke no HTTP: the server has an exception of its own for each, of no common kind.
        except Exception as broken:  # noqa: BLE001 - whatever it is, the answer is 200 and what came is kept
            self.whole, error = False, type(broken).__name__
        if not self.whole:
            self._salvage()
            if self._place is None:  # how many lines there are of them, strangers are not to decide
                log.warning("callback_cut_off", error=error, bytes=self.received)

    def _take(self) -> None:
        while self.received < self._limit:
            piece = self._stream.read(min(65_536, self._limit - self.received))
            if not piece:
                return
            kept = piece[: max(0, KEPT_BYTES - len(self.bytes))]
            if len(self.bytes) == self.received and (self._place is None or self._place.take(len(kept))):
                self.bytes += kept  # a beginning: what follows on what was left out is left out too
            self.received += len(piece)

    def _salvage(self) -> None:
        """Take what the server had read before reading failed; nothing more is waited for, and the line will be closed."""
        if self._line is None:
            return
        self._line.hang_up()
        try:
            self._take()
        except Exception as error:  # noqa: BLE001 - the stream is broken already, and there may be nothing to salvage
            log.debug("nothing_to_salvage", error=type(error).__name__)
        framed = self._line.framed
        if not self.received and framed and (self._place is None or self._place.take(len(framed))):
            self.bytes = framed[:KEPT_BYTES]  # not even the first chunk was one
            self.received = len(framed)


def _announced(environ: WSGIEnvironment) -> int | None:
    """What Content-Length says; None where it says nothing."""
    digits = environ.get("CONTENT_LENGTH", "")
    if not digits.isascii() or not digits.isdigit():
        return None
    return int(digits[:4000])  # Python reads no number of more than 4300 digits
