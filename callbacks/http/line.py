"""A connection as our server sees it: how long its sender may take, and what has come of the request at hand."""

import io
import math
import socket
import time
from collections.abc import Iterator
from contextlib import suppress

import gevent
from gunicorn.http.unreader import SocketUnreader

from lib.waiting_room import Seat, WaitingRoom

IDLE_SECONDS = 5.0  # without a byte, within a request
LONGEST_SECONDS = 20.0  # for a request's head, and again for its body: a byte a second never times out by itself
PATIENT_SECONDS = 300.0  # for somebody who reads an export with pauses
KEPT_BYTES = 1024 * 1024  # of a body
SILENCE_SECONDS = 0.5  # after which a sender of broken HTTP is taken to have said all
TURN_SECONDS = 0.01  # for which the event loop may be kept from the other connections
FINISH_SECONDS = 1.0  # for what nobody has read of a body, before the next request of the line...
FINISH_BYTES = 64 * 1024  # ...and so much of it
SMALL_HEAD = 8 * 1024  # bytes of a request's head; of what is more, all lines together hold...
HEADS = WaitingRoom(32 * 1024 * 1024)  # ...so much until they are answered, and of broken chunks
BROKEN = WaitingRoom(16 * 1024 * 1024)  # and so much of what is no HTTP and may be a callback
# Before a request, where they are nobody's: of a body whose sender has ended it with a line end that it has not counted.
LINE_ENDS = b"\r\n"
LINGER_SECONDS = 5.0  # for a sender who is told that the line will close and goes on sending...
LINGER_BYTES = 64 * 1024 * 1024  # ...and so much of what it sends


class Line(SocketUnreader):
    """A connection: what its sender may take time for, and what has come of the request at hand."""

    def __init__(self, sock: socket.socket, keepalive: float):
        super().__init__(sock)
        self._keepalive = keepalive
        self.deadline = math.inf
        self.head: bytearray | None = None  # what has come, while the request's head is being read
        self.framed: bytearray | None = None  # what has come of a body in chunks, chunk sizes and all
        self.ends = False  # with the answer at hand: of this request, nothing more will be read
        self._hung_up = False
        self._place = Seat(HEADS)
        self._before = 0  # bytes of the head, while a body is read

    def close(self) -> None:
        """It is over: there is room for others."""
        self._place.close()

    def expect(self) -> None:
        """A new request may begin: its first byte has the time that idle connections have."""
        self.sock.settimeout(self._keepalive)
        self.deadline = math.inf
        self._place.close()
        self._before = 0
        self.framed = None
        self.put_back(self.buf.getvalue().lstrip(LINE_ENDS))
        if self.head:
            self.hurry()

    def put_back(self, head: bytes) -> None:
        """The request's head, to be read anew."""
        self.head, self.buf = bytearray(head), io.BytesIO()
        self.buf.write(head)

    def begin_body(self, chunked: bool) -> None:
        """The head has been understood; whoever reads a body will hurry. Chunks may turn out not to be any: then
        what has come is all there is."""
        self._before = len(self.head or b"")
        self.head = None
        self.sock.settimeout(PATIENT_SECONDS)
        self.deadline = math.inf
        self.framed = bytearray(self.buf.getvalue()) if chunked else None

    def hurry(self) -> None:
        """From now on silence ends the line, and so does taking too long in all."""
        self.sock.settimeout(IDLE_SECONDS)
        self.deadline = time.monotonic() + LONGEST_SECONDS

    def be_patient(self) -> None:
        """The body is here; whoever reads the answer may take time again."""
        self.sock.settimeout(PATIENT_SECONDS)
        self.deadline = math.inf

    def end(self) -> None:
        """Whoever waits for it, to read or to write, is told that it is over."""
        with suppress(OSError):  # it is over already
            self.sock.shutdown(socket.SHUT_RDWR)

    def chunk(self, size_hint: int | None = None) -> bytes:
        if time.monotonic() > self.deadline:
            raise TimeoutError("the sender took too long")
        data = self._next(size_hint)
        if self.head is not None:
            while not self.head and data and not (data := data.lstrip(LINE_ENDS)):
                self.give_way()
                data = self._next(size_hint)
            if not self.head:
                self.hurry()
            self.head += data
            if not self._has_place(len(self.head)):
                raise TimeoutError("so much of heads is held that this one has no place")
        elif self.framed is not None and len(self.framed) < KEPT_BYTES:
            self.framed += data
            if not self._has_place(self._before + len(self.framed)):
                self.framed = None  # it is of use only where they turn out not to be any
        self.give_way()
        return data

    def _has_place(self, size: int) -> bool:
        more = size - SMALL_HEAD - self._place.size
        return more <= 0 or self._place.take(more)

    def give_way(self) -> None:
        """Let the other connections be served, if this round of the event loop has been long. gevent does not do so by
        itself while there is something to read, and a fast sender always has something."""
        loop = gevent.get_hub().loop
        if time.time() - loop.now() > TURN_SECONDS:
            # Not 0: the loop would come back to us up to fifty times before it looks at any other socket.
            gevent.sleep(0.001)

    def hang_up(self) -> None:
        """Whoever reads finds what has come, and then the end; it can still be written to."""
        self.ends = self._hung_up = True
        self.deadline = math.inf

    def rest(self, kept: int, read: int) -> bytes:
        """What the sender says until it falls silent: about so many bytes of it ``kept``, so many ``read`` at most."""
        said = bytearray()
        for piece in self._pieces(read, LONGEST_SECONDS):
            said += piece if len(said) < kept else b""
        return bytes(said)

    def linger(self) -> None:
        """To be called before a line is closed whose sender may still be sending. Closing it with anything unread would reset
        the connection, and a sender that has not read its 200 by then might never see it."""
        try:
            self.sock.shutdown(socket.SHUT_WR)  # the sender need not wait for more than that answer
        except OSError:  # it has gone
            return
        for _ in self._pieces(LINGER_BYTES, LINGER_SECONDS):
            continue

    def _next(self, size_hint: int | None) -> bytes:
        return self._there(size_hint) if self._hung_up else self._waited_for(size_hint)

    def _waited_for(self, size_hint: int | None) -> bytes:
        try:
            return super().chunk(size_hint)
        except TimeoutError:
            # Where the machine has stood still time is over at once, whatever has come meanwhile.
            if data := self._there(size_hint):
                return data
            raise

    def _there(self, size_hint: int | None) -> bytes:
        """What has come already; nothing is waited for."""
        patience = self.sock.gettimeout()
        self.sock.settimeout(0)
        try:
            return super().chunk(size_hint)
        except OSError:  # nothing there
            return b""
        finally:
            self.sock.settimeout(patience)

    def _pieces(self, read: int, seconds: float) -> Iterator[bytes]:
        """What comes until the sender is silent or gone: so many bytes, and for so long, at most."""
        size, end = 0, time.monotonic() + seconds
        self.sock.settimeout(SILENCE_SECONDS)
        try:
            while size < read and time.monotonic() < end and (piece := self.sock.recv(65_536)):
                size += len(piece)
                yield piece
                self.give_way()
        except OSError:
            return
