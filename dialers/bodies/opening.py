"""What stands in a body: the parts of it, whatever its compression, character set and form, and what was passed over."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from dialers.base import Evidence, Unreadable
from dialers.bodies import bare, forms
from dialers.bodies.inflating import BLANKS, inflated
from lib import charsets, json_mending, rawjson
from lib import text as texts
from lib.rawjson import Members, NotJson

MOST_EVENTS = 1_000  # in one body

# Names under which senders put what they mean as a whole.
WRAPPERS = frozenset(
    "data payload body json event events call calls record records result results callback webhook message items".split()
)
MARK_AS_TEXT = "\u00ef\u00bb\u00bf"  # a byte order mark that was taken for Latin-1
_ESCAPED = re.compile(r"[{\[\s]*+\\\"")
_QUOTES = re.compile(r"&(?:quot|#34|#x22);", re.IGNORECASE)
_RAW_FIELD = re.compile(r"[\w.-]{1,100}=\s*(?=[{\[][^&%]*\")")  # a field whose JSON was not encoded
_JSON_TYPE = re.compile(
    r"\s*(?:[\w.+-]+/(?:[\w.-]+\+)?json|application/(?:json\w*|x-json|ndjson|x-ndjson|jsonlines))\b", re.I
)


@dataclass
class Opened:
    """What stands in a body. ``parts`` are values, or the error of a part that is none; ``way`` is json, form, query or none."""

    parts: list[object] = field(default_factory=list)
    forgiven: set[str] = field(default_factory=set)
    way: str = "none"


def opened(evidence: Evidence, form: Callable[[Members], Members] | None) -> Opened:
    """The body's parts. Raises Unreadable."""
    body, slips = inflated(evidence.body, evidence.content_encoding)
    form = form or (lambda found: found)
    multipart = _in_parts(body, evidence.content_type)
    if multipart is not None:
        return _form(
            multipart[0],
            slips | multipart[1],
            form,
            not evidence.content_type or forms.MULTIPART.match(evidence.content_type),
        )
    text, more = charsets.text(body, evidence.content_type)
    slips |= more
    if text.rstrip(" \t\r\n").endswith("\x00"):
        slips.add("nul_characters")
    text = text.strip(BLANKS)
    if text.startswith(MARK_AS_TEXT):
        text, slips = text.removeprefix(MARK_AS_TEXT).lstrip(BLANKS), slips | {"byte_order_mark"}
    if '"' not in text and text[:1] in ("{", "[") and _QUOTES.search(text):  # a template took it for a page
        text, slips = texts.unescaped(text), slips | {"html_escaped"}
    if not text:
        if not evidence.query:
            return Opened()
        found, more = forms.members(evidence.query)
        return Opened([form(found)], more, "query")
    if decoded := forms.decoded(text):
        text, slips = decoded.strip(BLANKS), slips | {"percent_encoded"}
        if text.endswith("="):
            text, slips = text[:-1].rstrip(), slips | {"json_in_form"}
    if text[:1] not in "{[\"'“" and forms.is_form(text, evidence.content_type):
        if raw := _RAW_FIELD.match(text):
            try:
                parts, more = _values(text[raw.end() :])
                return Opened(parts, slips | more | {"json_in_form"}, "json")
            except Unreadable:
                pass  # several fields, perhaps
        found, more = forms.members(text, evidence.content_type)
        return _form(
            found, slips | more, form, not evidence.content_type or forms.URLENCODED.search(evidence.content_type)
        )
    if text[:1] in "{[" and text[-1:] == "=":  # as curl -d and the like write it
        text, slips = text[:-1].rstrip(), slips | {"json_in_form"}
    parts, more = _values(text)
    if not is_json_type(evidence.content_type) and not {"json_in_form", "percent_encoded"} & slips:
        slips.add("wrong_content_type")
    return Opened(parts, slips | more, "json")


def _in_parts(body: bytes, content_type: str | None) -> tuple[Members, set[str]] | None:
    if forms.MULTIPART.match(content_type or "") or body.lstrip()[:2] == b"--":
        return forms.in_parts(body, content_type)
    return None


def _form(found: Members, slips: set[str], form: Callable[[Members], Members], as_said: object) -> Opened:
    """What a form says; the JSON in it, where one of its fields is for that."""
    for name, value in found.pairs:
        alone = len(found.pairs) == 1
        said = str(value)  # as every form's
        wanted = said if name.casefold() in WRAPPERS or alone and said else name if alone else ""
        wanted = wanted.strip(BLANKS)
        if wanted[:1] in ("{", "["):
            try:
                parts, more = _values(wanted)
            except Unreadable:
                continue
            rest = [pair for pair in found.pairs if pair[0] != name]
            if rest and len(parts) == 1 and isinstance(parts[0], Members):
                parts = [Members(form(Members(rest)).pairs + parts[0].pairs)]
            return Opened(parts, slips | more | {"json_in_form"}, "json")
    return Opened([form(found)], slips if as_said else slips | {"wrong_content_type"}, "form")


def _values(text: str, depth: int = 0) -> tuple[list[object], set[str]]:
    """(the parts of a JSON text, what was passed over). Raises Unreadable."""
    text, stripped = _without_quotes(text)
    try:
        found: list[object] = [rawjson.loads(text)]
        slips: set[str] = set()
    except NotJson as error:
        found, slips = documents(text, error, "body")
    slips |= stripped
    parts: list[object] = []
    for one in found:
        parts += _parts(one, slips, depth)
    return parts, slips


def _without_quotes(text: str) -> tuple[str, set[str]]:
    """The JSON of a text that has quotation marks of a shell around it, or whose own are escaped as within a text."""
    if text[:1] == "'" and text[-1:] == "'" and text[1:-1].strip(BLANKS)[:1] in ("{", "["):
        return text[1:-1].strip(BLANKS), {"single_quotes"}
    if _ESCAPED.match(text):
        try:
            return str(rawjson.loads(f'"{text}"')), {"json_in_json"}
        except NotJson:
            pass  # there are others that are not escaped
    return text, set()


def _parts(value: object, slips: set[str], depth: int) -> list[object]:
    """The parts of one value: elements of lists, JSON in texts, the only member of a wrapper."""
    if depth > 3:
        return [value]
    if isinstance(value, list):  # nothing among its elements tells of nothing
        return [part for one in value if one is not None for part in _parts(one, slips, depth + 1)]
    if isinstance(value, str) and value.strip(BLANKS)[:1] in ("{", "[", '"'):
        try:
            parts, more = _values(value.strip(BLANKS), depth + 1)
        except Unreadable:
            return [value]
        if not any(isinstance(part, Members) for part in parts):
            return [value]
        slips |= more | {"json_in_json"}
        return parts
    if isinstance(value, Members):
        inner = _wrapped(value)
        if inner is not None:
            parts = _parts(inner, slips, depth + 1)
            if parts and all(isinstance(part, Members) for part in parts):
                slips.add("wrapper")
                return parts
    return [value]


def _wrapped(value: Members) -> object:
    if len(value.pairs) == 1:
        name, said = value.pairs[0]
        if name.casefold() in WRAPPERS:
            return said
        if name.strip(BLANKS)[:1] == "{" and said in ("", None):  # somebody on the way took the JSON for a form
            return name
    if "jsonrpc" in value and isinstance(value.get("params"), list) and len(value["params"]) > 1:
        return value["params"]
    return None


def inside(value: Members) -> tuple[list[object], set[str]] | None:
    """(the parts, what was passed over) of an object that names no call itself: the only object or list in it that stands
    under a wrapper's name, beside what a relay or an event bus tells of the delivery; or, where a program has read a form and
    written a list for every field, the same with the only value of each that has one. None for neither."""
    slips: set[str] = set()
    lists = [(name, said) for name, said in value.pairs if isinstance(said, list)]
    if lists and len(lists) == len(value.pairs):
        return [Members([(name, said[0] if len(said) == 1 else said) for name, said in lists])], {"lists_of_one"}
    found = [said for name, said in value.pairs if name.casefold() in WRAPPERS and _holds_objects(said)]
    if len(found) != 1:
        return None
    parts = _parts(found[0], slips, 1)
    return (parts, slips | {"wrapper"}) if parts and all(isinstance(part, Members) for part in parts) else None


def _holds_objects(said: object) -> bool:
    if isinstance(said, str):
        return said.strip(BLANKS)[:1] in ("{", "[")
    return bool(said) and isinstance(said, Members | list)


def documents(text: str, error: NotJson, what: str) -> tuple[list[object], set[str]]:
    """The documents of a text that is not JSON as it should be. Raises Unreadable where nobody can tell."""
    try:
        rawjson.weigh(text)
    except rawjson.TooMuch as much:
        raise Unreadable("unparseable", f"The {what} holds {much}, and was not read.") from None
    try:
        found, slips = json_mending.mended(text)
        return [rawjson.cleaned(one) for one in found], slips
    except NotJson:
        pass
    flat = bare.members(text)
    if flat is not None:
        return [flat], {"unquoted_names", "unquoted_values"}
    lines = [line for line in text.splitlines() if line.strip(BLANKS)]
    if what == "body" and len(lines) > 1 and all(line.lstrip(BLANKS)[:1] == "{" for line in lines):
        return _lines(lines, error)
    raise Unreadable("unparseable", f"The {what} is not JSON: {error}.")


def _lines(lines: list[str], error: NotJson) -> tuple[list[object], set[str]]:
    """A document for each line; one that is none costs no other one."""
    found: list[object] = []
    slips = {"several_documents"}
    for line in lines[: MOST_EVENTS + 1]:
        try:
            some, more = documents(line.strip(BLANKS), error, "line")
        except Unreadable as unreadable:
            some, more = [unreadable], set()
        found += some
        slips |= more
    if all(isinstance(one, Unreadable) for one in found):
        raise Unreadable("unparseable", f"The body is not JSON: {error}.")
    return found, slips


@lru_cache(maxsize=1_000)
def is_json_type(content_type: str | None) -> bool:
    """Whether the type says JSON, or nothing."""
    return not content_type or bool(_JSON_TYPE.match(content_type))
