"""Counts that several processes keep together, in a small file that all of them map.

Nobody waits for it: where another process holds the file, ours remembers, and adds with its next count.
"""

import mmap
import os
import struct
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import structlog

from lib import locks, private

log = structlog.get_logger(__name__)

_SLOT = struct.Struct("<Q")


class SharedCounts:
    """How often each of ``names`` was counted, by all processes with this file, since it was made. The names stand in their
    order in the file: new ones go to the end."""

    def __init__(self, path: Path, names: Sequence[str]):
        self._path = path
        self._places = {name: place * _SLOT.size for place, name in enumerate(names)}
        self._owed: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._file: int | None = None
        self._map: mmap.mmap | None = None

    def add(self, name: str) -> None:
        """One more, where it is one of the names. While the disk refuses, what is counted waits in memory."""
        if name not in self._places:
            return
        with self._lock:
            self._owed[name] += 1
            try:
                self._pay()
            except OSError as error:
                log.error("tally_fails", error=type(error).__name__)

    def counts(self) -> dict[str, int]:
        """Raises OSError where the file cannot be had."""
        with self._lock:
            self._pay()
            return {name: self._read(place) + self._owed[name] for name, place in self._places.items()}

    def close(self) -> None:
        """What is owed to the file is forgotten."""
        with self._lock:
            if self._map is not None:
                self._map.close()
            if self._file is not None:
                os.close(self._file)
            self._file = self._map = None

    def _pay(self) -> None:
        file, counts = self._opened()
        if not locks.take(file):  # its holder may be stopped: nobody here waits for that
            return
        try:
            for name, more in self._owed.items():
                place = self._places[name]
                _SLOT.pack_into(counts, place, self._read(place) + more)
            self._owed.clear()
        finally:
            locks.give_back(file)

    def _read(self, place: int) -> int:
        count: int = _SLOT.unpack_from(self._opened()[1], place)[0]
        return count

    def _opened(self) -> tuple[int, mmap.mmap]:
        if self._file is None or self._map is None:
            private.make_folder(self._path.parent)
            private.make_file(self._path)
            file, size = os.open(self._path, os.O_RDWR), max(1, len(self._places)) * _SLOT.size
            try:
                os.posix_fallocate(file, 0, size)  # else a full disk would end the process at its first count
                self._map = mmap.mmap(file, size)
            except BaseException:
                os.close(file)
                raise
            self._file = file
        return self._file, self._map
