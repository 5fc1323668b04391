"""A copy of SQLite's file while others write to it."""

import os
import sqlite3
import time
from pathlib import Path

PAGES = 256  # of one step: a megabyte, as pages mostly are
SYNCED_STEPS = 8
LONGEST_REST_SECONDS = 0.25
BUSY_SECONDS = 30.0
COMPLAINTS = 5


def copy(source: Path, target: Path) -> None:
    """Copy the database as it is at one moment. Raises sqlite3.Error and OSError.

    SQLite's own way begins anew whenever another process has written between two steps, which with callbacks is always. Within
    a transaction that reads, the source stays as it was when that began, and nobody waits for it: in WAL mode writers write on,
    and only the log in front of the file grows. After each step it rests for as long as the step took, and what it has written
    is brought to the disk a few megabytes at a time: else a callback's own fsync would wait for all of it.
    """
    reading = sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS)
    writing = sqlite3.connect(target)
    beside = os.open(target, os.O_RDWR | os.O_CLOEXEC)
    try:
        reading.isolation_level = None
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
        writing.execute("PRAGMA journal_mode=OFF")
        writing.execute("PRAGMA synchronous=OFF")
        reading.backup(writing, pages=PAGES, progress=_Resting(beside).rest)
        writing.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it
    finally:
        reading.close()
        writing.close()
        os.fsync(beside)
        os.close(beside)


class _Resting:
    def __init__(self, file: int):
        self._file = file
        self._steps = 0
        self._since = time.monotonic()

    def rest(self, *_: int) -> None:
        self._steps += 1
        if self._steps % SYNCED_STEPS == 0:
            os.fdatasync(self._file)
        time.sleep(min(time.monotonic() - self._since, LONGEST_REST_SECONDS))
        self._since = time.monotonic()


def read_only(path: Path) -> str:
    """The URI of a file that nobody writes to: nothing is made beside it."""
    return f"{path.absolute().as_uri()}?mode=ro&immutable=1"


def complaints(path: Path) -> list[str]:
    """What SQLite finds wrong with the file; nothing where it is whole. Raises sqlite3.Error."""
    line = sqlite3.connect(read_only(path), uri=True)
    try:
        found = [str(said) for (said,) in line.execute(f"PRAGMA integrity_check({COMPLAINTS})")]
    except sqlite3.DatabaseError as error:
        return [str(error)]
    finally:
        line.close()
    return [] if found == ["ok"] else found


def bytes_of(source: Path) -> int:
    """How many the copy will have: as many as the file, or as the file will have with its log. Raises sqlite3.Error."""
    line = sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS)
    try:
        pages, size = (line.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    finally:
        line.close()
    return int(pages) * int(size)
