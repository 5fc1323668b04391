"""DuckDB over the segments. Imported only by processes of their own (``process``, ``follower``): the library takes sixty
megabytes, and what it does, a processor for as long as it takes."""

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

import duckdb

from queries.mirror.columns import KINDS, NAMES, quoted
from queries.mirror.manifest import Manifest, Segment

MEMORY = "256MB"
THREADS = 2
OVERLAY, OVERLAY_DEAD = "overlay", "overlay_dead"


def connect(folder: Path, memory: str = MEMORY, threads: int = THREADS) -> duckdb.DuckDBPyConnection:
    """A DuckDB of its own, in memory, that spills into the folder, and never asks the network for anything."""
    line = duckdb.connect(
        config={
            "memory_limit": memory,
            "threads": threads,
            "allocator_background_threads": True,  # else what an answer needed is held until the next one
            "temp_directory": str(folder / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    line.execute("SET TimeZone = 'UTC'")
    line.execute("SET preserve_insertion_order = false")
    line.execute("SET enable_external_file_cache = false")  # the system keeps files, where it has room for them
    _empty(line)
    return line


def _empty(line: duckdb.DuckDBPyConnection) -> None:
    """Tables made anew: those from which rows are deleted keep what these took, and are read over it."""
    columns = ", ".join(f"CAST(NULL AS {kind}) AS {column}" for column, kind in KINDS.items())
    for name in (OVERLAY, "arriving"):
        line.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {NAMES} FROM (SELECT {columns}) LIMIT 0")
    for name in (OVERLAY_DEAD, "dead"):
        line.execute(f"CREATE OR REPLACE TEMP TABLE {name} (segment INTEGER, row BIGINT)")


def open_manifest(line: duckdb.DuckDBPyConnection, folder: Path, manifest: Manifest) -> None:
    """Make ``call_outcomes`` the mirror's live rows; what was laid over another moment of it is forgotten."""
    _empty(line)
    if manifest.dead:
        line.execute(f"INSERT INTO dead SELECT segment, row FROM read_parquet('{quoted(str(folder / manifest.dead))}')")
    _view(line, folder, manifest)


def _view(line: duckdb.DuckDBPyConnection, folder: Path, manifest: Manifest) -> None:
    line.execute(f"CREATE OR REPLACE TEMP VIEW call_outcomes AS {live(line, folder, manifest)}")


def live(line: duckdb.DuckDBPyConnection, folder: Path, manifest: Manifest) -> str:
    """All live rows: of segments without dead ones in one read; of the others what is not dead; and what is laid over them."""
    some = touched(line)
    whole = [one.file for at, one in enumerate(manifest.segments) if at not in some]
    parts = [f"SELECT {NAMES} FROM {read(folder, whole)}"] if whole else []
    for at in sorted(some):
        gone = (
            f"SELECT row FROM dead WHERE segment = {at} UNION ALL SELECT row FROM {OVERLAY_DEAD} WHERE segment = {at}"
        )
        file = manifest.segments[at].file
        parts.append(
            f"SELECT {NAMES} FROM {read(folder, [file], True)} s ANTI JOIN ({gone}) d ON s.file_row_number = d.row"
        )
    parts.append(f"SELECT {NAMES} FROM {OVERLAY}")
    return " UNION ALL ".join(parts)


def touched(line: duckdb.DuckDBPyConnection) -> set[int]:
    """The segments, by their places in the manifest, of which some rows are dead."""
    found = line.execute(f"SELECT segment FROM dead UNION SELECT segment FROM {OVERLAY_DEAD}").fetchall()
    return {at for (at,) in found}


def read(folder: Path, files: Sequence[str], numbered: bool = False) -> str:
    """DuckDB's table of Parquet files; ``numbered``: with ``file_row_number``."""
    paths = ", ".join(f"'{quoted(str(folder / file))}'" for file in files)
    return f"read_parquet([{paths}]{', file_row_number=true' if numbered else ''})"


def find_dead(
    line: duckdb.DuckDBPyConnection, folder: Path, segments: Sequence[Segment], fresh: str, dead: str
) -> None:
    """Note in the table ``dead`` where in the segments the rows of the table ``fresh`` stood before. A first
    revision stood nowhere."""
    line.execute(f"CREATE OR REPLACE TEMP TABLE changed AS SELECT id FROM {fresh} WHERE revision > 1")
    ends = "SELECT count(*), CAST(min(id) AS VARCHAR), CAST(max(id) AS VARCHAR) FROM changed"
    ((count, first, last),) = line.execute(ends).fetchall()
    for at, one in enumerate(segments):
        if not count or last < one.first_id or first > one.last_id:
            continue
        found = f"SELECT {at}, file_row_number FROM {read(folder, [one.file], True)} s SEMI JOIN changed USING (id)"
        line.execute(f"INSERT INTO {dead} {found}")
    line.execute("DROP TABLE changed")


def lay_over(line: duckdb.DuckDBPyConnection, folder: Path, manifest: Manifest, table: str) -> None:
    """Lay over the mirror what has changed since: rows of a table of CSV. Those that were laid over it before and have changed
    again are replaced."""
    line.execute(f"CREATE OR REPLACE TEMP TABLE arriving AS SELECT * FROM {table}")
    line.execute(f"DELETE FROM {OVERLAY} WHERE id IN (SELECT id FROM arriving)")
    line.execute(f"INSERT INTO {OVERLAY} SELECT * FROM arriving")
    find_dead(line, folder, manifest.segments, "arriving", OVERLAY_DEAD)
    line.execute(f"CREATE OR REPLACE TEMP TABLE arriving AS SELECT * FROM {OVERLAY} LIMIT 0")
    _view(line, folder, manifest)


def rows(line: duckdb.DuckDBPyConnection, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """The answer to a statement, its times aware."""
    try:
        return _rows(line, statement, parameters)
    except duckdb.OutOfMemoryException:  # what two threads hold at the same time may be too much where one finds room
        line.execute("SET threads = 1")
        try:
            return _rows(line, statement, parameters)
        finally:
            line.execute(f"SET threads = {THREADS}")


def _rows(line: duckdb.DuckDBPyConnection, statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    asked = line.execute(statement, list(parameters))
    times = [at for at, column in enumerate(asked.description) if str(column[1]) == "TIMESTAMP"]
    found = asked.fetchall()
    return [_aware(row, times) for row in found] if times else found


def _aware(row: tuple[Any, ...], times: Sequence[int]) -> tuple[Any, ...]:
    cells = list(row)
    for at in times:
        cells[at] = cells[at] and cells[at].replace(tzinfo=UTC)
    return tuple(cells)
