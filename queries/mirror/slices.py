"""Slices of time, in which rows are read in order: those of one file are so already, and others are sorted a few at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import duckdb

from queries.mirror import engine
from queries.mirror.columns import quoted
from queries.mirror.manifest import Manifest

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
