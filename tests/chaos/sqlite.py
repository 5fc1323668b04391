"""An SQLite file, and what may become of it while it is needed."""

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from tests.chaos import disks

HOLD = """
import sqlite3, sys
path, mode = sys.argv[1:]
connection = sqlite3.connect(path, timeout=60, isolation_level=None)
connection.execute("BEGIN " + mode)
print("held", flush=True)
sys.stdin.read()
connection.execute("ROLLBACK")
"""


class SQLite:
    """The file ``wrapup.db`` in a folder, which may be a disk of its own."""

    def __init__(self, folder: Path):
        self.file = folder / "wrapup.db"
        self.url = f"sqlite:///{self.file}"

    @contextmanager
    def locked(self, mode: str):
        """Another process holds the write lock: ``IMMEDIATE`` or ``EXCLUSIVE``."""
        command = [sys.executable, "-c", HOLD, str(self.file), mode]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
            try:
                holder.stdout.readline()
                yield
            finally:
                holder.stdin.close()
                holder.wait(30)

    def read_only(self):
        """Whoever opens the file from now on may only read it."""
        return disks.unchangeable(self.file)
