"""The child that makes Parquet, by DuckDB: ``python -m queries.exports.parquet FILE CHOICE`` with CSV on its standard input."""

import os
import shutil
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import duckdb

from queries import whole_rows
from queries.exports import child
from queries.exports.child import Order
from queries.parquet_files import WRITTEN

MEMORY = "320MB"  # of long rows, such as conversations; others need half of it
# Bytes of CSV that are read at a time: DuckDB keeps something of every row until it is at the end.
PORTION = 256 * 1024 * 1024
_READ = 1 << 20
LONGEST = 16 * 1024 * 1024  # bytes of a row; it holds two or three times as many


def make(path: str, order: Order, folder: Path) -> None:
    """The file at once, where there are few rows; else of portions."""
    portions = Portions(sys.stdin.buffer)
    parts: list[str] = []
    while portions.more:
        if len(parts) == 1:
            shutil.copyfile(path, parts[0])
        parts.append(str(folder / f"{len(parts)}.parquet"))
        with connect(folder) as line, portions.next() as handle:
            rows = given(order.types(), f"/dev/fd/{handle}")
            line.execute(f"COPY (SELECT * FROM {rows}) TO '{path if len(parts) == 1 else parts[-1]}' {WRITTEN}")
    if len(parts) > 1:
        os.truncate(path, 0)
        with connect(folder) as line:
            line.execute(f"COPY (SELECT * FROM read_parquet({parts})) TO '{path}' {WRITTEN}")


class Portions:
    """CSV from a pipe, through one pipe after the other, each with about PORTION bytes of whole rows."""

    def __init__(self, given: BinaryIO):
        self._given = given
        self._rest = b""
        self.more = True  # the first is there even where it is empty

    @contextmanager
    def next(self) -> Iterator[int]:
        """The handle from which the next one is read."""
        reading, writing = os.pipe()
        feeding = threading.Thread(target=self._feed, args=(writing,))
        feeding.start()
        try:
            yield reading
        finally:
            os.close(reading)  # who feeds it would else wait for ever where nobody has read to the end
            feeding.join()

    def _feed(self, writing: int) -> None:
        size = 0
        try:
            with open(writing, "wb") as pipe:
                while size < PORTION:
                    piece = self._given.read1(_READ)  # type: ignore[attr-defined]
                    self._rest += piece
                    self.more = bool(piece)
                    end = whole_rows.end_of_last(self._rest) if piece else len(self._rest)
                    pipe.write(self._rest[:end])
                    size += end
                    self._rest = self._rest[end:]
                    if not piece:
                        return
        except BrokenPipeError:
            self.more = False


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY,
        "threads": 1,
        "temp_directory": str(folder),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    line = duckdb.connect(config=config)
    line.execute("SET TimeZone = 'UTC'")
    # Else groups cannot be limited by bytes. Rows stay in order all the same, by one thread.
    line.execute("SET preserve_insertion_order = false")
    return line


def given(columns: Mapping[str, str], path: str) -> str:
    """DuckDB's table of CSV."""
    named = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    return (
        f"read_csv('{path}', columns={{{named}}}, auto_detect=false, header=false, delim=',', quote='\"', escape='\"', "
        # Said, because else it is guessed, also from a line's end that stands within quotes.
        "new_line='\\n', "
        f"nullstr='', allow_quoted_nulls=false, max_line_size={LONGEST}, buffer_size={LONGEST}, parallel=false)"
    )


def is_full(error: Exception) -> bool:
    return isinstance(error, duckdb.Error) and "No space left on device" in str(error)


if __name__ == "__main__":
    child.run(make, is_full)
