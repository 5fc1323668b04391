"""Bodies opened: whatever bytes a dialer posts become members, one object for each event that they tell of.

What is written as it should be is read at once. What is nearly right is read where there is only one way to read it, and what
was passed over is said (``dialers.forgiven``). Everything else is ``Unreadable``, and the bytes are kept as they came.
"""

import json
import re
import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from functools import lru_cache

from dialers import bare, forms
from dialers.base import Event, Evidence, Reading, Unreadable
from lib import charsets, mending, rawjson
from lib.rawjson import Members, NotJson

LARGEST = 1024 * 1024  # of what is kept of a body, and of what one is inflated to
MOST_EVENTS = 1_000  # in one body
MOST_TOLD = 5  # of the parts that cannot be understood, in a sentence

# Names under which senders put what they mean as a whole.
WRAPPERS = frozenset(
    "data payload body json event events call calls record records result results callback webhook message items".split()
)
BLANKS = " \t\r\n\x00\ufeff"
_GZIP = b"\x1f\x8b"  # no text begins so, nor with the next ones
_ZLIB = (b"\x78\x01", b"\x78\x9c", b"\x78\xda")
_ZLIB_OR_TEXT = b"\x78\x5e"
_JSON_TYPE = re.compile(
    r"\s*(?:[\w.+-]+/(?:[\w.-]+\+)?json|application/(?:json\w*|x-json|ndjson|x-ndjson|jsonlines))\b", re.I
)

One = Callable[[Members], Reading]


@dataclass
class Opened:
    """What stands in a body. ``parts`` are values, or the error of a part that is none; ``way`` is json, form, query or none."""

    parts: list[object] = field(default_factory=list)
    forgiven: set[str] = field(default_factory=set)
    way: str = "none"


def each(
    evidence: Evidence, one: One, ways: Collection[str] = ("json",), form: Callable[[Members], Members] | None = None
):
    """What the body says, by what ``one`` says of each event in it. ``ways`` are those in which the dialer is known to send;
    ``form`` brings what a form says into the shape of the JSON. Raises Unreadable."""
    if evidence.content_encoding is None and evidence.body[:1] == b"{" and _is_json_type(evidence.content_type):
        try:
            found = rawjson.loads(evidence.body)
        except NotJson:
            found = None
        if type(found) is Members and len(found) > 1:  # as nearly all are
            return one(found)
    opened = _opened(evidence, form)
    if opened.way == "none":
        return Reading(ignored="empty_body")  # somebody probes the URL
    if opened.way not in ways:
        opened.forgiven.add("sent_in_query" if opened.way == "query" else "sent_as_form")
    try:
        found = _several(opened, one) if len(opened.parts) > 1 else _alone(opened, one)
    except Unreadable:
        if opened.way == "query" and "query" not in ways:
            return Reading(ignored="empty_body")
        raise
    return replace(found, forgiven=tuple(sorted(opened.forgiven)))


def record(body: bytes, understand: Callable[..., Reading], *about: object) -> Reading:
    """What a polled record says, one JSON object, by what ``understand`` says of it and of ``about``. Raises Unreadable."""
    try:
        found, forgiven = rawjson.loads(body), set()
    except NotJson as error:
        found, forgiven = _nearly(body, error)
    if not isinstance(found, Members):
        raise Unreadable("not_an_object", "The record is JSON, but no object.")
    reading = understand(found, *about)
    return replace(_checked(reading, forgiven), forgiven=tuple(sorted(forgiven))) if forgiven else reading


def glance(body: bytes) -> object:
    """A polled record as JSON, quickly, as it is or nearly; None for what nobody can read. For a look at its id: an id that
    holds bytes which are no text is none."""
    try:
        return json.loads(body, parse_float=str, strict=False)
    except (ValueError, RecursionError) as error:
        try:
            found, _ = _nearly(body, NotJson(str(error)))
        except Unreadable:
            return None
    return (
        {name: value for name, value in found.items() if "\ufffd" not in str(value)}
        if isinstance(found, Members)
        else None
    )


def _nearly(body: bytes, error: NotJson) -> tuple[object, set[str]]:
    text, forgiven = charsets.text(body)
    documents, slips = _documents(text.strip(BLANKS), error, "record")
    return documents[0] if len(documents) == 1 else documents, forgiven | slips


# What is read --------------------------------------------------------------------------------------------------------
def _alone(opened: Opened, one: One) -> Reading:
    return _checked(one(_members(opened.parts[0])) if opened.parts else _members(None), opened.forgiven)


def _several(opened: Opened, one: One) -> Reading:
    """Each part by itself. One that cannot be understood costs no other one its place: where there are some of either kind,
    the reading says so."""
    if len(opened.parts) > MOST_EVENTS:
        raise Unreadable(
            "too_many_events", f"The body tells of {len(opened.parts)} events, {MOST_EVENTS} at most are read."
        )
    events: list[Event] = []
    ignored: list[str] = []
    refused: list[tuple[int, Unreadable]] = []
    for number, part in enumerate(opened.parts):
        try:
            found = _checked(one(_members(part)), opened.forgiven)
        except Unreadable as error:
            refused.append((number, error))
            continue
        # Each part's events have their own place, so that a part that is understood later moves no other one.
        events += [replace(event, part=number) for event in found.events]
        ignored += [found.ignored] if found.ignored else []
    if refused and not events and not ignored:
        error = refused[0][1]
        if all(type(part) is not Members for part in opened.parts):
            raise Unreadable("not_an_object", "The body is JSON, but no object.")
        raise Unreadable(error.reason, f"None of its {len(opened.parts)} parts could be understood. {error.detail}")
    opened.forgiven.add("several_events")
    return Reading(
        events=tuple(events),
        ignored=ignored[0] if ignored and not events else None,
        refused=_told(refused, len(opened.parts)) if refused else None,
    )


def _told(refused: list[tuple[int, Unreadable]], parts: int) -> str:
    told = [f"{number + 1}: {error.detail}" for number, error in refused[:MOST_TOLD]]
    more = f" And {len(refused) - MOST_TOLD} more." if len(refused) > MOST_TOLD else ""
    return f"{len(refused)} of its {parts} parts could not be understood, the others are in. Part {' Part '.join(told)}{more}"


def _members(part: object) -> Members:
    if isinstance(part, Unreadable):
        raise part
    if not isinstance(part, Members):
        raise Unreadable("not_an_object", "The body is JSON, but no object.")
    return part


def _checked(reading: Reading, forgiven: set[str]) -> Reading:
    """Where bytes were lost, two calls might have become one."""
    if "replaced_characters" in forgiven:
        for event in reading.events:
            if any("\ufffd" in name for name in (*event.keys, event.attempt or "")):
                raise Unreadable(
                    "bad_identifier", "An id holds bytes that are no text in any character set that was named."
                )
    return reading


# What stands in it ---------------------------------------------------------------------------------------------------
def _opened(evidence: Evidence, form: Callable[[Members], Members] | None) -> Opened:
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
        found, more = forms.members(text, evidence.content_type)
        return _form(
            found, slips | more, form, not evidence.content_type or forms.URLENCODED.search(evidence.content_type)
        )
    if text[:1] in "{[" and text[-1:] == "=":  # as curl -d and the like write it
        text, slips = text[:-1].rstrip(), slips | {"json_in_form"}
    parts, more = _values(text)
    if not _is_json_type(evidence.content_type) and not {"json_in_form", "percent_encoded"} & slips:
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
        wanted = value if name.casefold() in WRAPPERS or alone and value else name if alone else ""
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
    try:
        found: list[object] = [rawjson.loads(text)]
        slips: set[str] = set()
    except NotJson as error:
        found, slips = _documents(text, error, "body")
    parts: list[object] = []
    for one in found:
        parts += _parts(one, slips, depth)
    return parts, slips


def _parts(value: object, slips: set[str], depth: int) -> list[object]:
    """The parts of one value: elements of lists, JSON in texts, the only member of a wrapper."""
    if depth > 3:
        return [value]
    if isinstance(value, list):
        return [part for one in value for part in _parts(one, slips, depth + 1)]
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
    if len(value.pairs) == 1 and value.pairs[0][0].casefold() in WRAPPERS:
        return value.pairs[0][1]
    if "jsonrpc" in value and isinstance(value.get("params"), list) and len(value["params"]) > 1:
        return value["params"]
    return None


def _documents(text: str, error: NotJson, what: str) -> tuple[list[object], set[str]]:
    """The documents of a text that is not JSON as it should be. Raises Unreadable where nobody can tell."""
    try:
        found, slips = mending.mended(text)
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
            documents, more = _documents(line.strip(BLANKS), error, "line")
        except Unreadable as unreadable:
            documents, more = [unreadable], set()
        found += documents
        slips |= more
    if all(isinstance(one, Unreadable) for one in found):
        raise Unreadable("unparseable", f"The body is not JSON: {error}.")
    return found, slips


# Compression ---------------------------------------------------------------------------------------------------------
def inflated(body: bytes, encoding: str | None) -> tuple[bytes, set[str]]:
    """(the body without its compression, what was passed over). Raises Unreadable for a compression that is not read, for
    what breaks off, and for what becomes larger than a body may be: nothing is inflated further than that."""
    names = [name for name in re.split(r"[\s,]+", (encoding or "").casefold()) if name not in ("", "identity")]
    slips: set[str] = set()
    for _ in range(3):  # compressed twice has been seen of proxies
        if body.startswith(_GZIP):
            body = _inflate(body, 31)
            slips.add("gzip")
        elif body[:2] in _ZLIB or (body[:2] == _ZLIB_OR_TEXT and "deflate" in names):
            body = _inflate(body, 15)
            slips.add("deflate")
        else:
            break
    if not names or slips or not body.strip():
        return body, slips
    if _looks_plain(body):
        return body, {"wrong_content_encoding"}
    if names[-1] == "deflate":  # the other deflate, without a head
        return _inflate(body, -15), {"deflate"}
    raise Unreadable("unknown_encoding", "The body is compressed in a way that is not read; gzip and deflate are.")


def _looks_plain(body: bytes) -> bool:
    """Whether the body is not compressed, whatever its header says: a proxy on the way may have seen to it."""
    text = charsets.text(body)[0].strip(BLANKS)
    return text[:1] in ("{", "[", '"') or text[:2] == "--" or forms.is_form(text, None)


def _inflate(body: bytes, form: int) -> bytes:
    found = bytearray()
    try:
        while True:
            stream = zlib.decompressobj(form)
            found += stream.decompress(body, LARGEST + 1 - len(found))
            if len(found) > LARGEST:
                detail = "The body is kept as it came, compressed; inflated it is larger than 1 MiB, and was not read."
                raise Unreadable("inflates_too_far", detail)
            if not stream.eof:
                raise Unreadable("unparseable", "The body is compressed, and breaks off.")
            body = stream.unused_data
            if form != 31 or not body.startswith(_GZIP):
                return bytes(found)
    except zlib.error:
        raise Unreadable("unparseable", "The body says that it is compressed, but cannot be inflated.") from None


@lru_cache(maxsize=1_000)
def _is_json_type(content_type: str | None) -> bool:
    return not content_type or bool(_JSON_TYPE.match(content_type))
