"""The receiving side as fuzz targets: a body read from any WSGI input, a callback of any path, method and headers."""

import io

from callbacks.draft import Draft
from callbacks.http.body import Body
from callbacks.http.line import KEPT_BYTES
from callbacks.ladder.tickets import Ticket
from callbacks.receiver import HEADERS, PROBES, Receiver
from callbacks.strangers import Strangers
from dialers.base import Connection
from dialers.registry import DIALERS
from models import Receipt
from models.receipts import RECEIVED_ANSWER
from tests.fuzz import storable

TOKEN = "s3cret-token"
CONNECTIONS = {
    f"{dialer.name}-main": Connection(f"{dialer.name}-main", dialer.name, callback_tokens=(TOKEN,))
    for dialer in DIALERS.values()
}


class Line(io.RawIOBase):
    """A server's input: gives the bytes in pieces as large as it likes, and may break at the end."""

    def __init__(self, data: bytes, piece: int, breaks: bool):
        self._data = data
        self._piece = piece
        self._breaks = breaks

    def read(self, size: int = -1) -> bytes:
        if not self._data and self._breaks:
            raise OSError("the line broke")
        size = min(self._piece, len(self._data) if size < 0 else size)
        given, self._data = self._data[:size], self._data[size:]
        return given


def environ(head: str, data: bytes) -> dict:
    """The request that a first line describes: method, path, query, length, piece, flags, then ``name: value`` headers."""
    method, path, query, length, piece, flags, *headers = [*head.split("\t"), "", "", "", "", "", ""]
    found = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "wsgi.input": Line(
            data, int(piece[:9]) or 100 if piece[:9].isascii() and piece[:9].isdigit() else 100, "b" in flags
        ),
    }
    if length:
        found["CONTENT_LENGTH"] = length
    if "t" in flags:
        found["wsgi.input_terminated"] = True
    for header in headers:
        name, colon, value = header.partition(":")
        if colon:
            name = name.upper().replace("-", "_")
            found[name if name == "CONTENT_TYPE" else f"HTTP_{name}"] = value.strip()
    return found


def body(data: bytes) -> None:
    """A body is read to its end or as far as it goes; never more of it is kept than the limit, never more than came."""
    head, _, sent = data.partition(b"\n")
    asked = environ(head.decode("latin-1"), sent)
    found = Body(asked)
    assert bytes(found.bytes) == sent[: min(found.received, KEPT_BYTES)]
    assert found.received <= len(sent)
    assert found.size >= len(found.bytes)
    length = asked.get("CONTENT_LENGTH", "")
    if length.isascii() and length.isdigit() and int(length[:4000]) <= len(sent):
        assert found.whole and found.size == found.received == int(length)


class Kept:
    """An inbox that holds what it is given."""

    def __init__(self):
        self.drafts: list[Draft] = []
        self.strangers = Strangers(10, 1000)

    def put(self, ticket: Ticket) -> None:
        self.drafts.append(ticket.draft)


def receiver(data: bytes) -> None:
    """Whatever is asked for: one answer, and below /callbacks one draft whose every column can be stored."""
    head, _, sent = data.partition(b"\n")
    asked = environ(head.decode("latin-1"), sent)
    segments = [part for part in asked["PATH_INFO"].split("/") if part]
    if segments in PROBES:
        return
    said = []
    kept = Kept()
    elsewhere = []
    app = Receiver(lambda environ, start: elsewhere.append(environ) or [], kept, CONNECTIONS, "key")
    answer = b"".join(app(asked, lambda status, headers: said.append((status, headers))))
    if elsewhere:
        assert segments[:1] != ["callbacks"]
        assert not kept.drafts and not said
        return
    assert said == [("200 OK", HEADERS)]
    assert answer == (b"" if asked["REQUEST_METHOD"] == "HEAD" else RECEIVED_ANSWER)
    (draft,) = kept.drafts
    row = draft.row()
    for name, value in row.items():
        if name not in ("body", "truncated", "stranger", "id"):
            storable.column(Receipt, name, value)
    assert len(row["connection"].encode()) + len(row["kind"].encode()) <= storable.LONGEST_INDEXED
    assert sent.startswith(row["body"])
    assert Draft.from_line(draft.line()).row() == row, "the spool gives back another receipt"
    assert TOKEN not in row["kind"] or TOKEN in "/".join(segments[3:]), "the token has become a part of the kind"
