"""Compressed bodies, inflated: never further than a body may be large."""

import re
import zlib

from dialers.base import Unreadable
from dialers.bodies import forms
from lib import charsets

LARGEST = 1024 * 1024  # of what is kept of a body, and of what one is inflated to
MOST_MEMBERS = 1_000  # of a body that was compressed piece by piece: each takes a look at all that follow
BLANKS = " \t\r\n\x00\ufeff"
_GZIP = b"\x1f\x8b"  # no text begins so, nor with the next ones
_ZLIB = (b"\x78\x01", b"\x78\x9c", b"\x78\xda")
_ZLIB_OR_TEXT = b"\x78\x5e"


def inflated(body: bytes, encoding: str | None) -> tuple[bytes, set[str]]:
    """(the body without its compression, what was passed over). Raises Unreadable for a compression that is not read, for
    what breaks off, and for what becomes larger than a body may be: nothing is inflated further than that."""
    names = [name for name in re.split(r"[\s,]+", (encoding or "").casefold()) if name not in ("", "identity")]
    slips: set[str] = set()
    for _ in range(3):  # compressed twice has been seen of proxies
        if body.startswith(_GZIP):
            body = _inflate(body, 31)
            slips.add("gzip")
        elif body[:2] in _ZLIB or (body[:2] == _ZLIB_OR_TEXT and "deflate" in names):
            body = _inflate(body, 15)
            slips.add("deflate")
        else:
            break
    if not names or slips or not body.strip():
        return body, slips
    if _looks_plain(body):
        return body, {"wrong_content_encoding"}
    if names[-1] == "deflate":  # the other deflate, without a head
        return _inflate(body, -15), {"deflate"}
    raise Unreadable("unknown_encoding", "The body is compressed in a way that is not read; gzip and deflate are.")


def _looks_plain(body: bytes) -> bool:
    """Whether the body is not compressed, whatever its header says: a proxy on the way may have seen to it."""
    text = charsets.text(body)[0].strip(BLANKS)
    return text[:1] in ("{", "[", '"') or text[:2] == "--" or forms.is_form(text, None)


def inflated_size(body: bytes, encoding: str | None) -> int:
    """How many bytes it has without its compression, as far as it can be read."""
    try:
        return len(inflated(body, encoding)[0])
    except Unreadable:
        return len(body)


def _inflate(body: bytes, form: int) -> bytes:
    found = bytearray()
    try:
        for _ in range(MOST_MEMBERS):
            stream = zlib.decompressobj(form)
            found += stream.decompress(body, LARGEST + 1 - len(found))
            if len(found) > LARGEST:
                detail = "The body is kept as it came, compressed; inflated it is larger than 1 MiB, and was not read."
                raise Unreadable("inflates_too_far", detail)
            if not stream.eof:
                raise Unreadable("unparseable", "The body is compressed, and breaks off.")
            body = stream.unused_data
            if form != 31 or not body.startswith(_GZIP):
                return bytes(found)
        raise Unreadable(
            "unparseable", f"The body is compressed in more than {MOST_MEMBERS:,} pieces, and was not read."
        )
    except zlib.error:
        raise Unreadable("unparseable", "The body says that it is compressed, but cannot be inflated.") from None
