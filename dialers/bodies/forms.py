"""Forms, url-encoded and in parts, as members. What is wrong with one is said as ``dialers.bodies.forgiven`` names it."""

import re
from collections import Counter
from urllib.parse import parse_qsl, quote, unquote, unquote_plus

from dialers.base import Unreadable
from lib import charsets, json_mending, rawjson
from lib import text as texts
from lib.rawjson import Members, NotJson

MOST_PARAMETERS = 1_000
LONGEST_HEAD = 1_000  # of a part
LONGEST_BOUNDARY = 200

URLENCODED = re.compile(r"application/x-www-form-urlencoded", re.IGNORECASE)
MULTIPART = re.compile(r"multipart/", re.IGNORECASE)
_BOUNDARY = re.compile(r'boundary="?([^";,\s]+)', re.IGNORECASE)
# Nothing in it looks at a blank twice: there may be a million.
_FIRST_LINE = re.compile(rb"\s*+--(\S(?:[^\r\n]{0,%d}\S)?)[ \t]*+\r?\n" % (LONGEST_BOUNDARY - 2))
_PART_NAME = re.compile(rb'form-data;[^\r\n]*?\bname="?([^"\r\n;]*)"?', re.IGNORECASE)
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_LOOKS_LIKE = re.compile(r"[\w.$%\[\]+-]{1,200}=")  # a form, to whom nobody has said what it is
# A number's plus that was not encoded. Nobody puts a blank, for which it stands, in front of digits.
_PLUS = re.compile(r"(?<==)\+(?=[0-9])")
_ESCAPED = re.compile(r"&amp;[\w.%\[\]-]{1,200}=")  # somebody put the form into a page, or took it out of one
_BRACKETS = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])+)")


def is_form(text: str, content_type: str | None) -> bool:
    """Whether the text is an url-encoded form: it looks like one, or is said to be one and is no page."""
    said = bool(content_type and URLENCODED.search(content_type))
    return bool(_LOOKS_LIKE.match(text)) or (said and "=" in text and not text.startswith("<"))


def members(written: str, content_type: str | None = None) -> tuple[Members, set[str]]:
    """(what an url-encoded form says, what was passed over). Raises Unreadable for too much of it."""
    slips: set[str] = set()
    if "&" not in written and (pieces := _separated(written)):
        found, slips = members("&".join(pieces), content_type)
        return found, slips | {"odd_separators"}
    if "&amp;" in written and _ESCAPED.search(written):
        written, slips = written.replace("&amp;", "&"), {"html_escaped"}
    if "+" in written and _PLUS.search(written):
        written, slips = _PLUS.sub("%2B", written), slips | {"plus_signs"}
    if not written.isascii() or "%" in written:
        encoding, more = _encoding(written, content_type)
        slips |= more
    else:
        encoding = "utf-8"
    try:
        pairs = parse_qsl(
            written, keep_blank_values=True, max_num_fields=MOST_PARAMETERS, encoding=encoding, errors="replace"
        )
    except ValueError:
        raise too_many() from None
    return _cleaned(_out_of_lists(pairs) if "[]" in written or "%5B%5D" in written else pairs), slips


def _out_of_lists(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """``callID[]=19``, as PHP's and other clients write a list, without its brackets where it is of one value."""
    times = Counter(name for name, _ in pairs)
    return [(name.removesuffix("[]") if times[name] == 1 else name, value) for name, value in pairs]


def _separated(written: str) -> list[str] | None:
    """The fields of a form that are parted by semicolons or, as forms of the type text/plain are, by line breaks; None where
    they are not. Raises Unreadable where some of it may be either a field or a part of one."""
    lines = re.split(r"[\r\n]+", written.strip())
    if len(lines) > 1:  # such forms encode nothing
        if all(line.endswith(";") for line in lines[:-1]):
            lines = [line.removesuffix(";") for line in lines]
        pieces = [quote(line, safe="=[]") for line in lines]
    else:
        pieces = written.strip().strip(";").split(";")
    if len(pieces) < 2 or not any(_LOOKS_LIKE.match(piece.strip()) for piece in pieces[1:]):
        return None
    if len(pieces) > MOST_PARAMETERS:
        raise too_many()
    if not all(_LOOKS_LIKE.match(piece.strip()) and piece.count("=") == 1 for piece in pieces):
        raise Unreadable("unparseable", "The body is no JSON, and where one field of it ends nobody can tell.")
    return [piece.strip() for piece in pieces]


def _encoding(written: str, content_type: str | None) -> tuple[str, set[str]]:
    """The character set of the bytes that are percent-encoded, and what that passes over."""
    sets = ["utf-8", charsets.named(content_type)]
    if named := re.search(r"(?:^|&)_charset_=([\w-]+)", written):  # as HTML forms say it
        sets.append(charsets.codec(named[1]))
    for encoding in filter(None, sets):
        try:
            unquote(written, encoding, "strict")
        except UnicodeError:
            continue
        return encoding, set() if encoding == "utf-8" else {"character_set"}
    return "utf-8", {"replaced_characters"}


def in_parts(body: bytes, content_type: str | None) -> tuple[Members, set[str]] | None:
    """The same of a form in parts; None for what is none. Raises Unreadable for too much of it."""
    named = _BOUNDARY.search(content_type or "") if MULTIPART.search(content_type or "") else None
    boundary = named[1].encode() if named else None
    slips: set[str] = set()
    if boundary is None or b"--" + boundary not in body:
        first = _FIRST_LINE.match(body)
        if first is None or not _PART_NAME.search(body[: LONGEST_HEAD + LONGEST_BOUNDARY]):
            return None
        boundary = first[1]
        slips.add("missing_boundary")
    parts = body.split(b"--" + boundary, MOST_PARAMETERS + 2)
    if len(parts) > MOST_PARAMETERS + 2:
        raise too_many()
    pairs = []
    for part in parts[1:]:
        blank = _BLANK_LINE.search(part)
        if blank and (name := _PART_NAME.search(part[: min(blank.start(), LONGEST_HEAD)])):
            value, replaced = charsets.text(_without_line_end(part[blank.end() :]), content_type)
            pairs.append((name[1].decode("utf-8", "replace"), value))
            slips |= replaced - {"character_set"} if value.isascii() else replaced
    return (_cleaned(pairs), slips) if pairs else None


def _without_line_end(value: bytes) -> bytes:
    return value.removesuffix(b"\n").removesuffix(b"\r")


def nested(form: Members) -> Members:
    """The same with ``a[b]=c`` as a member of a member, and values that are objects in JSON as objects."""
    pairs: list[tuple[str, object]] = []
    inner: dict[str, list[tuple[str, object]]] = {}
    for name, value in form.pairs:
        found = _BRACKETS.fullmatch(name)
        if found is None:
            pairs.append((name, _object(value)))
            continue
        if found[1] not in inner:
            pairs.append((found[1], inner.setdefault(found[1], [])))
        inner[found[1]].append((found[2][1:-1], value))
    return Members([(name, Members(inner[name]) if value is inner.get(name) else value) for name, value in pairs])


def _object(value: object) -> object:
    if isinstance(value, str) and value.lstrip()[:1] == "{":
        try:
            found, _ = json_mending.mended(value)
        except NotJson:
            return value
        return rawjson.cleaned(found[0]) if len(found) == 1 else value
    return value


def decoded(text: str) -> str | None:
    """JSON that was percent-encoded, decoded; None for anything else."""
    begins = text[:3].casefold()
    if begins not in ("%7b", "%5b", "%22") and not (text[:1] in ("{", "[") and '"' not in text and "%22" in text):
        return None
    # Forms write a blank as "+" and a colon as %3A; what leaves either as it is, or writes %20, means the plus itself.
    plain = "%20" in text or ":" in text or " " in text
    return (unquote if plain else unquote_plus)(text, errors="replace")


def too_many() -> Unreadable:
    """There is a limit to what a form may hold."""
    return Unreadable("too_many_parameters", f"More than {MOST_PARAMETERS} parameters.")


def _cleaned(pairs: list[tuple[str, str]]) -> Members:
    return Members([(texts.clean(name.strip()), texts.clean(value)) for name, value in pairs])
