"""The reader's answers on their way to callers, who may read as slowly as they like and cost the reader nothing: what is not
large is taken at once, and held here.

What is held has a bound. Who has read nothing for the longest time makes room: a stranger who asks and never reads.
"""

import http.client
import time
from collections import OrderedDict
from collections.abc import Iterator

from callbacks.http.line import PATIENT_SECONDS, Line

LARGEST_HELD = 4 * 1024 * 1024  # of one answer; an export has no length, and streams
PIECE = 64 * 1024
PACE = 16 * 1024  # bytes a second that a caller reads, once PATIENT_SECONDS of pauses are over


class Holding:
    """The answers that a receiver holds: ``most`` bytes."""

    def __init__(self, most: int = 32 * 1024 * 1024):
        self._most = most
        self._bytes = 0
        self._held: OrderedDict[HeldAnswer, int] = OrderedDict()  # who has read something last is last

    def add(self, held: "HeldAnswer", size: int) -> None:
        self._held[held] = size
        self._bytes += size
        while self._bytes > self._most and len(self._held) > 1:
            slowest = next(iter(self._held))
            self.remove(slowest)
            slowest.line.end()

    def goes_on(self, held: "HeldAnswer") -> None:
        if held in self._held:
            self._held.move_to_end(held)

    def remove(self, held: "HeldAnswer") -> None:
        self._bytes -= self._held.pop(held, 0)


class HeldAnswer:
    """An answer's body that is here as a whole."""

    def __init__(self, holding: Holding, line: Line, body: bytes):
        self.line = line
        self._body = memoryview(body)
        self._holding = holding
        holding.add(self, len(body))

    def __iter__(self) -> Iterator[bytes]:
        return paced(self._pieces())

    def _pieces(self) -> Iterator[bytes]:
        for at in range(0, len(self._body), PIECE):
            self._holding.goes_on(self)
            yield bytes(self._body[at : at + PIECE])

    def close(self) -> None:
        self._holding.remove(self)


class Streamed:
    """An answer's body as it comes. When it breaks off, so does ours: a cut export must not look whole."""

    def __init__(self, reader: http.client.HTTPConnection, answer: http.client.HTTPResponse):
        self._reader = reader
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return paced(self._pieces())

    def _pieces(self) -> Iterator[bytes]:
        while piece := self._answer.read1(PIECE):
            yield piece
        if self._answer.length:  # read1 does not say that the end came too early
            raise ConnectionError("the reader broke off")

    def close(self) -> None:
        self._reader.close()


def paced(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces, for as long as whoever takes them keeps a pace: each of them may be waited for, all of them not for ever.
    The time that it takes to make them does not count."""
    waited = taken = 0.0
    for piece in pieces:
        asked = time.monotonic()
        yield piece
        waited, taken = waited + time.monotonic() - asked, taken + len(piece)
        if waited > PATIENT_SECONDS + taken / PACE:
            raise ConnectionError("the caller reads too slowly")
