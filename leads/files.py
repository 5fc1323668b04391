"""Reading lists of leads: JSON, NDJSON and CSV with the same names. Rows are counted from 1, a CSV's header not among them.

A row is a mapping of names to what was written; ``leads.checking`` says what it means. Strict: what cannot be read is told
with its row, and nothing of the list is taken.
"""

import csv
import io
import itertools
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from dialers.giving import BadList

MOST_LEADS = 100_000
TEXT = ("number", "name", "first_name", "last_name", "reference", "priority", "timezone", "agents", "note")
Row = tuple[int, Mapping[str, Any]]  # its number, and names with what was written
SAVE_AS = "Save the file as UTF-8: other encodings cannot be told apart."
NESTED = ("fields", "options")  # in CSV: columns fields.<name> and options.<name>


def rows(data: bytes, content_type: str) -> Iterator[Row]:
    """The rows of a body, by its type: ``text/csv``, ``application/x-ndjson`` or JSON. Raises BadList."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind in ("text/csv", "text/tab-separated-values"):
        return from_csv(data)
    if kind in ("application/x-ndjson", "application/ndjson", "application/jsonl"):
        return from_ndjson(data.removeprefix(BOM_UTF8).splitlines())
    return from_json(data)


def from_json(data: bytes) -> Iterator[Row]:
    """``{"leads": [...]}``, or the list alone."""
    found = parsed(data)
    if not isinstance(found, dict):
        return from_list(found)
    if other := sorted(set(found) - {"leads"}):
        raise BadList(
            f"A list holds leads, and nothing reads its {other[0][:100]} here. Options of the whole list are given by "
            "--options or, over HTTP, with Content-Type: application/json."
        )
    return from_list(found.get("leads"))


def parsed(data: bytes) -> Any:
    """A JSON text, strictly: UTF-8, no NaN, no half characters, nested 1,024 times at most. Raises BadList."""
    try:
        return orjson.loads(data.removeprefix(BOM_UTF8))
    except orjson.JSONDecodeError as error:
        raise BadList(f"The body is not JSON: {error.msg} (line {error.lineno}, column {error.colno}).") from None


def from_list(found: Any) -> Iterator[Row]:
    """Rows that are objects already."""
    if not isinstance(found, list):
        raise BadList('The leads must be a list: {"leads": [{"number": "+420..."}]}.', field="leads")
    return _capped((at, _object(row, at)) for at, row in enumerate(found, 1))


def from_ndjson(lines: Iterable[bytes]) -> Iterator[Row]:
    """One object per line; empty lines count, and are none."""
    return _capped((at, _parsed(line, at)) for at, line in enumerate(lines, 1) if line.strip())


def from_csv(data: bytes) -> Iterator[Row]:
    """With a header, in UTF-8 (a mark at its beginning is fine), separated by commas or, where the header has them,
    semicolons or tabs."""
    text = data.decode("utf-8-sig", "surrogateescape")  # what is not UTF-8 is told by its cell
    if "\x00" in text:
        raise BadList("The text holds NUL bytes; it may be UTF-16. Save the file as UTF-8.")
    head = text.split("\n", 1)[0]
    separator = max(",;\t", key=head.count)
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=separator, strict=True)
    try:
        header = [name.strip() for name in next(reader)]
    except StopIteration:
        raise BadList("The file is empty.") from None
    except csv.Error as error:
        raise BadList(f"The header cannot be read: {error}.") from None
    for at, name in enumerate(header, 1):
        if not _is_utf8(name):
            raise BadList(f"The header is not UTF-8 in its column {at}. {SAVE_AS}")
    _check_header(header)
    return _capped(_csv_rows(reader, lines, header))


class _Lines:
    """The lines of a text, and those that were read since ``begin``: a row may be several."""

    def __init__(self, text: str):
        self._lines = io.StringIO(text, newline="")
        self._row: list[str] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        self._row.append(next(self._lines))
        return self._row[-1]

    def begin(self) -> None:
        self._row.clear()

    def cells(self, separator: str) -> int:
        """How many cells the row has, the last of which may be open; 0 where that cannot be told."""
        try:
            return sum(len(cells) for cells in csv.reader(["".join(self._row)], delimiter=separator))
        except csv.Error:  # longer than a cell may be
            return 0


def _csv_rows(reader, lines: _Lines, header: list[str]) -> Iterator[Row]:
    for at in itertools.count(1):
        lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadList(f"The row cannot be read: {error}.", at, _open_column(error, reader, lines, header)) from None
        if not any(cell.strip() for cell in cells):  # what spreadsheets leave at the end
            continue
        if len(cells) != len(header):
            missing = header[len(cells)] if len(cells) < len(header) else None
            raise BadList(f"The row has {len(cells)} cells, the header {len(header)}.", at, missing)
        for name, cell in zip(header, cells, strict=True):
            if not _is_utf8(cell):
                raise BadList(f"The text is not UTF-8 here. {SAVE_AS}", at, name)
        yield at, _nested({name: cell.strip() for name, cell in zip(header, cells, strict=True) if cell.strip()})


def _open_column(error: csv.Error, reader, lines: _Lines, header: list[str]) -> str | None:
    """The column whose quotation mark is never closed; None where something else is wrong."""
    if "unexpected end" not in str(error):
        return None
    count = lines.cells(reader.dialect.delimiter)
    return header[count - 1] if 0 < count <= len(header) else None


def _is_utf8(cell: str) -> bool:
    return cell.isascii() or not any("\udc80" <= char <= "\udcff" for char in cell)


def _nested(row: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {name: value for name, value in row.items() if "." not in name}
    for name, value in row.items():
        outer, dot, inner = name.partition(".")
        if dot:
            found.setdefault(outer, {})[inner] = value
    if "agents" in found:
        found["agents"] = [agent.strip() for agent in found["agents"].split("|") if agent.strip()]
    return found


def _check_header(header: list[str]) -> None:
    if "number" not in header:
        raise BadList(
            f"The header has no column number; it has {', '.join(header)[:200] or 'nothing'}.", field="number"
        )
    for at, name in enumerate(header):
        if name in header[:at]:
            raise BadList(f"The header has the column {name} twice.", field=name)
        outer, dot, inner = name.partition(".")
        if not (name in TEXT or (outer in NESTED and dot and inner)):
            known = ", ".join((*TEXT, "fields.<name>", "options.<name>"))
            raise BadList(f"The header has a column that nothing reads; there are {known}.", field=name)


def _object(row: Any, at: int) -> Mapping[str, Any]:
    if not isinstance(row, dict):
        raise BadList('A lead must be an object: {"number": "+420..."}.', at)
    return row


def _parsed(line: bytes, at: int) -> Mapping[str, Any]:
    try:
        return _object(orjson.loads(line), at)
    except orjson.JSONDecodeError as error:
        raise BadList(f"The line is not JSON: {error.msg}.", at) from None


def _capped(found: Iterator[Row]) -> Iterator[Row]:
    for count, (at, row) in enumerate(found, 1):
        if count > MOST_LEADS:
            raise BadList(f"A load holds {MOST_LEADS:,} leads at most; split the list here.", at)
        yield at, row
