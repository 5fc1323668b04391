"""A connection as our server sees it: how long its sender may take, and what he has sent of the request at hand."""

import math
import socket
import time

from gunicorn.http.unreader import SocketUnreader

IDLE_SECONDS = 5.0  # without a byte, within a request
LONGEST_SECONDS = 20.0  # for a request's head, and again for its body: a byte a second never times out by itself
PATIENT_SECONDS = 300.0  # for everything but callbacks: an upload, or somebody who reads an export with pauses
KEPT_BYTES = 1024 * 1024  # of a body
SILENCE_SECONDS = 0.5  # after which a sender of broken HTTP is taken to have said all


class Line(SocketUnreader):
    """A connection: what its sender may take his time for, and what he has sent of the request at hand."""

    def __init__(self, sock, keepalive: float):
        super().__init__(sock)
        self._keepalive = keepalive
        self.deadline = math.inf
        self.head: bytearray | None = None  # what has come, while the request's head is being read
        self.framed: bytearray | None = None  # what has come of a body in chunks, chunk sizes and all

    def expect(self) -> None:
        """A new request may begin: its first byte has the time that idle connections have."""
        self.sock.settimeout(self._keepalive)
        self.deadline = math.inf
        self.head, self.framed = bytearray(self.buf.getvalue()), None
        if self.head:
            self.hurry()

    def begin_body(self, chunked: bool) -> None:
        """The head has been understood; whoever reads a callback's body will hurry. Chunks may turn out not to be any: then
        what has come is all there is."""
        self.head = None
        self.sock.settimeout(PATIENT_SECONDS)
        self.deadline = math.inf
        self.framed = bytearray(self.buf.getvalue()) if chunked else None

    def hurry(self) -> None:
        """From now on silence ends the line, and so does taking too long in all."""
        self.sock.settimeout(IDLE_SECONDS)
        self.deadline = time.monotonic() + LONGEST_SECONDS

    def chunk(self, size_hint=None) -> bytes:
        if time.monotonic() > self.deadline:
            raise TimeoutError("the sender took too long")
        data = super().chunk(size_hint)
        if self.head is not None:
            if not self.head:
                self.hurry()
            self.head += data
        elif self.framed is not None and len(self.framed) < KEPT_BYTES:
            self.framed += data
        return data

    def hang_up(self) -> None:
        """Whoever reads finds what has come, and then the end; it can still be written to."""
        self.deadline = math.inf
        try:
            self.sock.shutdown(socket.SHUT_RD)
        except OSError:  # it is closed already
            return

    def rest(self, kept: int, read: int) -> bytes:
        """What the sender says until he falls silent: about so many bytes of it ``kept``, so many ``read`` at most."""
        said, size, end = bytearray(), 0, time.monotonic() + LONGEST_SECONDS
        self.sock.settimeout(SILENCE_SECONDS)
        try:
            while size < read and time.monotonic() < end and (piece := self.sock.recv(65_536)):
                size += len(piece)
                said += piece if len(said) < kept else b""
        except OSError:  # silent, or gone
            return bytes(said)
        return bytes(said)
