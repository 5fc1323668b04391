"""Lists of leads in CSV, as spreadsheets write it: with a header, separated by commas, semicolons or tabs."""

import csv
from collections.abc import Iterator, Sequence
from typing import Any

from dialers.giving import BadList
from leads.bounds import MOST_COLUMNS, TOO_LONG, Row, bounded, looked_at
from leads.lines import Texts, TooLong, numbered
from lib import text as texts

TEXT = ("number", "name", "first_name", "last_name", "reference", "priority", "timezone", "agents", "note")
NESTED = ("fields", "options")  # columns fields.<name> and options.<name>
SAVE_AS = "Save the file as UTF-8: other encodings cannot be told apart."
LONGEST_NAME = 220  # of a column


def from_csv(data: bytes, known: Sequence[str] = TEXT, nested: Sequence[str] = NESTED) -> Iterator[Row]:
    """With a header of ``known`` names, in UTF-8 (a mark at its beginning is fine), separated by commas or, where the header
    has them, semicolons or tabs. Raises BadList."""
    if b"\x00" in data:
        raise BadList("The text holds NUL bytes; it may be UTF-16. Save the file as UTF-8.")
    lines = Texts(data)
    try:
        delimiter = max(",;\t", key=lines.first().count)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        header = [name.strip() for name in next(reader)]
    except StopIteration:
        raise BadList("The file is empty.") from None
    except TooLong:
        raise BadList(f"The header cannot be read: {TOO_LONG}.") from None
    except csv.Error as error:
        raise BadList(f"The header cannot be read: {error}.") from None
    _check_header(header, known, nested)
    return bounded(_rows(reader, delimiter, lines, header))


def _rows(reader: Iterator[list[str]], delimiter: str, lines: Texts, header: list[str]) -> Iterator[Row]:
    def fault(error: Exception, at: int) -> BadList:
        if isinstance(error, TooLong):
            return BadList(f"The row cannot be read: {TOO_LONG}. A quotation mark may be missing.", at)
        return BadList(f"The row cannot be read: {error}.", at, _open_column(error, delimiter, lines, header))

    count = 0
    for at, cells in numbered(lines, reader, fault):
        count += len(cells)
        looked_at(at, count, at)
        cells = [cell.strip() for cell in cells]
        if not any(cells):  # what spreadsheets leave between
            continue
        if len(cells) != len(header):
            missing = header[len(cells)] if len(cells) < len(header) else None
            raise BadList(f"The row has {texts.many(len(cells), 'cell')}, the header {len(header)}.", at, missing)
        for name, cell in zip(header, cells, strict=True):
            if not _is_utf8(cell):
                raise BadList(f"The text is not UTF-8 here. {SAVE_AS}", at, name)
        yield at, _nested({name: cell for name, cell in zip(header, cells, strict=True) if cell})


def _open_column(error: Exception, delimiter: str, lines: Texts, header: list[str]) -> str | None:
    """The column whose quotation mark is never closed; None where something else is wrong."""
    if "unexpected end" not in str(error):
        return None
    try:
        count = sum(len(cells) for cells in csv.reader([lines.row()], delimiter=delimiter))
    except csv.Error:  # longer than a cell may be
        return None
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


def _check_header(header: list[str], known: Sequence[str], nested: Sequence[str]) -> None:
    if len(header) > MOST_COLUMNS:
        raise BadList(f"The header has {len(header):,} columns; a list has {MOST_COLUMNS} at most.")
    for at, name in enumerate(header, 1):
        if not _is_utf8(name):
            raise BadList(f"The header is not UTF-8 in its column {at}. {SAVE_AS}")
        if len(name) > LONGEST_NAME:
            raise BadList(f"The header's column {at} has a name of more than {LONGEST_NAME} characters.")
    if "number" not in header:
        raise BadList(
            f"The header has no column number; it has {', '.join(header)[:200] or 'nothing'}.", field="number"
        )
    for at, name in enumerate(header):
        if name in header[:at]:
            raise BadList(f"The header has the column {name} twice.", field=name)
        outer, dot, inner = name.partition(".")
        if not (name in known or (outer in nested and dot and inner)):
            there = ", ".join((*known, *(f"{one}.<name>" for one in nested)))
            raise BadList(f"The header has a column that nothing reads; there are {there}.", field=name)
