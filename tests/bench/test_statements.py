"""Counting SQLite's statements in other processes, as ``bench.statements`` does."""

import os
import subprocess
import sys

from bench.databases import Embedded

PROGRAM = """
import os, sqlite3
connection = sqlite3.connect("wrapup.db", isolation_level=None)
connection.execute("CREATE TABLE t (x)")
connection.executemany("INSERT INTO t VALUES (?)", [(1,), (2,), (3,)])
sqlite3.connect("other.db").execute("SELECT 1")
if not os.fork():
    sqlite3.connect("wrapup.db").execute("SELECT 1")
    os._exit(0)
os.wait()
"""


def test_each_row_of_each_process_counts_and_other_databases_do_not(tmp_path):
    embedded = Embedded(tmp_path)
    subprocess.run([sys.executable, "-c", PROGRAM], cwd=tmp_path, env=os.environ | embedded.tracing(), check=True)
    assert embedded.statements() == 1 + 3 + 1
