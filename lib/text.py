"""Text that every store can hold."""

import html
import json
import re
from typing import Any, overload

# PostgreSQL stores neither NUL nor lone surrogates; both can be written in JSON. Evidence keeps them, facts do not.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

# What is never seen (Unicode: Default_Ignorable_Code_Point), besides every character of the category Cf: marks of direction,
# joiners, fillers, selectors of a glyph. Copied along with a number or a date out of a page, a PDF or a browser's own clock.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff"
    "\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# In the text of a JSON value: a character that is written as an escape, whole where it takes two; or any other escape.
_ESCAPE = re.compile(r"\\u(?:[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|[0-9a-fA-F]{4})|\\.")
_ZEROS = re.compile(r"(&#[xX]?)0++(?=[0-9a-fA-F])")
_BEYOND = re.compile(r"&#(?:[0-9]{8,}+|[xX][0-9a-fA-F]{7,}+);?")  # all characters that there are


def storable(text: str) -> bool:
    """Whether every store can hold the text as it is."""
    return _UNSTORABLE.search(text) is None


def seen(text: str) -> str:
    """The text without what nobody sees. For figures, times and numbers: in names such characters have a meaning."""
    return text if text.isascii() else _UNSEEN.sub("", text)


def unescaped(text: str) -> str:
    """The text of a page's, ``&quot;`` read. The standard library's own way reads numbers of any length, and Python none of more
    than 4,300 digits."""
    return html.unescape(_BEYOND.sub("\ufffd", _ZEROS.sub(r"\1", text)))


def spelled(text: str) -> str:
    """The text of JSON with characters as they are and not as ``\\u0917``; it means the same. What must be escaped stays so."""
    return _ESCAPE.sub(_spelled, text)


def _spelled(found: re.Match[str]) -> str:
    escape = found[0]
    if escape[1] != "u":
        return escape
    character = str(json.loads(f'"{escape}"'))
    return character if character.isprintable() and character not in '"\\' else escape


def many(count: int, noun: str) -> str:
    """A number of things: ``1 receipt``, ``2,000 receipts``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def visible(text: str) -> str:
    """The text as it may be written to a terminal, in one line: what is not printed stands there as it is written in Python,
    ``\\x1b``. Line breaks, escape codes and marks that turn a line around are somebody else's to choose."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def as_json(value: Any, indent: int | None = None) -> str:
    """JSON with letters as they are; what is not printed is escaped, as a terminal, or a line of a file, needs it."""
    lines = json.dumps(value, ensure_ascii=False, indent=indent).split("\n")
    return "\n".join(line if line.isprintable() else "".join(map(_as_json, line)) for line in lines)


def _as_json(char: str) -> str:
    return char if char.isprintable() else json.dumps(char)[1:-1]


@overload
def clean(value: str) -> str: ...
@overload
def clean(value: str | None) -> str | None: ...
@overload
def clean(value: dict[str, Any]) -> dict[str, Any]: ...
@overload
def clean(value: object) -> object: ...
def clean(value: object) -> object:
    """The same value with U+FFFD where a character cannot be stored; walks dicts and lists."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [clean(item) for item in value]
    return value
