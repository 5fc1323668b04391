"""The process that writes a statement's rows as bytes: ``python -m queries.mirror.streamer FOLDER``. What is asked comes pickled
on its standard input; on its standard output a line of JSON says whether it can be, and the rows follow, oldest call first.

It holds the files that it reads open, so that a mirror which is rewritten meanwhile does not take them away. The rows are
written a slice of time after the other, and sorted where several files have some of it: sorting all at once would need room for
all of them."""

import json
import os
import pickle
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

from queries.mirror import engine
from queries.mirror.columns import NAMES, quoted, read_csv
from queries.mirror.manifest import Manifest, Segment, Unusable, verify
from queries.mirror.order import Order

NICE = 10
MEMORY = "160MB"
_TIME = "%Y-%m-%d %H:%M:%S.%f"
# A line of JSON is one cell, and holds no such character: nothing in it is quoted.
_FORMS = {True: "QUOTE '', ESCAPE '', DELIMITER E'\\x02'", False: "QUOTE '\"', DELIMITER ','"}


@dataclass(frozen=True)
class Slice:
    """Some time, from ``first`` to before ``behind``; None: all before, or after. ``file``: which alone has rows of it, so that
    they are in order already."""

    first: str | None
    behind: str | None
    file: str | None = None

    @property
    def condition(self) -> str:
        ends = ((">=", self.first), ("<", self.behind))
        return " AND ".join(f"occurred_at {sign} TIMESTAMP '{at}'" for sign, at in ends if at is not None) or "true"


def slices(line: duckdb.DuckDBPyConnection, manifest: Manifest, most: int) -> Iterator[Slice]:
    """All of time. What is in order already, a row group after the other; what has to be sorted, so many rows at a time or
    fewer, as long as they are spread evenly."""
    groups = _groups(line, manifest)
    touched = {manifest.segments[at].file for at in engine.touched(line)}
    firsts: list[str | None] = [None, *sorted({group.first for group in groups})[1:]]
    for at, first in enumerate(firsts):
        behind = firsts[at + 1] if at + 1 < len(firsts) else None
        own = [
            group
            for group in groups
            if (behind is None or group.first < behind) and (first is None or group.last >= first)
        ]
        files = {group.file for group in own}
        whole = Slice(first, behind, next(iter(files))) if len(files) == 1 and not files & touched else None
        if whole and not _laid_over(line, whole):
            yield whole
        else:
            rows = sum(group.rows for group in own) + _laid_over(line, Slice(first, behind))
            yield from _parts(line, Slice(first, behind), own, -(-rows // most))


@dataclass(frozen=True)
class _Group:
    """A row group: in which file, from which time to which, as texts that sort so."""

    file: str
    first: str
    last: str
    rows: int


def _groups(line: duckdb.DuckDBPyConnection, manifest: Manifest) -> list[_Group]:
    if not manifest.segments:
        return []
    files = ", ".join(f"'{quoted(one.file)}'" for one in manifest.segments)
    ends = ", ".join(f"strftime(CAST(stats_{end}_value AS TIMESTAMP), '{_TIME}')" for end in ("min", "max"))
    told = line.execute(
        f"SELECT file_name, {ends}, row_group_num_rows FROM parquet_metadata([{files}]) "
        "WHERE path_in_schema = 'occurred_at' AND stats_min_value IS NOT NULL"
    ).fetchall()
    return [_Group(*one) for one in told]


def _laid_over(line: duckdb.DuckDBPyConnection, of: Slice) -> int:
    ((rows,),) = line.execute(f"SELECT count(*) FROM {engine.OVERLAY} WHERE {of.condition}").fetchall()
    return int(rows)


def _parts(line: duckdb.DuckDBPyConnection, of: Slice, groups: Sequence[_Group], count: int) -> Iterator[Slice]:
    """So many parts of it, each as long as the other."""
    if count > 1 and groups:
        ends = [(of.first or min(group.first for group in groups)), (of.behind or max(group.last for group in groups))]
        ((first, behind),) = line.execute(
            "SELECT epoch_us(CAST(? AS TIMESTAMP)), epoch_us(CAST(? AS TIMESTAMP))", ends
        ).fetchall()
        inner = sorted({first + (behind - first) * at // count for at in range(1, count)} - {first})
        times = ", ".join(f"strftime(make_timestamp({at}), '{_TIME}')" for at in inner)
        bounds: list[str | None] = (
            [of.first, *line.execute(f"SELECT {times}").fetchall()[0], of.behind] if inner else []
        )
        yield from (Slice(*pair) for pair in pairwise(bounds))
        if bounds:
            return
    yield of


def write(line: duckdb.DuckDBPyConnection, manifest: Manifest, order: Order) -> None:
    """All rows, to standard output."""
    everything = engine.live(line, Path("/"), manifest)
    form = f"(FORMAT csv, HEADER false, USE_TMP_FILE false, {_FORMS[order.lines]})"
    for one in slices(line, manifest, order.slice):
        rows = everything if one.file is None else f"SELECT {NAMES} FROM {engine.read(Path('/'), [one.file])}"
        line.execute(f"CREATE OR REPLACE TEMP VIEW call_outcomes AS SELECT * FROM ({rows}) WHERE {one.condition}")
        statement = order.statement if one.file is None else order.unsorted
        line.execute(f"COPY ({statement}) TO '/dev/stdout' {form}", order.parameters)


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
