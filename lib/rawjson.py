"""JSON read without losing what was written: repeated keys, exact numbers, the bytes of each record.

The dialers' own samples repeat keys inside one object, and a parser that keeps the last one loses a milestone or a
total. So objects are read as ``Members``: a dict of the last readings that remembers all of them.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sized
from typing import Any

import orjson

from lib import text as texts

MOST_READINGS = 10  # of one key that are remembered as a conflict
DEEPEST = 100  # levels; what reads a value later may walk it with a frame or two per level


# Small values take many times the memory of their text: 4 MiB of "{}," are 700 MiB of objects. So how many there may be is
# bounded, in what is read as a whole (``loads``) and in what is cut into records (``page``): objects and lists, and commas.
MOST_READ = (50_000, 300_000)
MOST_ON_A_PAGE = (250_000, 1_000_000)
MOST_RECORDS = 100_000  # of a page, and members of an object that is cut


class NotJson(ValueError):
    """The text is not JSON that can be read."""


class TooMuch(NotJson):
    """It holds more than is read."""


class Members(dict[str, Any]):
    """A JSON object. As a dict it holds the last value of each key; ``pairs`` holds every (key, value) in order."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: list[tuple[str, object]]):
        super().__init__(pairs)
        self.pairs = pairs

    def all(self, key: str) -> list[object]:
        """Every value written under the key, in order."""
        return [value for name, value in self.pairs if name == key]

    def conflicts(self) -> dict[str, list[object]]:
        """Keys that were written more than once with different values, and those values."""
        if len(self.pairs) == len(self):
            return {}
        seen: dict[str, list[object]] = {}
        for name, value in self.pairs:
            values = seen.setdefault(name, [])
            if len(values) < MOST_READINGS and value not in values:
                values.append(value)
        return {name: values for name, values in seen.items() if len(values) > 1}


def integer(literal: str) -> int | str:
    """A whole number; its digits where there are more than any field of any dialer has."""
    # int() refuses more than 4,300 digits, and no field of any dialer has more than 20.
    return int(literal) if len(literal) <= 30 else literal


# Fractions stay as they were written: money and telephone numbers never pass through a float.
# NaN and Infinity are not JSON; a dialer that writes them means that it does not know.
_DECODER = json.JSONDecoder(
    object_pairs_hook=Members, parse_float=str, parse_int=integer, parse_constant=lambda name: None
)

# Where a value ends needs no reading of it, so nothing is kept of objects and numbers but a small number; hooks in Python
# would be several times slower. A line break inside of a text must not hide a thousand other records: whether each can be
# read is judged later.
_SCANNER = json.JSONDecoder(object_pairs_hook=len, parse_float=len, parse_int=len, strict=False)
# One that is not closed goes to the end: linear.
_TEXT = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_NOTHING = re.compile(r"\s*+")
_BLANKS = re.compile(r"[ \t\r\n]*+")


def decode(body: bytes) -> str:
    """The text of a body: UTF-8, 16 or 32, with or without a byte order mark. Raises NotJson."""
    try:
        return body.decode(json.detect_encoding(body)).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise NotJson(f"not {error.encoding} text at byte {error.start}") from None


def loads(body: bytes | str) -> object:
    """The value, with objects as ``Members`` and strings that every store can hold. Raises NotJson with the place."""
    text = decode(body) if isinstance(body, bytes) else body
    weigh(text, MOST_READ)
    try:
        value = _DECODER.decode(text)
        if text.count("[") + text.count("{") > DEEPEST and _too_deep(value):
            raise NotJson("nested too deeply")
        # Decoded bytes hold nothing that cannot be stored: it comes out of an escape, or was in a text from elsewhere.
        return cleaned(value) if "\\u" in text or (text is body and not texts.storable(text)) else value
    except json.JSONDecodeError as error:
        raise NotJson(f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise NotJson("nested too deeply") from None


def plain(body: bytes) -> object:
    """The value as dicts, lists, texts and numbers: the last of what is repeated under one key, fractions as floats. For answers
    of which nothing is kept as it was written; several times as quick as ``loads``. Raises NotJson with the place."""
    text = decode(body)
    weigh(text, MOST_READ)
    if "\\u" not in text:  # what cannot be stored comes out of an escape
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:  # also where it is what other writers take for JSON
            pass
    return loads(text)


def weigh(text: str, most: tuple[int, int] = MOST_READ) -> None:
    """Raises TooMuch where the text holds more objects and lists, or commas, than so many."""
    if len(text) <= min(most):
        return
    if not _too_many(text, most) or not _too_many(_TEXT.sub("", text), most):  # those in texts do not count
        return
    raise TooMuch(f"more than {most[0]:,} objects and lists, or {most[1]:,} values")


def _too_many(text: str, most: tuple[int, int]) -> bool:
    return text.count("{") + text.count("[") > most[0] or text.count(",") > most[1]


def _too_deep(value: object) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [item for one in level for item in _inside(one) if type(item) is Members or type(item) is list]
        if not level:
            return False
    return True


def _inside(value: object) -> Iterable[object]:
    return [item for _, item in value.pairs] if isinstance(value, Members) else value if isinstance(value, list) else ()


def cleaned(value: object) -> object:
    """Strings without what cannot be stored; ``Members`` stay ``Members``."""
    if isinstance(value, Members):
        return Members([(texts.clean(key), cleaned(item)) for key, item in value.pairs])
    if isinstance(value, list):
        return [cleaned(item) for item in value]
    return texts.clean(value)


def page(body: bytes) -> tuple[str, str]:
    """(the text of an answer with many records, the encoding that gives a record's bytes back). One name in a wrong encoding
    must not hide a thousand other records: then every byte is a character, and whether a record can be read is judged later.
    Raises TooMuch."""
    try:
        text, encoding = decode(body), "utf-8"
    except NotJson:
        text, encoding = body.decode("latin-1"), "latin-1"
    weigh(text, MOST_ON_A_PAGE)
    return text.rstrip("\x00 \t\r\n"), encoding


def nothing_after(text: str, last: int, brackets: str) -> None:
    """Raises NotJson where something stands between the end of the last part and the end of the text but a bracket, and
    before it a comma with nothing behind it."""
    at = _blank(text, last)
    if last and text[at : at + 1] == ",":
        at = _blank(text, at + 1)
    for bracket in brackets[1] if last else brackets:
        if text[at : at + 1] != bracket:
            raise NotJson(f"more than one value, from character {last}")
        at = _blank(text, at + 1)
    if at < len(text):
        raise NotJson(f"more than one value, from character {last}")


def members(text: str, start: int = 0) -> list[tuple[str, int, int]]:
    """The members of the object at ``start`` as (key, where its value begins, where it ends). Raises NotJson, TooMuch."""
    found: list[tuple[str, int, int]] = []
    for key_start, key_end in _parts(text, start, "{", "}"):
        key = _value(text, key_start)[0]
        colon = _skip(text, key_end)
        if not isinstance(key, str) or text[colon : colon + 1] != ":":
            raise NotJson(f"expected a member at character {key_start}")
        begin = _skip(text, colon + 1)
        found.append((texts.clean(key), begin, _value(text, begin)[1]))
        _few(found, "members")
    return found


def elements(text: str, start: int = 0) -> list[tuple[int, int]]:
    """The elements of the array at ``start`` as (where it begins, where it ends). Raises NotJson, TooMuch."""
    found: list[tuple[int, int]] = []
    for span in _parts(text, start, "[", "]"):
        found.append(span)
        _few(found, "records")
    return found


def _few(found: Sized, what: str) -> None:
    if len(found) > MOST_RECORDS:
        raise TooMuch(f"more than {MOST_RECORDS:,} {what}")


def _parts(text: str, start: int, opening: str, closing: str) -> Iterator[tuple[int, int]]:
    at = _skip(text, start)
    if text[at : at + 1] != opening:
        raise NotJson(f"expected {opening} at character {at}")
    at = _skip(text, at + 1)
    if text[at : at + 1] == closing:
        return
    while True:
        _, end = _value(text, at)
        yield at, end
        at = _skip(text, end)
        if opening == "{":
            at = _skip(text, _value(text, _skip(text, at + 1))[1])
        if text[at : at + 1] == closing:
            return
        if text[at : at + 1] != ",":
            raise NotJson(f"expected , or {closing} at character {at}")
        at = _skip(text, at + 1)
        if text[at : at + 1] == closing:
            return  # a comma with nothing behind it


def _value(text: str, at: int) -> tuple[object, int]:
    try:
        return _SCANNER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise NotJson(f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise NotJson("nested too deeply") from None


def _blank(text: str, at: int) -> int:
    found = _NOTHING.match(text, at)
    return found.end() if found else at


def _skip(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    return found.end() if found else at
