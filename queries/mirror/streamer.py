"""The process that writes a statement's rows as bytes: ``python -m queries.mirror.streamer FOLDER``. What is asked comes pickled
on its standard input; on its standard output a line of JSON says whether it can be, and the rows follow, oldest call first.

It holds the files that it reads open, so that a mirror which is rewritten meanwhile does not take them away. The rows are
sorted and written a slice of time after the other: sorting all at once would need room for all of them."""

import json
import os
import pickle
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from queries.mirror import engine
from queries.mirror.columns import quoted, read_csv
from queries.mirror.manifest import Manifest, Segment, Unusable, verify
from queries.mirror.order import Order

NICE = 10
MEMORY = "160MB"
# A line of JSON is one cell, and holds no such character: nothing in it is quoted.
_FORMS = {True: "QUOTE '', ESCAPE '', DELIMITER E'\\x02'", False: "QUOTE '\"', DELIMITER ','"}


def slices(line: duckdb.DuckDBPyConnection, manifest: Manifest, least: int) -> Iterator[str]:
    """Conditions that part all rows by time, each for about so many rows at least."""
    groups: list[tuple[Any, int]] = []
    if manifest.segments:
        files = ", ".join(f"'{quoted(one.file)}'" for one in manifest.segments)
        groups = line.execute(
            f"SELECT stats_min_value, row_group_num_rows FROM parquet_metadata([{files}]) "
            "WHERE path_in_schema = 'occurred_at' AND stats_min_value IS NOT NULL ORDER BY 1"
        ).fetchall()
    before, rows = None, 0
    for first, count in groups:
        if rows >= least and first != before:
            yield _between(before, first)
            before, rows = first, 0
        rows += count
    yield _between(before, None)


def _between(first: str | None, behind: str | None) -> str:
    ends = [f"occurred_at {sign} TIMESTAMP '{at}'" for sign, at in ((">=", first), ("<", behind)) if at is not None]
    return " AND ".join(ends) or "true"


def write(line: duckdb.DuckDBPyConnection, manifest: Manifest, order: Order) -> None:
    """All rows, to standard output."""
    everything = engine.live(line, Path("/"), manifest)
    form = f"(FORMAT csv, HEADER false, USE_TMP_FILE false, {_FORMS[order.lines]})"
    for condition in slices(line, manifest, order.slice):
        line.execute(f"CREATE OR REPLACE TEMP VIEW call_outcomes AS SELECT * FROM ({everything}) WHERE {condition}")
        line.execute(f"COPY ({order.statement}) TO '/dev/stdout' {form}", order.parameters)


def _held(folder: Path, told: dict[str, Any]) -> Manifest:
    """The manifest with handles in place of its files' names. Raises Unusable."""
    manifest = Manifest(**told | {"segments": tuple(Segment(**one) for one in told["segments"])})
    try:
        segments = tuple(replace(one, file=_handle(folder / one.file)) for one in manifest.segments)
        held = replace(manifest, segments=segments, dead=manifest.dead and _handle(folder / manifest.dead))
    except OSError as error:
        raise Unusable(f"a file of the mirror cannot be read ({type(error).__name__})") from None
    verify(Path("/"), held)
    return held


def _handle(path: Path) -> str:
    return f"/proc/self/fd/{os.open(path, os.O_RDONLY)}"


def main() -> None:
    os.nice(NICE)
    folder = Path(sys.argv[1])
    order: Order = pickle.load(sys.stdin.buffer)
    try:
        manifest = _held(folder, order.manifest)
        line = engine.connect(folder, MEMORY, threads=1)
        line.execute("SET preserve_insertion_order = true")
        engine.open_manifest(line, Path("/"), manifest)
        if order.over is not None:
            engine.lay_over(line, Path("/"), manifest, read_csv(order.over))
    except Unusable as error:
        told = {"unusable": str(error)}
    except duckdb.Error as error:
        told = {"unusable": f"DuckDB has failed ({type(error).__name__})"}
    else:
        told = {}
    os.write(1, json.dumps(told).encode() + b"\n")
    if not told:
        write(line, manifest, order)


if __name__ == "__main__":
    main()
