"""Counts the statements that this process runs on an SQLite database, in a file of its own, for ``bench.statements``.

Python imports it at its start where this folder is on PYTHONPATH, which only the benchmark puts there.
"""

import mmap
import os
import sqlite3
import struct

if os.environ.get("BENCH_STATEMENTS"):
    _connect = sqlite3.connect
    _counts: dict[int, mmap.mmap] = {}

    def _count() -> mmap.mmap:
        """The counter of this process: a fork begins one of its own."""
        pid = os.getpid()
        if pid not in _counts:
            path = os.path.join(os.environ["BENCH_STATEMENTS"], str(pid))
            with open(path, "w+b") as file:
                file.truncate(8)
                _counts[pid] = mmap.mmap(file.fileno(), 8)
        return _counts[pid]

    def _counted(statement: str) -> None:
        if not statement.startswith("--"):  # SQLite's own remark about a trigger
            count = _count()
            count[:8] = struct.pack("<Q", struct.unpack("<Q", count[:8])[0] + 1)

    def connect(database, *arguments, **options):
        connection = _connect(database, *arguments, **options)
        if str(database).endswith("wrapup.db"):
            connection.set_trace_callback(_counted)
        return connection

    sqlite3.connect = sqlite3.dbapi2.connect = connect
