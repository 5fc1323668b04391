"""Slices of time, in which rows are read in order: those of one file are so already, and others are sorted a few at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import duckdb

from queries.mirror import engine
from queries.mirror.columns import quoted
from queries.mirror.manifest import Manifest

# Of a row, and of a slice of rows that are so long or longer: all of it is in memory several times.
LONG, BYTES = 1 << 10, 8 << 20
_TIME = "%Y-%m-%d %H:%M:%S.%f"


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


def slices(line: duckdb.DuckDBPyConnection, manifest: Manifest, most: int, wide: int = 0) -> Iterator[Slice]:
    """All of time. What is in order already, a row group after the other; what has to be sorted, so many rows at a time or
    fewer; and of long rows no more than ``BYTES``: as long as they are spread evenly. ``wide``: so many bytes has a row of those
    that are laid over."""
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
        whole = Slice(first, behind, next(iter(files)) if len(files) == 1 and not files & touched else None)
        over = laid_over(line, whole)
        rows = sum(group.rows for group in own) + over
        size = sum(group.bytes for group in own) + over * wide
        count = -(-size // BYTES) if size >= rows * LONG else 1
        if whole.file is not None and not over:
            yield from _parts(line, whole, own, count)
        else:
            yield from _parts(line, Slice(first, behind), own, max(count, -(-rows // most)))


@dataclass(frozen=True)
class _Group:
    """A row group: in which file, from which time to which, as texts that sort so. ``bytes``: before they were compressed."""

    file: str
    first: str
    last: str
    rows: int
    bytes: int


def _groups(line: duckdb.DuckDBPyConnection, manifest: Manifest) -> list[_Group]:
    if not manifest.segments:
        return []
    files = ", ".join(f"'{quoted(one.file)}'" for one in manifest.segments)
    times = "FILTER (WHERE path_in_schema = 'occurred_at')"
    first, last = (
        f"strftime(CAST(max(stats_{end}_value) {times} AS TIMESTAMP), '{_TIME}') AS {name}"
        for end, name in (("min", "first"), ("max", "last"))
    )
    told = line.execute(
        f"SELECT file_name, {first}, {last}, max(row_group_num_rows), CAST(sum(total_uncompressed_size) AS BIGINT) "
        f"FROM parquet_metadata([{files}]) GROUP BY file_name, row_group_id HAVING first IS NOT NULL"
    ).fetchall()
    return [_Group(*one) for one in told]


def laid_over(line: duckdb.DuckDBPyConnection, of: Slice) -> int:
    ((rows,),) = line.execute(f"SELECT count(*) FROM {engine.OVERLAY} WHERE {of.condition}").fetchall()
    return int(rows)


def _parts(line: duckdb.DuckDBPyConnection, of: Slice, groups: Sequence[_Group], count: int) -> Iterator[Slice]:
    """So many parts of it, each as long as the other."""
    if count < 2:
        yield of
        return
    ((begin, end),) = line.execute(
        "SELECT greatest(epoch_us(min(moment)), epoch_us(CAST($1 AS TIMESTAMP))), "
        "least(epoch_us(max(moment)), epoch_us(CAST($2 AS TIMESTAMP))) FROM (SELECT unnest(CAST($3 AS TIMESTAMP[])) AS moment "
        f"UNION ALL SELECT occurred_at FROM {engine.OVERLAY} WHERE {of.condition})",
        [of.first, of.behind, [at for group in groups for at in (group.first, group.last)]],
    ).fetchall()
    inner = sorted({begin + (end - begin) * at // count for at in range(1, count)})
    times = ", ".join(f"strftime(make_timestamp({at}), '{_TIME}')" for at in inner if at > begin)
    bounds = line.execute(f"SELECT {times}").fetchall()[0] if times else ()
    yield from (replace(of, first=first, behind=behind) for first, behind in pairwise([of.first, *bounds, of.behind]))
