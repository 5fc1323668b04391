"""Bodies of receipts for the eye: JSON indented, other text as it is, anything else in hexadecimal.

Nothing is read and written again: only blanks between JSON's own marks are moved, so that a key which stands there twice
is seen twice and a number keeps its digits. What comes out is text; the template escapes it.
"""

import re
from dataclasses import dataclass

from dialers.base import Unreadable
from dialers.bodies.inflating import inflated
from lib import charsets, rawjson
from models import Receipt

EXCERPT = 4_000
PAGE = 100_000
_HEX_BYTES = 1_024

_MARK = re.compile(r'"(?:\\.|[^"\\])*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
# Marks that turn the direction of writing: with them, text can look like other text.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")


@dataclass(frozen=True)
class Shown:
    """``form`` says what was found: empty, JSON, text or bytes. ``cut``: there is more than is shown."""

    form: str
    text: str
    cut: bool = False


def of_receipt(receipt: Receipt, most: int) -> Shown:
    """The receipt's body, inflated and in the character set that its headers name, as it was read."""
    headers = receipt.headers or {}
    try:
        body, _ = inflated(receipt.body, headers.get("content-encoding"))
    except Unreadable:
        body = receipt.body
    return shown(body, most, headers.get("content-type"))


def shown(body: bytes, most: int, content_type: str | None = None) -> Shown:
    """The body, at most so many characters of it."""
    if not body:
        return Shown("empty", "")
    form, text = _read(body, content_type)
    if text is None:
        return Shown("bytes", _hex(body[:_HEX_BYTES]), len(body) > _HEX_BYTES)
    return Shown(form, visible(text[:most]), len(text) > most)


def _read(body: bytes, content_type: str | None) -> tuple[str, str | None]:
    text, slips = charsets.text(body, content_type)
    if "replaced_characters" in slips:
        return "bytes", None
    try:
        rawjson.loads(text)
        return "JSON", indented(text)
    except rawjson.NotJson:
        return "text", text


def indented(text: str) -> str:
    """JSON with one member per line. The text must be JSON."""
    parts, depth, before = [], 0, ""
    for mark in _MARK.findall(text):
        if mark in "}]":
            depth -= 1
            parts.append(mark if before in ("{", "[") else "\n" + "  " * depth + mark)
        else:
            if before in ("{", "[", ","):
                parts.append("\n" + "  " * depth)
            parts.append(": " if mark == ":" else mark)
            depth += mark in "{["
        before = mark
    return "".join(parts)


def visible(text: str) -> str:
    """The text with a sign in the place of what cannot be seen and of what makes other text look different."""
    text = _CONTROL.sub(lambda found: chr(0x2400 + ord(found[0])) if found[0] != "\x7f" else "␡", text)
    return _TURNING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _hex(body: bytes) -> str:
    lines = []
    for at in range(0, len(body), 16):
        piece = body[at : at + 16]
        letters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
        lines.append(f"{at:08x}  {piece.hex(' '):<47}  {letters}")
    return "\n".join(lines)
