"""Reading lists of leads: JSON, NDJSON and CSV with the same names. Rows are counted from 1, a CSV's header not among them.

A row is a mapping of names to what was written; ``leads.checking`` says what it means. Strict: what cannot be read is told
with its row, and nothing of the list is taken. Rows are read one by one, as they are asked for, and no list may be larger
than ``leads.bounds`` says.
"""

from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from dialers.giving import BadJson, BadList, Refused
from leads.bounds import LONGEST_ROW, MOST_OF_LEAD, TOO_LONG, Row, bounded, looked_at, values_in
from leads.csv_lists import from_csv
from leads.json_lists import Apart, Span
from leads.lines import Lines, numbered

CSV = ("text/csv", "text/tab-separated-values")
LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl")
LIST = 'The leads must be a list: {"leads": [{"number": "+420..."}]}.'


def rows(data: bytes, content_type: str) -> Iterator[Row]:
    """The rows of a body, by its type: ``text/csv``, ``application/x-ndjson`` or, whatever else it says, JSON. Raises BadList."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind in CSV:
        return from_csv(data)
    if kind in LINES:
        return from_ndjson(data)
    return from_json(data)


def from_json(data: bytes) -> Iterator[Row]:
    """``{"leads": [...]}``, or the list alone."""
    apart = _apart(data)
    first = apart.next()
    if first == b"[":
        return _from_spans(data, apart.whole_list())
    if first != b"{":
        _scalar(data)
        raise BadList(LIST, field="leads")
    found = document(data)
    if other := sorted(set(found) - {"leads"}):
        raise BadList(
            f"A list holds leads, and nothing reads its {other[0][:100]} here. Options of the whole list: --options."
        )
    if "leads" not in found:
        raise BadList(LIST, field="leads")
    rows: Iterator[Row] = found["leads"]
    return rows


def is_list(data: bytes) -> bool:
    """Whether a body in JSON begins as the list alone."""
    return _apart(data).next() == b"["


def document(data: bytes) -> dict[str, Any]:
    """A JSON object: its members, and under ``leads``, where it has that, the rows as they are asked for. Raises
    BadList and Refused."""
    apart = _apart(data)
    first = apart.next()
    if first != b"{":
        apart.whole_list() if first == b"[" else _scalar(data)
        raise BadJson("The body must be a JSON object.")
    found: dict[str, Any] = {}
    for name, span in apart.members("leads").items():
        if name == "leads":
            found[name] = _from_spans(data, span)
            continue
        found[name] = value = _loads(data[slice(*span)])
        if isinstance(value, dict | list) and values_in(value) > MOST_OF_LEAD:
            raise Refused(name[:200], f"Has more than {MOST_OF_LEAD:,} values.")
    return found


def _apart(data: bytes) -> Apart:
    return Apart(data, len(BOM_UTF8) if data.startswith(BOM_UTF8) else 0)


def _scalar(data: bytes) -> None:
    """Raises BadJson where it is not even that."""
    _loads(data.removeprefix(BOM_UTF8)[:LONGEST_ROW])


def _loads(data: bytes) -> Any:
    """A JSON text, strictly: UTF-8, no NaN, no half characters, nested 1,024 times at most. Raises BadJson."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadJson(f"The body is not JSON: {error.msg} (line {error.lineno}, column {error.colno}).") from None


def _from_spans(data: bytes, spans: list[Span] | Span) -> Iterator[Row]:
    if not isinstance(spans, list):
        _loads(data[slice(*spans)])
        raise BadList(LIST, field="leads")
    return bounded((at, _lead(data[begin:end], at)) for at, (begin, end) in enumerate(spans, 1))


def _lead(text: bytes, at: int) -> Mapping[str, Any]:
    try:
        return _object(orjson.loads(text), at)
    except orjson.JSONDecodeError as error:
        raise BadJson(f"The lead is not JSON: {error.msg} (line {error.lineno}, column {error.colno}).", at) from None


def from_ndjson(data: bytes) -> Iterator[Row]:
    """One object per line; empty lines count, and are none."""
    return bounded(_from_lines(Lines(data)))


def _from_lines(lines: Lines) -> Iterator[Row]:
    for at, line in numbered(lines, lines, lambda _, at: BadList(f"The line cannot be read: {TOO_LONG}.", at)):
        looked_at(at, 0, at)
        if not line.strip():
            continue
        try:
            yield at, _object(orjson.loads(line), at)
        except orjson.JSONDecodeError as error:
            raise BadList(f"The line is not JSON: {error.msg}.", at) from None


def _object(row: Any, at: int) -> Mapping[str, Any]:
    if not isinstance(row, dict):
        raise BadList('A lead must be an object: {"number": "+420..."}.', at)
    return row
