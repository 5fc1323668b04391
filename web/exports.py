"""Exports over HTTP: streamed, and so few at a time that they leave the database to everybody else."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC
from threading import BoundedSemaphore
from typing import Any

from flask import Response, request

from lib import clock
from models.database import AnyRow, Database
from queries import exports
from web import idle
from web.errors import ApiError
from web.turns import EXPORTS

# format -> content type, the first bytes, and how rows are written
Write = Callable[[Sequence[AnyRow]], bytes]
FORMATS: Mapping[str, tuple[str, Callable[[], bytes], Write]] = {
    "csv": ("text/csv; charset=utf-8; header=present", exports.csv_head, exports.csv_lines),
    "ndjson": ("application/x-ndjson", lambda: b"", exports.ndjson),
}

# Each holds a thread and a connection of the pool for as long as its reader takes, unless that one is silent (``web.idle``).
_AT_ONCE = 4
_turns = BoundedSemaphore(_AT_ONCE)


def streamed(database: Database, filters: Mapping[str, Any], form: str) -> Response:
    """The response. Its first rows are read before it begins, so that a database that is down is still told as an error;
    one that fails later breaks the connection off, and the file is seen to be cut."""
    if request.environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
        # Without chunks, a file that breaks off cannot be told from one that ends.
        raise ApiError(505, "http_1_1_needed", "Exports need HTTP/1.1; in nginx: proxy_http_version 1.1.")
    if not _turns.acquire(blocking=False):
        sentence = f"{_AT_ONCE} exports are running in this process; try again in a minute."
        raise ApiError(429, "too_many_exports", sentence, headers={"Retry-After": "60"})
    content_type, head, write = FORMATS[form]
    body = _Body(exports.pieces(database, filters), head(), write)
    name = f"outcomes-{clock.now().astimezone(UTC):%Y%m%dT%H%M%SZ}.{form}"
    response = Response(body, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


class _Body:
    """The bytes of an export, in pieces that a slow line takes in time. Gives its turn back at the end, or when the server
    closes it before."""

    def __init__(self, pieces: exports.Pieces, head: bytes, write: Write):
        self._pieces = pieces
        self._write = write
        self._open = True
        try:
            self._ready = deque(idle.pieces(head + write(self._rows())) or [b""])
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            if not self._ready and (rows := self._rows()):
                self._ready.extend(idle.pieces(self._write(rows)))
            if self._ready:
                return self._ready.popleft()
        except BaseException:
            self.close()
            raise
        self.close()
        raise StopIteration

    def _rows(self) -> Sequence[AnyRow]:
        """The next piece; empty after the last."""
        with EXPORTS.turn():
            return next(self._pieces, ())

    def close(self) -> None:
        if self._open:
            self._open = False
            self._pieces.close()
            _turns.release()
