"""The child that makes Parquet, by DuckDB: ``python -m queries.exports.parquet FILE CHOICE`` with CSV on its standard input."""

from collections.abc import Mapping
from pathlib import Path

import duckdb

from queries.exports import child
from queries.exports.child import NUMBER, TIME, TRUTH, Order

MEMORY = "160MB"
ROWS = 32_768  # of a row group: all of its cells are in memory at once
LONGEST = 16 * 1024 * 1024  # bytes of a row; it holds two or three times as many
_KINDS = {TIME: "TIMESTAMPTZ", TRUTH: "BOOLEAN", NUMBER: "BIGINT"}


def types(order: Order) -> dict[str, str]:
    """DuckDB's type of each column: ids, texts and JSON are text, times are of UTC."""
    return {name: _KINDS.get(kind, "VARCHAR") for name, kind in order.columns.items()}


def make(path: str, order: Order, folder: Path) -> None:
    # It writes beside and renames, unless it is told not to; beside a file without a name there is no place.
    written = f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROWS}, USE_TMP_FILE false)"
    with connect(folder) as line:
        line.execute(f"COPY (SELECT * FROM {given(types(order))}) TO '{path}' {written}")


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
    return line


def given(columns: Mapping[str, str]) -> str:
    """DuckDB's table of the CSV on standard input."""
    named = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    return (
        f"read_csv('/dev/stdin', columns={{{named}}}, auto_detect=false, header=false, delim=',', quote='\"', escape='\"', "
        # Said, because else it is guessed, also from a line's end that stands within quotes.
        "new_line='\\n', "
        f"nullstr='', allow_quoted_nulls=false, max_line_size={LONGEST}, buffer_size={LONGEST}, parallel=false)"
    )


def is_full(error: Exception) -> bool:
    return isinstance(error, duckdb.Error) and "No space left on device" in str(error)


if __name__ == "__main__":
    child.run(make, is_full)
