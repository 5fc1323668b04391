"""Pages: the records cut out of an answer byte for byte, and the key of the next page.

docs.qvoice.net shows a bare array for the activity report, ``{data, next_start_key}`` for leads, an object keyed by id for
campaigns. Public clients also meet ``{cdrs}``, ``{rows}`` and objects of objects in any of them. Kazoo, underneath, says: an
absent ``next_start_key`` ends the list, and the key is opaque.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lib import rawjson
from lib.http.errors import Garbled

BLANKS = " \t\r\n"
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

    @property
    def more(self) -> bool:
        """Whether another one is to be asked for."""
        return self.next_key is not None and bool(self.records)


def opened(body: bytes, what: str) -> Envelope:
    """Find the records. Raises Garbled, whose sentence names ``what``, for every shape that is not listed above."""
    if not body.strip():
        raise Garbled(f"The answer to {what} is empty.")
    if body.lstrip()[:1] == b"<":
        raise Garbled(f"The answer to {what} is a web page, not JSON.")
    try:
        text, encoding = rawjson.page(body)
        found = _found(text)
    except rawjson.TooMuch as error:
        raise Garbled(f"The answer to {what} holds {error}; nothing of it was read. Lower page_size.") from None
    except rawjson.NotJson as error:
        raise Garbled(f"The answer to {what} is not JSON: {error}.") from None
    if found is None:
        raise Garbled(f"The answer to {what} has a shape that nobody knows.")
    records, next_key, pages = found
    if next_key is not None and len(next_key) > LONGEST_KEY:
        raise Garbled(f"The answer to {what} names the next page by {len(next_key)} characters.")
    return Envelope([replace(record, encoding=encoding) for record in records], next_key, pages)


def _found(text: str) -> tuple[list[Slice], str | None, bool] | None:
    """(records, key of the next page, whether the shape can name one); None for a shape that nobody knows."""
    kind = text.lstrip(BLANKS)[:1]
    if kind == "[":
        spans = rawjson.elements(text)
        rawjson.nothing_after(text, spans[-1][1] if spans else 0, "[]")
        return [Slice(text[start:stop]) for start, stop in spans], None, False
    if kind != "{":
        return ([], None, False) if rawjson.loads(text) is None else None  # null is how Go writes an empty list
    members = rawjson.members(text)
    rawjson.nothing_after(text, members[-1][2] if members else 0, "{}")
    # The lists are long and stay closed; what stands beside them is short, and read.
    beside = {name: rawjson.loads(text[begin:end]) for name, begin, end in members if text[begin] not in "[{"}
    beside |= {
        name: text[begin + 1 : end - 1].strip()
        for name, begin, end in members
        if name in FAILURES and name not in beside
    }
    if _is_failure(beside):
        return None
    keys = [text[begin:end] for name, begin, end in members if name in NEXT_KEYS]
    next_key = _next_key(keys[-1]) if keys else None
    for wanted in LISTS:
        lists = [begin for name, begin, end in members if name == wanted and text[begin] in "[{n"]
        if lists:
            parts = [records for begin in lists if (records := _records(text, begin)) is not None]
            return (sum(parts, []), next_key, True) if len(parts) == len(lists) else None
    if any(name not in META or text[begin] == "[" for name, begin, _ in members if text[begin] != "{"):
        return None
    return [Slice(text[begin:end], name) for name, begin, end in members if text[begin] == "{"], next_key, bool(keys)


def _is_failure(value: Mapping[str, object]) -> bool:
    """Whether a 200 says that it is none, as Kazoo's envelopes can."""
    status = value.get("status")
    return bool(value.get("error") or value.get("errors") or value.get("success") is False or status == "error")


def _records(text: str, begin: int) -> list[Slice] | None:
    if text[begin] == "[":
        return [Slice(text[start:stop]) for start, stop in rawjson.elements(text, begin)]
    if text[begin] == "n":
        return []
    members = rawjson.members(text, begin)
    if any(text[start] != "{" for _, start, _ in members):
        return None
    return [Slice(text[start:stop], name) for name, start, stop in members]


def _next_key(written: str) -> str | None:
    """The key as it is to be sent back: a text as it reads, anything else as it is written."""
    value = rawjson.loads(written)
    if value is None or value is False or value == "":
        return None
    return value if isinstance(value, str) and written.startswith('"') else written
