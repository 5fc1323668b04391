"""Pages: the records cut out of an answer byte for byte, and the key of the next page.

docs.qvoice.net shows a bare array for the activity report, ``{data, next_start_key}`` for leads, an object keyed by id for
campaigns. Public clients also meet ``{cdrs}``, ``{rows}`` and objects of objects in any of them. Kazoo, underneath, says: an
absent ``next_start_key`` ends the list, and the key is opaque.
"""

from dataclasses import dataclass, replace

from dialers.base import Garbled
from lib import rawjson

LISTS = ("data", "cdrs", "rows")
NEXT_KEYS = ("next_start_key", "nextStartKey")
META = (*NEXT_KEYS, "start_key", "page_size", "revision", "request_id", "timestamp", "version", "node", "status")
FAILURES = ("error", "errors", "message")
LONGEST_KEY = 4096


@dataclass(frozen=True)
class Slice:
    """A record as it stands in the page, and the key it is listed under, where it is listed under one."""

    text: str
    listed_under: str | None = None
    encoding: str = "utf-8"

    @property
    def body(self) -> bytes:
        return self.text.encode(self.encoding)


@dataclass(frozen=True)
class Envelope:
    """One answer. ``pages`` False: its shape cannot name a next page, so that nobody knows whether it is the last."""

    records: list[Slice]
    next_key: str | None = None
    pages: bool = False


def opened(body: bytes, what: str) -> Envelope:
    """Find the records. Raises Garbled, whose sentence names ``what``, for every shape that is not listed above."""
    if not body.strip():
        raise Garbled(f"The answer to {what} is empty.")
    if body.lstrip()[:1] == b"<":
        raise Garbled(f"The answer to {what} is a web page, not JSON.")
    try:
        text, encoding = rawjson.decode(body), "utf-8"
    except rawjson.NotJson:
        # One name in a wrong encoding must not hide a thousand other records: cut the bytes, judge each record later.
        text, encoding = body.decode("latin-1"), "latin-1"
    try:
        value = rawjson.loads(text)
        found = _found(text, value)
    except rawjson.NotJson as error:
        raise Garbled(f"The answer to {what} is not JSON: {error}.") from None
    if found is None:
        raise Garbled(f"The answer to {what} has a shape that nobody knows.")
    records, next_key, pages = found
    if next_key is not None and len(next_key) > LONGEST_KEY:
        raise Garbled(f"The answer to {what} names the next page by {len(next_key)} characters.")
    return Envelope([replace(record, encoding=encoding) for record in records], next_key, pages)


def _found(text: str, value: object) -> tuple[list[Slice], str | None, bool] | None:
    if value is None:  # how Go writes an empty list
        return [], None, False
    if isinstance(value, list):
        return _items(text, 0), None, False
    if not isinstance(value, rawjson.Members) or _is_failure(value):
        return None
    members = rawjson.members(text)
    keys = [text[begin:end] for name, begin, end in members if name in NEXT_KEYS]
    next_key = _next_key(keys[-1]) if keys else None
    for wanted in LISTS:
        lists = [begin for name, begin, end in members if name == wanted and text[begin] in "[{n"]
        if lists:
            parts = [_records(text, begin) for begin in lists]
            return None if None in parts else (sum(parts, []), next_key, True)
    if any(value.get(name) for name in FAILURES):
        return None
    listed = [(name, begin, end) for name, begin, end in members if text[begin] == "{"]
    if any(name not in META for name, begin, _ in members if text[begin] != "{"):
        return None
    return [Slice(text[begin:end], name) for name, begin, end in listed], next_key, bool(keys)


def _is_failure(value: rawjson.Members) -> bool:
    """Whether a 200 says that it is none, as Kazoo's envelopes can."""
    status = value.get("status")
    return bool(value.get("error") or value.get("errors") or value.get("success") is False or status == "error")


def _records(text: str, begin: int) -> list[Slice] | None:
    if text[begin] == "[":
        return _items(text, begin)
    if text[begin] == "n":
        return []
    members = rawjson.members(text, begin)
    if any(text[start] != "{" for _, start, _ in members):
        return None
    return [Slice(text[start:stop], name) for name, start, stop in members]


def _items(text: str, begin: int) -> list[Slice]:
    return [Slice(text[start:stop]) for start, stop in rawjson.elements(text, begin)]


def _next_key(written: str) -> str | None:
    """The key as it is to be sent back: a text as it reads, anything else as it is written."""
    value = rawjson.loads(written)
    if value is None or value is False or value == "":
        return None
    return value if isinstance(value, str) and written.startswith('"') else written
