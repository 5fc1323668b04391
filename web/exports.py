"""Exports over HTTP: streamed, and so few at a time that they leave the database to everybody else."""

from collections import deque
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC
from threading import BoundedSemaphore
from typing import Any, BinaryIO

from flask import Response, request

from lib import clock
from models.database import Database
from queries.exports import making, reading, source
from queries.exports.choice import Choice
from queries.exports.formats import FOR_SPREADSHEETS, FORMATS
from queries.sources import MIRROR, Sources
from web import idle
from web.context import context
from web.errors import ApiError
from web.turns import EXPORTS

# Each holds a thread and a connection of the pool for as long as its reader takes, unless that one is silent (``web.idle``).
_AT_ONCE = 4
_turns = BoundedSemaphore(_AT_ONCE)


def asked(filters: Mapping[str, Any]) -> Database:
    """Whom an export is asked of. The mirror is laid over by what has changed since, which a copy need not have."""
    own = context()
    return own.database if own.sources.has_mirror(filters) else own.reading()


def streamed(database: Database, sources: Sources, filters: Mapping[str, Any], form: str, choice: Choice) -> Response:
    """The response. Its first rows are read, or its file is made, before it begins, so that what goes wrong is still told as an
    error; what fails later breaks the connection off, and the file is seen to be cut."""
    wanted = (FOR_SPREADSHEETS if choice.spreadsheet else FORMATS)[form]
    if wanted.program is None and request.environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
        # Without chunks, a file that breaks off cannot be told from one that ends.
        raise ApiError(505, "http_1_1_needed", "Exports need HTTP/1.1; in nginx: proxy_http_version 1.1.")
    if not _turns.acquire(blocking=False):
        sentence = f"{_AT_ONCE} exports are running in this process; try again in a minute."
        raise ApiError(429, "too_many_exports", sentence, headers={"Retry-After": "60"})
    size = None
    try:
        file = None
        if form == "parquet":
            with _room():
                file, giver = source.parquet(database, sources, filters, choice), MIRROR
        if file is None:
            found, giver = source.pieces(database, sources, filters, choice, wanted.written)
            rows = _in_turns(found)
            if wanted.program is None:
                body = _Body(wanted.table(rows, choice))
            else:
                with _room(), closing(rows):
                    file = making.made(wanted.program, choice.order(), rows)
        if file is not None:
            size = file.seek(0, 2)
            body = _Body(_file(file))
    except BaseException:
        _turns.release()
        raise
    response = Response(body, content_type=wanted.content_type)
    if size is not None:
        response.content_length = size
    name = f"outcomes-{clock.now().astimezone(UTC):%Y%m%dT%H%M%SZ}.{form}"
    response.headers["Wrapup-Source"] = giver
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _in_turns(pieces: reading.Pieces) -> reading.Pieces:
    with closing(pieces):
        while True:
            with EXPORTS.turn():
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except making.NoRoom as error:
        raise ApiError(503, "no_room", str(error)) from error


def _file(file: BinaryIO) -> Generator[bytes, None, None]:
    with file:
        file.seek(0)
        while piece := file.read(idle.PIECE):
            yield piece


class _Body:
    """The bytes of an export, in pieces that a slow line takes in time. Gives its turn back at the end, or when the server
    closes it before."""

    def __init__(self, pieces: Generator[bytes, None, None]):
        self._pieces = pieces
        self._open = True
        try:
            self._ready = deque(idle.pieces(next(pieces, b"")) or [b""])
        except BaseException:
            pieces.close()
            raise

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            if not self._ready:
                self._ready.extend(idle.pieces(next(self._pieces, b"")))
            if self._ready:
                return self._ready.popleft()
        except BaseException:
            self.close()
            raise
        self.close()
        raise StopIteration

    def close(self) -> None:
        if self._open:
            self._open = False
            self._pieces.close()
            _turns.release()
