"""Finding a number in whatever text it stands, however it is spelled, and taking it out of there.

National and international, with and without signs, zeros and separators, as a number of JSON, with JSON's or a URL's escapes, in
the digits of another script, with whatever is dialled before a number in its country: all that is read as the number
(``lib.phone``). In a body also where others have packed it (``lib.packed``).
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import unquote

import phonenumbers

from lib import packed, phone, phone_plans
from lib.packed import Unpacking

ERASED = "erased"  # what stands in its place
# What ``lib.phone_writing`` reads between digits: dashes, blanks, brackets and dots of typographers and of other scripts, and
# what nobody sees. A test tries every character that there is. The last are such ones in Latin-1 and its kin, in a body of UTF-8.
_SIGNS = (
    r" \t().\-/_+\[\]\u00a0\u00ad\u00b7\u034f\u058a\u05be\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u1400"
    r"\u1680\u17b4\u17b5\u1806\u180b-\u180f\u2000-\u2015\u2022\u2024\u2027\u202a-\u202f\u2044\u205f-\u206f\u207a\u20e3\u2212\u2215"
    r"\u260e\u260f\u2706\u2795\u2e17\u2e1a\u2e3a\u2e3b\u2e40\u2e5d\u3000\u301c\u3030\u30a0\u30fb\u3164\ufe00-\ufe0f\ufe31\ufe32\ufe58"
    r"\ufe62\ufe63\ufeff\uff08\uff09\uff0b\uff0d-\uff0f\uff3b\uff3d\uff5e\uffa0\ufff0-\ufffb\U00010ead\U000110bd\U000110cd"
    r"\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U0001f4de\U0001f4f1\U0001f4f2\U000e0000-\U000e0fff"
    r"\udc95-\udc97\udca0\udcad\udcb7"
)
_PERCENT = "%(?:25)?"
# The same as JSON, a URL or a page escapes them, by the blocks in which they stand: their other characters are no letters either,
# or wide ones. Of a page's own names any; JSON also within JSON.
_IN_JSON = (
    r"\\{1,3}(?:[/t]|u(?:00(?:2[089bBdDeEfF]|[aA][0dD]|5[bBdDfF]|[bB]7)|061[cC]|2[0-2][0-9a-fA-F]{2}|30[0fF][0bB]"
    r"|[fF][eEfF][0-9a-fA-F]{2}))"
)
_IN_URL = (
    rf"{_PERCENT}(?:2[089BbDdEeFf]|5[BbDdFf]|[cC]2{_PERCENT}[aAbB][0-9a-fA-F]|[dD]8{_PERCENT}9[cC]"
    rf"|[eE](?:2{_PERCENT}8[0-9a-fA-F]|3{_PERCENT}8[03]|[fF]{_PERCENT}[bB][89b-dB-D]){_PERCENT}[89abAB][0-9a-fA-F])"
)
_IN_A_PAGE = "&(?:(?!quot|amp|apos)[a-z]{3,6}|#(?:[0-9]{1,5}|[xX][0-9a-fA-F]{1,5}));"
_ONE = rf"(?:[{_SIGNS}]|{_IN_URL}|{_IN_JSON}|{_IN_A_PAGE})"
_FIRST = rf"{_SIGNS}%\\&"  # with what each of these begins
_BETWEEN = _ONE + "{0,4}"
_SEPARATORS = re.compile(_ONE + "+")
# Digits of an escape are none of the number's.
_BEFORE = r"(?:(?<![0-9])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u[0-9A-Fa-f]{4}))"
_OTHER_DIGIT = re.compile(  # and what lies between those of rare scripts, which is none
    r"[\u0660-\u0669\u06f0-\u06f9\u07c0-\u07c9\u0966-\u096f\u09e6-\u09ef\u0a66-\u0a6f\u0ae6-\u0aef\u0b66-\u0b6f"
    r"\u0be6-\u0bef\u0c66-\u0c6f\u0ce6-\u0cef\u0d66-\u0d6f\u0de6-\u0def\u0e50-\u0e59\u0ed0-\u0ed9\u0f20-\u0f29"
    r"\u1040-\u1049\u1090-\u1099\u17e0-\u17e9\u1810-\u1819\u1946-\u194f\u19d0-\u19d9\u1a80-\u1a89\u1a90-\u1a99"
    r"\u1b50-\u1b59\u1bb0-\u1bb9\u1c40-\u1c49\u1c50-\u1c59\ua620-\ua629\ua8d0-\ua8d9\ua900-\ua909\ua9d0-\ua9d9"
    r"\ua9f0-\ua9f9\uaa50-\uaa59\uabf0-\uabf9\uff10-\uff19\U000104a0-\U0001fbf9]"
)
_ESCAPED = r"\\u((?:06[6fF]|09[6eE]|0[eE]5|[fF]{2}1|003)[0-9a-fA-F])"
_ANY_ESCAPED, _ESCAPED_DIGIT = (
    re.compile(_ESCAPED),
    re.compile(rf"\\{{0,2}}{_ESCAPED}"),
)  # the first is looked for sooner
# Of Arabic, Persian, India's scripts and of Thai, and wide ones.
_DIGIT_IN_URL = re.compile(
    rf"(?:{_PERCENT}(?:[dD]9{_PERCENT}[aA]|[dD][bB]{_PERCENT}[bB])[0-9]|{_PERCENT}[eE]0{_PERCENT}[aAbB][0-9a-fA-F]{_PERCENT}[89aAbB]"
    rf"[0-9a-fA-F]|{_PERCENT}[eE][fF]{_PERCENT}[bB][cC]{_PERCENT}9[0-9])",
)
_LEADS = (
    "D9%",
    "DB%",
    "E0%",
    "BC%",
    "d9%",
    "db%",
    "e0%",
    "bc%",
)  # of which it has one: looked for in a fraction of the time
# A number of JSON, whatever its form.
_BARE = re.compile(r"([:\[,]\s*)(-?[0-9][0-9.eE+-]*+)(?=\s*[,}\]])")
# A country's code at the end of a text.
_CODE = re.compile(rf"(?:[+]|%2[Bb]|(?<![0-9])00)([1-9][0-9]{{0,2}}){_BETWEEN}\Z", re.ASCII)
_CODE_LENGTH = 30
MOST_BEFORE = 8  # digits of what is dialled before a number


class Spellings:
    """Of one number, in E.164."""

    def __init__(self, number: str):
        parsed = phonenumbers.parse(number)
        self.number = number
        code, national = str(parsed.country_code), phonenumbers.national_significant_number(parsed)
        trunk = "".join({"0", phone_plans.known(code).trunk[:1]} - {""})
        behind = rf"(?:0{{1,3}}{_BETWEEN})?{_spaced(code)}{_BETWEEN}(?:[{trunk}]{_BETWEEN})?"
        written = {national, _at_home(parsed, national)}
        cores = "|".join(map(_spaced, sorted(written)))
        # A tenth of the time, and nearly always enough: it is asked first what stands behind the first digit.
        self._core = re.compile("|".join(map(_hurried, sorted(written))), re.ASCII)
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
        return any(not self._is_of_another(found) for found in self._pattern.finditer(text)) or any(
            self._read_from(found[0]) is not None for found in self._with_more.finditer(text)
        )

    def _is_of_another(self, found: re.Match[str]) -> bool:
        """Whether another country's code stands before it, and both are a number there: London's 20 7946 0958 behind +91."""
        before = _CODE.search(found.string, max(0, found.start() - _CODE_LENGTH), found.start())
        if before is None or found[0].startswith("+"):
            return False
        return phone.e164("+" + _SEPARATORS.sub("", before[1] + found[0])) not in (None, self.number)

    def _read_from(self, run: str) -> int | None:
        """From where on the run of digits is read as this number: whatever else is dialled before it in its country, and what was
        in former times (``lib.phone``). None: nowhere."""
        for at in (found.start() for found in _GROUP.finditer(run)):
            plus = "+" if run[at] == "+" else ""
            read = phone.e164(plus + _SEPARATORS.sub("", run[at:]), self._region)
            if read == self.number:
                return at
            if read is not None and (plus or run.startswith("00", at)):
                return None  # another country's, of which this one's digits are the end
        return None

    def within_value(self, value: Any) -> bool:
        """Whether it stands in a value of JSON, at any depth: also as others have packed it there, in the query of a URL, say."""
        text = _APART.join(strings(value))
        return any(map(self.within, text_as_read(text) if len(text) >= packed.SHORTEST else (text,)))

    def may_stand_in(self, texts: Iterable[str | bytes]) -> bool:
        """Whether one of these is to be looked at by itself, with ``within_value`` or ``within_bytes``, because the number may
        stand in it. Asked of many texts and bodies at once, which takes a fraction of the time: nearly always none is."""
        plain = [packed.plain(text) if isinstance(text, bytes) else text for text in texts]
        known = dict.fromkeys(text for text in plain if text is not None)
        together = _APART.join(known)
        if None in plain or packed.WIDE in together:
            return True
        unpacking = Unpacking()
        read = unpacking.texts(together)
        return any(self._core.search(_in_ascii(text)) for text in read) or unpacking.has_inflated

    def within_bytes(self, body: bytes) -> bool:
        """Whether it stands in a body: also within base64, and where the body is compressed."""
        return any(self.within(text) for text in texts(body))

    def blotted(self, text: str, by: str = ERASED) -> str:
        """The text without it; what stands there instead."""
        if not self.within(text):
            return text

        def other(found: re.Match[str]) -> str:
            return found[0] if self._is_of_another(found) else by

        text = self._pattern.sub(other, _in_ascii(text))

        def without(found: re.Match[str]) -> str:
            at = self._read_from(found[0])
            return found[0] if at is None else found[0][:at] + by

        return self._with_more.sub(without, text)

    def blotted_value(self, value: Any) -> Any:
        """The value of JSON without it; a number that is it is null."""
        if isinstance(value, str):
            return self._blotted_text(value)
        if isinstance(value, dict):
            return {self._blotted_text(name): self.blotted_value(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.blotted_value(one) for one in value]
        return None if self.within_value(value) else value

    def _blotted_text(self, text: str) -> str:
        return self._cleared(text, Unpacking(), packed.DEEPEST, self.blotted) if self.within_value(text) else text

    def blotted_bytes(self, body: bytes) -> bytes:
        """The body without it, not compressed any more; one of UTF-16 or UTF-32 in which it stood is UTF-8."""
        unpacking = Unpacking()
        return packed.to_bytes(self._cleared(unpacking.opened(body), unpacking, packed.DEEPEST, self._blotted_json))

    def _cleared(self, text: str, unpacking: Unpacking, deep: int, blotted: Callable[[str], str]) -> str:
        """The text without it, however it may be read, and without it in what stands there as base64. Where it is a number of
        JSON, null stands there, if ``blotted`` says so."""
        for way in packed.WAYS:
            read = way(text)
            if read is None or not any(map(self.within, unpacking.texts_as_read(read, deep))):
                continue
            if deep:
                read = unpacking.replaced(
                    read, lambda inner: self._cleared(inner, unpacking, deep - 1, self._blotted_json)
                )
            text = blotted(read)
        return text

    def _blotted_json(self, text: str) -> str:
        return self.blotted(_BARE.sub(self._null, text))

    def _null(self, found: re.Match[str]) -> str:
        return f"{found[1]}null" if self.within(found[2]) else found[0]


_APART = '"'  # stands in no number and in no base64


def strings(value: Any) -> Iterator[str]:
    """Whatever is written in a value of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield str(name)
            yield from strings(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from strings(one)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


def _in_ascii(text: str) -> str:
    """The text with its digits as ASCII has them: dialers of other scripts write theirs, plainly or as JSON or a URL escapes
    them."""
    if not text.isascii() and _OTHER_DIGIT.search(text):
        text = _OTHER_DIGIT.sub(lambda found: str(unicodedata.decimal(found[0], found[0])), text)
    if "\\u" in text and _ANY_ESCAPED.search(text):
        text = _ESCAPED_DIGIT.sub(lambda found: str(unicodedata.decimal(chr(int(found[1], 16)), found[0])), text)
    if "%" in text and any(lead in text for lead in _LEADS):
        text = _DIGIT_IN_URL.sub(_digit_in_url, text)
    return text


def _digit_in_url(found: re.Match[str]) -> str:
    plain = unquote(found[0].replace("%25", "%"))
    return str(unicodedata.decimal(plain, found[0])) if len(plain) == 1 else found[0]


def of(number: str | None) -> Spellings | None:
    """The spellings of a number in E.164; None of what is none."""
    try:
        return Spellings(number) if number else None
    except phonenumbers.NumberParseException:
        return None


def texts(body: bytes) -> Iterator[str]:
    """The body as text, and what stands in it as base64."""
    unpacking = Unpacking()
    return unpacking.texts(unpacking.opened(body))


def text_as_read(text: str) -> Iterator[str]:
    """The text in each way in which it may be read, and what stands in it as base64."""
    return Unpacking().texts(text)


def _spaced(digits: str) -> str:
    return _BETWEEN.join(digits)


def _hurried(digits: str) -> str:
    return f"{digits[0]}(?=[{digits[1]}{_FIRST}]){_BETWEEN}{_spaced(digits[1:])}" if digits[1:] else digits


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
