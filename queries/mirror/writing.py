"""How segments are written: by DuckDB, durably, under a name that the manifest does not know yet."""

import os
from pathlib import Path

import duckdb

from lib import durable, private
from queries.mirror import engine
from queries.mirror import manifest as manifests
from queries.mirror.columns import MONTH, quoted
from queries.mirror.manifest import Segment

MEMORY = "384MB"
# The second version writes times as the steps between them, which are read in half the time.
_WRITTEN = "(FORMAT parquet, PARQUET_VERSION V2, COMPRESSION zstd, ROW_GROUP_SIZE 100000, ROW_GROUP_SIZE_BYTES '32MB')"


def line(folder: Path) -> duckdb.DuckDBPyConnection:
    return engine.connect(folder, MEMORY)


def months(line: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """Those in which the table has calls."""
    return [month for (month,) in line.execute(f"SELECT DISTINCT {MONTH} FROM {table} ORDER BY 1").fetchall()]


def segment(
    line: duckdb.DuckDBPyConnection, folder: Path, statement: str, name: str, month: str | None = None
) -> Segment:
    """A segment of what the statement finds, which is in the order of time."""
    copy(line, folder, statement, name)
    ends = "count(*), coalesce(CAST(min(id) AS VARCHAR), ''), coalesce(CAST(max(id) AS VARCHAR), '')"
    ((rows, first, last),) = line.execute(f"SELECT {ends} FROM {engine.read(folder, [name])}").fetchall()
    path = folder / name
    return Segment(name, rows, durable.sha256(path), month, 0, first, last, manifests.stamp(path))


def copy(line: duckdb.DuckDBPyConnection, folder: Path, statement: str, name: str) -> None:
    """A file of what the statement finds. Where that fails, there is none."""
    path = folder / name
    private.make_file(path)
    try:
        line.execute(f"COPY ({statement}) TO '{quoted(str(path))}' {_WRITTEN}")
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    private.close(path)
    with path.open("rb") as file:
        os.fsync(file.fileno())
