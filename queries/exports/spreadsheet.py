"""CSV for people who open it with a double click: Excel, LibreOffice, Google Sheets. Why so: docs/decisions/0012-spreadsheets.md.

Times are of the reader's clocks, without T and Z, which all of them read as times. A text in which there is a digit, such as an
id, a telephone number or a name that could be a date, is written as ``="1795818726.10"``: they would take it for a number, and
drop digits.
"""

import csv
import io
import re
from collections.abc import Iterator

from queries.exports.cells import FORMULA
from queries.exports.child import TEXT, TIME
from queries.exports.choice import Choice, kind
from queries.exports.clocks import local

BOM = b"\xef\xbb\xbf"  # by which Excel knows UTF-8
LONGEST = 255  # characters of a text within a formula, in Excel
_DIGIT = re.compile(r"\d")
_BREAK = re.compile(r"[\x00-\x1f]")
_WORDS = frozenset(("true", "false"))
_NUMBER = re.compile(r"\+[0-9]+", re.ASCII)


def head(choice: Choice) -> bytes:
    return BOM + (",".join(choice.columns) + "\r\n").encode()


def written(piece: bytes, choice: Choice) -> bytes:
    """Rows for a spreadsheet, from those of plain CSV."""
    times = [at for at, name in enumerate(choice.columns) if kind(name) == TIME]
    words = [at for at, name in enumerate(choice.columns) if kind(name) == TEXT]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in rows(piece):
        for at in times:
            if row[at]:
                row[at] = local(row[at], choice.zone)
        for at in words:
            if row[at]:
                row[at] = whole(row[at])
        writer.writerow(row)
    return out.getvalue().encode()


def rows(piece: bytes) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(piece.decode(), newline=""))


def whole(text: str) -> str:
    """The text as a spreadsheet keeps it."""
    if not (_DIGIT.search(text) or text[0] in FORMULA or text.lower() in _WORDS):
        return text
    if len(text) <= LONGEST and not _BREAK.search(text):
        return '="' + text.replace('"', '""') + '"'
    return "'" + text if is_formula(text) else text


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would run the text as a formula. Its twin in SQL is ``cells.harmless``."""
    return text[:1] in FORMULA and text != "" and not _NUMBER.fullmatch(text)
