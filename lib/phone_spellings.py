"""Finding a number in whatever text it stands, however it is spelled, and taking it out of there.

National and international, with and without signs, zeros and separators, as a number of JSON, with JSON's or a URL's escapes, in
the digits of another script, with whatever is dialled before a number in its country: all that is read as the number
(``lib.phone``). In a body also within base64, several times over, in UTF-16 and UTF-32, and where the body, or what stands there
as base64, is compressed.
"""

import base64
import binascii
import re
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import phonenumbers

from lib import charsets, phone, phone_plans

ERASED = "erased"  # what stands in its place
MOST_INFLATED = 16 * 1024 * 1024  # bytes
_ONE = (
    r"(?:[ \t().\-/_+\u00a0\u00ad\u2000-\u2015\u202f\u2060\ufeff\udca0]|%(?:25)?(?:20|28|29|2[BbDdEeFf])"
    r"|\\u00[aA]0|\\u20[0-9a-fA-F]{2}|\\/|\\t|&nbsp;)"
)
_BETWEEN = _ONE + "{0,4}"
_SEPARATORS = re.compile(_ONE + "+")
# Digits of an escape are none of the number's.
_BEFORE = r"(?:(?<![0-9])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u[0-9A-Fa-f]{4}))"
_RUN = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_ESCAPES = re.compile(r"\\[nrt]")  # of JSON: their letters are none of a run's
_RUN_BEHIND = re.compile(rf"(?:(?<=\\)[nrt])?({_RUN.pattern})")
_SEGMENT = re.compile(r"[A-Za-z0-9+_-]{12,}={0,2}")  # of a path
_ZEROS = (
    0x660,
    0x6F0,
    *range(0x966, 0xDE6, 0x80),
    0xE50,
    0xED0,
    0x1040,
    0x17E0,
    0xFF10,
)  # Arabic, Indian, Thai ..., wide
_OTHER_DIGIT = re.compile("[" + "".join(f"{chr(zero)}-{chr(zero + 9)}" for zero in _ZEROS) + "]")
_ESCAPED_DIGIT = re.compile(r"\\u((?:06[6fF]|09[6eE]|0[eE]5|[fF]{2}1|003)[0-9a-fA-F])")
_WIDE = "\0"
_LONG = (
    64  # of a run that is always looked into; a shorter one where it may hold digits in a row, or begins as text does
)
_DIGITS = re.compile(r"[MNO][DTjz][AEIMQUYcgk][w-z0-5]|[MNO][AQgw]A[w-z0-5]AD[AEIMQUYcgk]A")  # three; those of UTF-16
_OF_TEXT = re.compile(r"(?:[A-Za-f][A-HQ-Xg-nw-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589].){5}")
_BARE = re.compile(r"[:\[,]\s*\Z")  # before a number of JSON
_END = re.compile(r"(?:\.0*)?\s*[,}\]]")  # and behind it
_COMPRESSED = (b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_PACKED = ("H4sI", "eA", "eF", "eJ", "eN")  # how their base64 begins
_DEEPEST = 3  # times that something is base64
MOST_BEFORE = 8  # digits of what is dialled before a number


class Spellings:
    """Of one number, in E.164."""

    def __init__(self, number: str):
        parsed = phonenumbers.parse(number)
        self.number = number
        code, national = str(parsed.country_code), phonenumbers.national_significant_number(parsed)
        trunk = "".join({"0", phone_plans.known(code).trunk[:1]} - {""})
        behind = rf"(?:0{{1,3}}{_BETWEEN})?{_spaced(code)}{_BETWEEN}(?:[{trunk}]{_BETWEEN})?"
        cores = "|".join(map(_spaced, sorted({national, _at_home(parsed, national)})))
        self._core = re.compile(cores, re.ASCII)  # a tenth of the time, and nearly always enough
        self._pattern = re.compile(
            rf"{_BEFORE}[+]?(?:{behind}|[{trunk}]{_BETWEEN})?{_spaced(national)}(?![0-9])", re.ASCII
        )
        self._with_more = re.compile(
            rf"{_BEFORE}[+]?(?:[0-9]{_BETWEEN}){{0,{MOST_BEFORE}}}?(?:{cores})(?![0-9])", re.ASCII
        )
        self._region = phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(
            int(code)
        )

    def within(self, text: str) -> bool:
        """Whether the number stands in the text."""
        text = _in_ascii(text)
        if self._core.search(text) is None:
            return False
        return self._pattern.search(text) is not None or any(
            self._read_from(found[0]) is not None for found in self._with_more.finditer(text)
        )

    def _read_from(self, run: str) -> int | None:
        """From where on the run of digits is read as this number: whatever else is dialled before it in its country, and what was
        in former times (``lib.phone``). None: nowhere."""
        for at in (found.start() for found in _GROUP.finditer(run)):
            plus = "+" if run[at] == "+" else ""
            if phone.e164(plus + _SEPARATORS.sub("", run[at:]), self._region) == self.number:
                return at
        return None

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
        return self._replaced(text, lambda found, _: ERASED)

    def _replaced(self, text: str, by: Callable[[re.Match[str], str], str]) -> str:
        if not self.within(text):
            return text
        text = _in_ascii(text)
        first = self._pattern.sub(lambda found: by(found, text), text)

        def without(found: re.Match[str]) -> str:
            at = self._read_from(found[0])
            if at is None:
                return found[0]
            return found[0][:at] + ERASED if at else by(found, first)

        return self._with_more.sub(without, first)

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
        """The body without it, not compressed any more; one of UTF-16 or UTF-32 in which it stood is UTF-8."""
        text = opened(body)
        if _WIDE in text and self.within(text.replace(_WIDE, "")):
            text = charsets.wide(inflated(body)) or text.replace(_WIDE, "")
        return _bytes(self._replaced(self._unpacked(text, _DEEPEST), _in_place))

    def _unpacked(self, text: str, deep: int) -> str:
        """The text without what stands in it as base64, and in that as base64 again."""

        def again(found: re.Match[str]) -> str:
            run = found[found.lastindex or 0]
            inner = _inner(run)
            if not inner:
                return found[0]
            within = next((one for one in _read(inner) if self.within(one)), inner)
            blotted = self.blotted(self._unpacked(within, deep - 1))
            if blotted == inner:
                return found[0]
            return found[0].removesuffix(run) + base64.b64encode(_bytes(blotted)).decode()

        return _SEGMENT.sub(again, _RUN_BEHIND.sub(again, text)) if deep else text


def _in_ascii(text: str) -> str:
    """The text with its digits as ASCII has them: dialers of other scripts write theirs, plainly or as JSON escapes them."""
    if not text.isascii() and _OTHER_DIGIT.search(text):
        text = _OTHER_DIGIT.sub(lambda found: str(unicodedata.decimal(found[0], found[0])), text)
    if "\\u" in text and _ESCAPED_DIGIT.search(text):
        text = _ESCAPED_DIGIT.sub(lambda found: str(unicodedata.decimal(chr(int(found[1], 16)), found[0])), text)
    return text


def of(number: str | None) -> Spellings | None:
    """The spellings of a number in E.164; None of what is none."""
    try:
        return Spellings(number) if number else None
    except phonenumbers.NumberParseException:
        return None


def opened(body: bytes) -> str:
    """The body as text, whatever its bytes; what is compressed, as it was before."""
    return inflated(body).decode("utf-8", "surrogateescape")


def inflated(body: bytes) -> bytes:
    """The body as it was before it was compressed."""
    if body[:2] in _COMPRESSED:
        try:
            return zlib.decompressobj(47).decompress(body, MOST_INFLATED)
        except zlib.error:
            pass  # it only began like that
    return body


def texts(body: bytes) -> Iterator[str]:
    """The body as text, and what stands in it as base64."""
    yield from _texts(opened(body), _DEEPEST)


def _texts(text: str, deep: int) -> Iterator[str]:
    for read in _read(text):
        yield read
        for run in _RUN.findall(_ESCAPES.sub(" ", read) if "\\" in read else read) if deep else ():
            parts = (run, *_SEGMENT.findall(run)) if "/" in run else (run,)
            for inner in filter(None, map(_inner, parts)):
                yield from _texts(inner, deep - 1)


def _read(text: str) -> tuple[str, ...]:
    """As it is; and without the zeros that stand between ASCII's characters in UTF-16 and UTF-32, also in a part of one."""
    return (text, text.replace(_WIDE, "")) if _WIDE in text else (text,)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _inner(run: str) -> str | None:
    """What stands in a run of base64, as it was before it was compressed; None where it is none."""
    if len(run) < _LONG and not (run.startswith(_PACKED) or _DIGITS.search(run) or _OF_TEXT.match(run)):
        return None
    bare = run.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return opened(base64.b64decode(bare + "=" * (-len(bare) % 4)))
    except (binascii.Error, ValueError):
        return None


def _in_place(found: re.Match[str], text: str) -> str:
    is_bare = _BARE.search(text, max(0, found.start() - 8), found.start()) and _END.match(text, found.end())
    return "null" if is_bare else ERASED


def _spaced(digits: str) -> str:
    return _BETWEEN.join(digits)


def _at_home(parsed: phonenumbers.PhoneNumber, national: str) -> str:
    """Its digits as they are dialled in its country, where more than what comes before differs."""
    dialled = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    digits = "".join(filter(str.isdigit, dialled)).lstrip("0")
    return national if national in digits else digits


# Groups of digits that may be a number, in texts where it is known by its hash alone.
_GROUP = re.compile(r"[+]?[0-9]+", re.ASCII)
_GROUPS = re.compile(rf"[0-9]+(?:{_ONE}{{1,3}}[0-9]+)*", re.ASCII)
_LENGTHS = range(7, 18)
_READ = ("52", "54")  # of countries where what is dialled within the country is no end of the number


def candidates(text: str, code: str) -> set[str]:
    """What may be a number of the country's code in the text, in E.164."""
    found: set[str] = set()
    trunks = {"", "0", phone_plans.known(code).trunk, f"{phone_plans.known(code).trunk}0"}
    for run in _GROUPS.findall(_in_ascii(text)):
        for digits in _together(_SEPARATORS.split(run)):
            for plain in {digits, digits.lstrip("0")}:
                rest = plain.removeprefix(code) if plain.startswith(code) else plain
                found |= {f"+{code}{one.removeprefix(trunk)}" for one in (plain, rest) for trunk in trunks}
            if code in _READ and (number := phone.e164(digits, phonenumbers.region_code_for_country_code(int(code)))):
                found.add(number)
    return found


def _together(groups: list[str]) -> Iterator[str]:
    """Digits of groups that stand one behind the other."""
    for at in range(len(groups)):
        digits = ""
        for group in groups[at:]:
            digits += group
            if len(digits) >= _LENGTHS.stop:
                break
            if len(digits) in _LENGTHS:
                yield digits
