"""Bytes become text: by what they say of themselves, by what was said of them, and else with a mark for what was lost."""

import codecs
import encodings
import json
import pkgutil
import re
from encodings import aliases
from functools import lru_cache

_DECLARED = re.compile(r"""\bcharset\s*=\s*["']?([^"';,\s]+)""", re.IGNORECASE)

# By the name that ``codecs`` gives them. Nothing else: Python has codecs that are no character sets, and slow ones.
_KNOWN = re.compile(
    r"cp(?:125\d|437|85\d|86\d|874|93[26]|949|950)|iso8859-\d+|koi8-[rut]|mac-(?:cyrillic|roman|latin2)|ascii|tis-620|hz"
    r"|utf-(?:8|16|32)(?:-[lb]e|-sig)?|shift_jis|shift_jisx?\w*|euc_\w+|iso2022_\w+|gb2312|gbk|gb18030|big5\w*|kz1048|ptcp154"
)
# Who says Latin-1 or ASCII means the superset that every browser reads (WHATWG, "Encoding").
_MEANT = {"iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030"}
_MEANT |= {"shift_jis": "cp932", "euc_kr": "cp949", "tis-620": "cp874"}
# As they may be written. ``codecs`` remembers every name that it was ever asked for and does not know, for ever, and senders make
# names up: it is not asked for these.
_NAMES = frozenset(aliases.aliases) | {module.name for module in pkgutil.iter_modules(encodings.__path__)}
LONGEST_TYPE = 1_000  # characters that are looked at of a Content-Type
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def named(content_type: str | None) -> str | None:
    """The codec of the character set that a Content-Type names; None where it names none that is known."""
    return _named(content_type[:LONGEST_TYPE]) if content_type else None


@lru_cache(maxsize=1_000)
def _named(content_type: str) -> str | None:
    found = _DECLARED.search(content_type)
    return codec(found[1]) if found else None


def codec(name: str) -> str | None:
    """The codec of a character set; None for what is none that is known."""
    written = encodings.normalize_encoding(name[:LONGEST_TYPE].lower()).replace(".", "_")
    if written not in _NAMES:
        return None
    try:
        found = codecs.lookup(written).name
    except (LookupError, ValueError, ImportError):  # the machine's own, elsewhere
        return None
    return _MEANT.get(found, found) if _KNOWN.fullmatch(found) else None


def text(body: bytes, content_type: str | None = None) -> tuple[str, set[str]]:
    """(the text, what was passed over). UTF-8 that holds more than ASCII is UTF-8, whatever was said of it: text of another
    character set is hardly ever valid UTF-8. What cannot be read is U+FFFD."""
    if body.startswith(_MARKS):
        found = _decoded(body, json.detect_encoding(body), {"byte_order_mark"})
        return found[0].removeprefix("\ufeff"), found[1]
    declared = named(content_type)
    if declared and not declared.startswith("utf-") and (body.isascii() or not is_utf8(body)):
        found = _decoded(body, declared, set())
        alike = body.isascii() and found[0] == body.decode("ascii")
        return found[0].removeprefix("\ufeff"), found[1] if alike else found[1] | {"character_set"}
    guessed = json.detect_encoding(body)  # by the zeros in its first characters, which also tell the order of bytes
    if guessed != "utf-8" and (found := _decoded(body, guessed, set()))[1] == set():
        return found
    return _decoded(body, "utf-8", set())


def wide(body: bytes) -> str | None:
    """The text of a body in UTF-16 or UTF-32, also of one that was cut; None of any other."""
    found = json.detect_encoding(body)
    if not found.startswith(("utf-16", "utf-32")):
        return None
    try:
        return codecs.getincrementaldecoder(found)().decode(body)
    except UnicodeError:
        return None


def utf8(body: bytes, content_type: str | None) -> bytes:
    """The body as UTF-8, where its Content-Type names another character set and it holds text of that; else as it is."""
    declared = named(content_type)
    if not declared or declared.startswith("utf-") or body.isascii() or is_utf8(body):
        return body
    try:
        return body.decode(declared).encode()
    except UnicodeError:
        return body


def is_utf8(body: bytes) -> bool:
    """Whether all of it is."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _decoded(body: bytes, name: str, slips: set[str]) -> tuple[str, set[str]]:
    try:
        return body.decode(name), slips
    except UnicodeError:
        return body.decode(name, "replace"), slips | {"replaced_characters"}
