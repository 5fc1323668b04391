"""In which formats outcomes are exported, and how each is made of rows."""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass

from queries.exports import reading, spreadsheet
from queries.exports.choice import Choice


@dataclass(frozen=True)
class Format:
    """``head``: the first bytes; ``written``: how rows are asked for; ``program``: what makes the file of them, where it is not
    they themselves; ``after``: what is done to a piece besides."""

    content_type: str
    written: str
    program: str | None = None
    head: Callable[[Choice], bytes] = lambda choice: b""
    after: Callable[[bytes, Choice], bytes] = lambda piece, choice: piece

    def table(self, rows: reading.Pieces, choice: Choice) -> reading.Pieces:
        """The file, where no program makes it."""
        with closing(rows):
            head = self.head(choice)
            for piece in rows:
                yield head + self.after(piece, choice)
                head = b""
            if head:
                yield head


def _header(choice: Choice) -> bytes:
    return (",".join(choice.columns) + "\n").encode()


_CSV = "text/csv; charset=utf-8; header=present"
_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS: Mapping[str, Format] = {
    "csv": Format(_CSV, reading.GUARDED, head=_header),
    "ndjson": Format("application/x-ndjson", reading.LINES),
    "parquet": Format("application/vnd.apache.parquet", reading.PLAIN, "queries.exports.parquet"),
    "xlsx": Format(_WORKBOOK, reading.PLAIN, "queries.exports.workbook"),
}
FOR_SPREADSHEETS = {
    "csv": Format(_CSV, reading.PLAIN, head=spreadsheet.head, after=spreadsheet.written),
    "xlsx": FORMATS["xlsx"],
}
