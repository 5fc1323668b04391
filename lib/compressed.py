"""Bodies that were compressed once, whatever their headers say: gzip, of several members, zlib and bare deflate."""

import zlib

from lib import charsets

MOST_BYTES = 16 * 1024 * 1024  # of a body, with all that is compressed within it: else a kilobyte costs hours
MOST_MEMBERS = 1_000  # of what was compressed piece by piece: each takes a look at all that follow
DEEPEST = 3  # times that something is compressed
_GZIP = b"\x1f\x8b"
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")


def begins(body: bytes) -> bool:
    """Whether it begins as what says that it is compressed does."""
    return body.startswith(_GZIP) or body[:2] in _ZLIB


def inflated(body: bytes, most: int = MOST_BYTES) -> bytes:
    """The body as it was before it was compressed, of ``most`` bytes at most; what is not compressed, as it is."""
    found = inflated_as_said(body, most)
    return found if found is not body or charsets.is_utf8(body) else _inflated_bare(body, most)


def inflated_as_said(body: bytes, most: int) -> bytes:
    """The same of what begins as what is compressed does; bare deflate stays as it is."""
    for _ in range(DEEPEST):
        before = body
        if body.startswith(_GZIP):
            body = _of_members(body, 31, most)
        elif body[:2] in _ZLIB:
            body = _of_members(body, 15, most)
        if body is before:
            break
    return body


def _of_members(body: bytes, form: int, most: int) -> bytes:
    """All of them, and what stands behind the last. The body itself where it only began like one."""
    found, rest = bytearray(), body
    try:
        for _ in range(MOST_MEMBERS):
            if most <= len(found):
                break
            stream = zlib.decompressobj(form)
            found += stream.decompress(rest, most - len(found))
            if not stream.eof:
                return bytes(found)
            rest = stream.unused_data
            if not rest.startswith(_GZIP):
                break
    except zlib.error:
        pass
    return bytes(found) + rest if rest is not body else body


def _inflated_bare(body: bytes, most: int) -> bytes:
    """Of the deflate without a head. The body itself where it is not that, from its first byte to its last."""
    stream = zlib.decompressobj(-15)
    try:
        found = stream.decompress(body, most) if most > 0 else b""
    except zlib.error:
        return body
    return found if found and stream.eof and not stream.unused_data else body
