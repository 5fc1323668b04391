"""The lines of a list, read as they are asked for."""

import csv
import itertools
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from typing import TypeVar

from dialers.giving import BadList
from leads.bounds import LONGEST_ROW

Read = TypeVar("Read")

_LINE = re.compile(rb"[^\r\n]*+(?:\r\n|\r|\n)?")
_BLANKS = b" \t\r\n,;"


class TooLong(Exception):
    """A row that is longer than any."""


class _Rows:
    """A body line by line, and what was read of it since ``begin``: a row may be several. What is blank at the end is left out:
    spreadsheets write a million lines of nothing."""

    def __init__(self, data: bytes):
        self._data = data
        self._at = len(BOM_UTF8) if data.startswith(BOM_UTF8) else 0
        self._end = self._end_of_line(max(self._at, len(data.rstrip(_BLANKS))), len(data))
        self._row: list[bytes] = []
        self._size = 0

    def _next(self) -> bytes:
        """Raises StopIteration and TooLong."""
        if self._at >= self._end:
            raise StopIteration
        left = LONGEST_ROW - self._size
        line = self._data[self._at : self._end_of_line(self._at, min(self._end, self._at + left + 1))]
        if len(line) > left:
            raise TooLong
        self._at += len(line)
        self._size += len(line)
        self._row.append(line)
        return line

    def _end_of_line(self, begin: int, end: int) -> int:
        found = _LINE.match(self._data, begin, end)
        return found.end() if found else begin

    def begin(self) -> None:
        """Here begins a row."""
        self._row.clear()
        self._size = 0


class Lines(_Rows):
    """The lines as bytes. Raises TooLong."""

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> bytes:
        return self._next()


class Texts(_Rows):
    """The same as text; what is not UTF-8 is told by its cell."""

    def __iter__(self) -> "Texts":
        return self

    def __next__(self) -> str:
        return _text(self._next())

    def first(self) -> str:
        """The first line, which stays to be read."""
        at = self._at
        line = next(self, "")
        self._at = at
        self.begin()
        return line

    def row(self) -> str:
        """What was read since ``begin``."""
        return _text(b"".join(self._row))


def numbered(
    lines: Lines | Texts, rows: Iterator[Read], fault: Callable[[Exception, int], BadList]
) -> Iterator[tuple[int, Read]]:
    """Each row that is read of the lines, with its number from 1 on. Raises the ``fault`` of one that cannot be read."""
    for at in itertools.count(1):
        lines.begin()
        try:
            row = next(rows)
        except StopIteration:
            return
        except (TooLong, csv.Error) as error:
            raise fault(error, at) from None
        yield at, row


def _text(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape")
