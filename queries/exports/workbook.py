"""The child that makes a workbook: ``python -m queries.exports.workbook FILE CHOICE`` with CSV on its standard input.

xlsxwriter makes everything but the rows. Those are written here, into the file from which it takes them: cell by cell it would
be a tenth as fast, and a text such as ``<r>x</r>`` would go into the sheet as markup.
"""

import csv
import io
import re
import sys
from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.utility import xl_col_to_name

from queries.exports import child
from queries.exports.child import NUMBER, TIME, TRUTH, Order
from queries.exports.clocks import local

MOST_ROWS = 1_048_576  # of a sheet, its header included
LONGEST = 32_767  # UTF-16 units of a cell; what is beyond is cut off, for Excel takes no more
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_SPECIAL = re.compile("[&<>]")
# What XML cannot hold, and what reads as if it had been written instead of such a character.
_ESCAPED = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_x[0-9a-fA-F]{4}_")
_FIRST_DAY = date(1899, 12, 30).toordinal()

Cell = Callable[[str], str]


def make(path: str, order: Order, folder: Path) -> None:
    options = {"constant_memory": True, "tmpdir": str(folder), "default_date_format": "yyyy-mm-dd hh:mm:ss"}
    with open(path, "r+b") as file:
        workbook = xlsxwriter.Workbook(file, options)
        workbook.use_zip64()
        moment = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        writers = [_writer(kind, order.zone, moment._get_xf_index()) for kind in order.columns.values()]
        rows = csv.reader(io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", newline=""))
        number = 1
        while _sheet(workbook, f"Outcomes {number}" if number > 1 else "Outcomes", tuple(order.columns), writers, rows):
            number += 1
        workbook.close()


def _sheet(workbook: Any, name: str, columns: tuple[str, ...], writers: list[Cell], rows: Iterator[list[str]]) -> bool:
    """Write as many rows as a sheet holds. Whether it was full."""
    sheet = workbook.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    names = [xl_col_to_name(at) for at in range(len(columns))]
    out = sheet.row_data_fh
    out.write(_row(1, names, [_text] * len(columns), columns))
    count = 1
    for row in rows:
        count += 1
        out.write(_row(count, names, writers, row))
        if count == MOST_ROWS:
            break
    sheet.dim_rowmin = sheet.dim_colmin = 0
    sheet.dim_rowmax, sheet.dim_colmax = count - 1, len(columns) - 1
    return count == MOST_ROWS


def _row(number: int, names: list[str], writers: list[Cell], row: list[str] | tuple[str, ...]) -> str:
    cells = [
        f'<c r="{name}{number}"{write(cell)}</c>' for name, write, cell in zip(names, writers, row, strict=True) if cell
    ]
    return f'<row r="{number}">{"".join(cells)}</row>'


def _writer(what: str, zone: str, format_index: int) -> Cell:
    if what == TIME:
        return lambda cell: f' s="{format_index}"><v>{_serial(local(cell, zone))}</v>'
    if what == NUMBER:
        return lambda cell: f"><v>{cell}</v>"
    if what == TRUTH:
        return lambda cell: f' t="b"><v>{int(cell == "true")}</v>'
    return _text


def _text(cell: str) -> str:
    """Always a text: nothing in it is a formula, a number or an address."""
    if len(cell) > LONGEST // 2:
        cell = cell.encode("utf-16-le")[: 2 * LONGEST].decode("utf-16-le", "ignore")
    if _ESCAPED.search(cell):
        cell = _ESCAPED.sub(_escaped, cell)
    if _SPECIAL.search(cell):
        cell = cell.translate(_MARKUP)
    return f' t="inlineStr"><is><t xml:space="preserve">{cell}</t></is>'


def _escaped(found: re.Match[str]) -> str:
    text = found[0]
    return f"_x{ord(text):04X}_" if len(text) == 1 else "_x005F" + text


def _serial(moment: str) -> str:
    """A local time, ``2026-11-18 15:42:52``, as Excel counts: days since 1899-12-30."""
    seconds = int(moment[11:13]) * 3600 + int(moment[14:16]) * 60 + int(moment[17:19])
    return repr(_day(moment[:10]) + seconds / 86_400)


@lru_cache(maxsize=10_000)
def _day(text: str) -> int:
    return date.fromisoformat(text).toordinal() - _FIRST_DAY


def _is_full(error: Exception) -> bool:
    return isinstance(error, FileCreateError) and "No space left" in str(error)


if __name__ == "__main__":
    child.run(make, _is_full)
