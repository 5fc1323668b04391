"""The process that writes a statement's rows, oldest call first: ``python -m queries.mirror.streamer FOLDER [FILE]``. What is
asked comes pickled on its standard input; on its standard output a line of JSON says whether it can be, and the rows follow,
unless they are to be a file of Parquet.

It holds the files that it reads open, so that a mirror which is rewritten meanwhile does not take them away. The rows are
written a slice of time after the other, and sorted where several files have some of it: sorting all at once would need room for
all of them."""

import json
import os
import pickle
import sys
import tempfile
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from queries.mirror import engine
from queries.mirror.columns import NAMES, read_csv
from queries.mirror.manifest import Manifest, Segment, Unusable, verify
from queries.mirror.order import Order
from queries.mirror.slices import Slice, laid_over, slices
from queries.parquet_files import WRITTEN

NICE = 10
MEMORY = "160MB"
# A line of JSON is one cell, and holds no such character: nothing in it is quoted.
_FORMS = {True: "QUOTE '', ESCAPE '', DELIMITER E'\\x02'", False: "QUOTE '\"', DELIMITER ','"}


def write(line: duckdb.DuckDBPyConnection, manifest: Manifest, order: Order, wide: int) -> None:
    """All rows as text, to standard output. ``wide``: so many bytes has a row of those that are laid over."""
    form = f"(FORMAT csv, HEADER false, USE_TMP_FILE false, {_FORMS[order.lines]})"
    for one in slices(line, manifest, order.slice, wide):
        _show(line, manifest, one)
        statement = order.statement if one.file is None else order.unsorted
        line.execute(f"COPY ({statement}) TO '/dev/stdout' {form}", order.parameters)


def make(line: duckdb.DuckDBPyConnection, manifest: Manifest, order: Order, wide: int, path: str) -> None:
    """All rows as one file of Parquet. What has to be sorted is written beside first."""
    with tempfile.TemporaryDirectory(prefix="wrapup-export-") as beside:
        parts: list[str] = []
        for file, some in groupby(slices(line, manifest, order.slice, wide), key=lambda one: one.file):
            own = list(some)
            if file is not None:
                parts.append(_rows(line, manifest, Slice(own[0].first, own[-1].behind, file)))
                continue
            files: list[str] = []
            for one in own:
                _show(line, manifest, one)
                files.append(f"{beside}/{len(parts)}-{len(files)}.parquet")
                line.execute(f"COPY (SELECT {NAMES} FROM call_outcomes ORDER BY occurred_at, id) TO '{files[-1]}'")
            parts.append(f"SELECT {NAMES} FROM {engine.read(Path('/'), files)}")
        line.execute(f"CREATE OR REPLACE TEMP VIEW call_outcomes AS {' UNION ALL '.join(parts)}")
        columns = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in order.types.items())
        line.execute(f"COPY (SELECT {columns} FROM ({order.unsorted})) TO '{path}' {WRITTEN}", order.parameters)


def _show(line: duckdb.DuckDBPyConnection, manifest: Manifest, one: Slice) -> None:
    """Make ``call_outcomes`` the rows of the slice."""
    line.execute(f"CREATE OR REPLACE TEMP VIEW call_outcomes AS {_rows(line, manifest, one)}")


def _rows(line: duckdb.DuckDBPyConnection, manifest: Manifest, one: Slice) -> str:
    if one.file is not None:
        return f"SELECT {NAMES} FROM {engine.read(Path('/'), [one.file])} WHERE {one.condition}"
    return f"SELECT * FROM ({engine.live(line, Path('/'), manifest)}) WHERE {one.condition}"


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
    wide = 0
    try:
        manifest = _held(folder, order.manifest)
        line = engine.connect(folder, MEMORY, threads=1)
        line.execute("SET preserve_insertion_order = true")
        engine.open_manifest(line, Path("/"), manifest)
        if order.over is not None:
            engine.lay_over(line, Path("/"), manifest, read_csv(order.over))
            wide = Path(order.over).stat().st_size // max(1, laid_over(line, Slice(None, None)))
    except Unusable as error:
        told = {"unusable": str(error)}
    except duckdb.Error as error:
        told = {"unusable": f"DuckDB has failed ({type(error).__name__})"}
    else:
        told = {}
    os.write(1, json.dumps(told).encode() + b"\n")
    if not told and len(sys.argv) > 2:
        make(line, manifest, order, wide, sys.argv[2])
    elif not told:
        write(line, manifest, order, wide)


if __name__ == "__main__":
    main()
