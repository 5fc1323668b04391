"""Finding a number in whatever text it stands, however it is spelled, and taking it out of there.

National and international, with and without signs, zeros and separators, as a number of JSON, with JSON's or a URL's escapes;
in a body also within base64, and where the body is compressed.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Iterator
from typing import Any

import phonenumbers

from lib import phone_plans

ERASED = "erased"  # what stands in its place
MOST_INFLATED = 16 * 1024 * 1024  # bytes
_BETWEEN = (
    r"(?:[ \t().\-/_+\u00a0\u2000-\u2015\u202f\u2060\ufeff]|%20|%28|%29|%2[BbDdEeFf]"
    r"|\\u00[aA]0|\\u20[0-9a-fA-F]{2}|\\/|\\t|&nbsp;){0,4}"
)
# Digits of an escape are none of the number's.
_BEFORE = r"(?:(?<![0-9])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u[0-9A-Fa-f]{4}))"
_RUN = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_LONG = 64  # of a run that is always looked into; a shorter one where it may hold three digits in a row
_DIGITS = re.compile(r"[MNO][DTjz][AEIMQUYcgk][w-z0-5]")
_BARE = re.compile(r"[:\[,]\s*\Z")  # before a number of JSON
_END = re.compile(r"(?:\.0*)?\s*[,}\]]")  # and behind it
_COMPRESSED = (b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")


class Spellings:
    """Of one number, in E.164."""

    def __init__(self, number: str):
        parsed = phonenumbers.parse(number)
        self.number = number
        code, national = str(parsed.country_code), phonenumbers.national_significant_number(parsed)
        trunk = "".join({"0", phone_plans.known(code).trunk[:1]} - {""})
        behind = rf"(?:0{{1,3}}{_BETWEEN})?{_spaced(code)}{_BETWEEN}(?:[{trunk}]{_BETWEEN})?"
        self._core = re.compile(_spaced(national), re.ASCII)  # a tenth of the time, and nearly always enough
        self._pattern = re.compile(
            rf"{_BEFORE}[+]?(?:{behind}|[{trunk}]{_BETWEEN})?{_spaced(national)}(?![0-9])", re.ASCII
        )

    def within(self, text: str) -> bool:
        """Whether the number stands in the text."""
        return self._core.search(text) is not None and self._pattern.search(text) is not None

    def within_value(self, value: Any) -> bool:
        """Whether it stands in a value of JSON, at any depth."""
        if isinstance(value, str):
            return self.within(value)
        if isinstance(value, dict):
            return any(self.within(str(name)) or self.within_value(one) for name, one in value.items())
        if isinstance(value, list | tuple):
            return any(self.within_value(one) for one in value)
        return isinstance(value, int | float) and not isinstance(value, bool) and self.within(str(value))

    def within_bytes(self, body: bytes) -> bool:
        """Whether it stands in a body: also within base64, and where the body is compressed."""
        return any(self.within(text) for text in texts(body))

    def blotted(self, text: str) -> str:
        """The text without it."""
        return self._pattern.sub(ERASED, text)

    def blotted_value(self, value: Any) -> Any:
        """The value of JSON without it; a number that is it is null."""
        if isinstance(value, str):
            return self.blotted(value)
        if isinstance(value, dict):
            return {self.blotted(name): self.blotted_value(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.blotted_value(one) for one in value]
        return None if self.within_value(value) else value

    def blotted_bytes(self, body: bytes) -> bytes:
        """The body without it, not compressed any more."""

        def again(found: re.Match[str]) -> str:
            inner = _inner(found[0])
            if not inner or not self.within(inner):
                return found[0]
            return base64.b64encode(_bytes(self.blotted(inner))).decode()

        text = _RUN.sub(again, opened(body))
        return _bytes(self._pattern.sub(lambda found: _in_place(found, text), text))


def of(number: str | None) -> Spellings | None:
    """The spellings of a number in E.164; None of what is none."""
    try:
        return Spellings(number) if number else None
    except phonenumbers.NumberParseException:
        return None


def opened(body: bytes) -> str:
    """The body as text, whatever its bytes; what is compressed, as it was before."""
    if body[:2] in _COMPRESSED:
        try:
            body = zlib.decompressobj(47).decompress(body, MOST_INFLATED)
        except zlib.error:
            pass  # it only began like that
    return body.decode("utf-8", "surrogateescape")


def texts(body: bytes) -> Iterator[str]:
    """The body as text, and what stands in it as base64."""
    text = opened(body)
    yield text
    yield from filter(None, map(_inner, _RUN.findall(text)))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _inner(run: str) -> str | None:
    """What stands in a run of base64; None where it is none."""
    if len(run) < _LONG and _DIGITS.search(run) is None:
        return None
    bare = run.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4)).decode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError):
        return None


def _in_place(found: re.Match[str], text: str) -> str:
    is_bare = _BARE.search(text, max(0, found.start() - 8), found.start()) and _END.match(text, found.end())
    return "null" if is_bare else ERASED


def _spaced(digits: str) -> str:
    return _BETWEEN.join(digits)


# Runs of digits that may be a number, in texts where it is known by its hash alone.
_MAY_BE = re.compile(r"(?<![0-9])[0-9](?:[ ().\-/]{0,2}[0-9]){6,16}(?![0-9])")


def candidates(text: str, code: str) -> set[str]:
    """What may be a number of the country's code in the text, in E.164."""
    found: set[str] = set()
    for run in _MAY_BE.findall(text):
        digits = "".join(filter(str.isdigit, run)).lstrip("0")
        found |= {f"+{digits}"} if digits.startswith(code) else set()
        found.add(f"+{code}{digits}")
    return found
