"""A lake: all outcomes as Parquet in Hive partitions, ``month=2026-11/``, for whatever reads such files, and a manifest that says
of which place in the change feed they are. Run again, only the months are written in which something has changed since.

New files first, then the manifest, replaced by a rename, then the old ones go: whoever goes by the manifest never finds a file
missing that it names, nor one that is not whole, whenever the power fails. Whoever reads the folder finds whole files alone: what
is not data, or not whole yet, has a name that readers of Parquet pass over, with an underscore or a dot in front.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import cast, func, select
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

from lib import clock, durable, locks, months, private
from models import CallOutcome, Kept
from models.database import Database
from models.retention import OUTCOMES
from outcomes.feed import Place, state
from queries import feed
from queries.exports import making, reading
from queries.exports.child import Order
from queries.exports.choice import Choice
from queries.expressions import DAY, micros, month_of
from queries.selection import NOT_MERGED, conditions

VERSION = 1
MANIFEST, LOCK, UNDONE = "_manifest.json", ".lock", ".new"
ALL = Choice()
_MONTH = month_of(micros(CallOutcome.occurred_at) // (DAY * 1_000_000))


class Busy(Exception):
    """Another run is writing into this folder."""


@dataclass(frozen=True)
class File:
    """``path``: within the lake."""

    path: str
    month: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """``place``, ``epoch`` and ``start`` say how far the feed is in it; ``cursor`` is the same for a reader who goes on from
    there with the feed."""

    place: int
    epoch: int
    start: str
    cursor: str
    written_at: str
    rows: int
    files: tuple[File, ...]
    columns: Mapping[str, str] = field(default_factory=lambda: ALL.order().columns)
    version: int = VERSION


@dataclass(frozen=True)
class Renewed:
    manifest: Manifest
    written: int  # months


def load(folder: Path) -> Manifest | None:
    """The manifest of a lake; None where there is none that this release goes on with: it is then written whole."""
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        found = Manifest(**{**told, "files": tuple(File(**one) for one in told["files"])})
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None
    return found if (found.version, found.columns) == (VERSION, ALL.order().columns) else None


def renew(database: Database, folder: Path) -> Renewed:
    """Bring the lake up to the present. Raises Busy, ``making.NotMade`` and OSError; it is then as it was."""
    private.make_folder(folder)
    with _alone(folder), database.snapshot() as session:
        before = load(folder)
        found = state(session)
        if before and not feed.knows(session, found, Place(before.place, before.epoch, before.start)):
            before = None  # the database was restored, or is another: nothing in the lake is known to be true
        kept = {one.month: one for one in before.files if _stands(folder, one)} if before else {}
        wanted = _changed(session, before, folder, kept) if before else _months(session)
        files = {month: one for month, one in kept.items() if month not in wanted}
        for month in sorted(wanted):
            if written := _written(session, folder, month, found.last_position):
                files[month] = written
        ordered = tuple(files[month] for month in sorted(files))
        for one in ordered:
            if one.month in wanted:
                _show(folder / one.path)
        manifest = Manifest(
            place=found.last_position,
            epoch=found.epoch,
            start=found.start,
            cursor=feed.cursor(found.last_position, found.epoch, found.start),
            written_at=clock.iso(clock.now()),
            rows=sum(one.rows for one in ordered),
            files=ordered,
        )
        _save(folder, manifest)
        _tidy(folder, manifest)
    return Renewed(manifest, len(wanted))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    private.make_file(folder / LOCK)
    with (folder / LOCK).open("r+b") as lock:
        if not locks.take(lock.fileno()):
            raise Busy(f"Another run is writing into {folder}.")
        yield


def _stands(folder: Path, one: File) -> bool:
    try:
        return (folder / one.path).stat().st_size == one.bytes
    except FileNotFoundError:
        return False


def _months(session: Session) -> set[str]:
    return set(session.scalars(select(_MONTH).where(NOT_MERGED).distinct()))


def _changed(session: Session, before: Manifest, folder: Path, kept: Mapping[str, File]) -> set[str]:
    """The months in which something has changed: where changed calls are, and where they were; and those whose file is gone."""
    since = CallOutcome.position > before.place
    found = set(session.scalars(select(_MONTH).where(since).distinct()))
    if found:
        ids = select(cast(CallOutcome.id, Text)).where(since)
        rows = session.scalars(ids.execution_options(yield_per=10_000))
        files = {str(folder / one.path): one.month for one in kept.values() if one.month not in found}
        pieces = ("".join(f"{one}\n" for one in some).encode() for some in rows.partitions())
        with making.made("queries.exports.months", Order({}, files=files), pieces) as answer:
            found |= set(answer.read().decode().split())
    return found | {one.month for one in before.files if one.month not in kept} | _deleted(session, before)


def _deleted(session: Session, before: Manifest) -> set[str]:
    """The months of which outcomes have been deleted, or are being deleted: that has no place in the feed."""
    kept = session.get(Kept, OUTCOMES)
    if kept is None or kept.since is None:
        return set()
    return {one.month for one in before.files if one.month < months.name(kept.since)}


def _written(session: Session, folder: Path, month: str, place: int) -> File | None:
    """Write a month; None where it has no calls."""
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    filters: dict[str, Any] = {"since": first, "until": following}
    rows = session.scalar(select(func.count()).select_from(CallOutcome).where(*conditions(filters))) or 0
    if not rows:
        return None
    path = folder / f"month={month}" / f"outcomes-{place}.parquet"
    private.make_folder(path.parent)
    undone = _undone(path)
    private.make_file(undone)
    try:
        pieces = reading.of_snapshot(session.connection(), filters, ALL, reading.PLAIN)
        with making.made("queries.exports.parquet", ALL.order(), pieces, undone) as file:
            os.fsync(file.fileno())
        digest = durable.sha256(undone)
    except BaseException:
        undone.unlink(missing_ok=True)
        raise
    return File(str(path.relative_to(folder)), month, rows, undone.stat().st_size, digest)


def _undone(path: Path) -> Path:
    return path.with_name(f".{path.name}{UNDONE}")


def _show(path: Path) -> None:
    """Give a file that is whole its name. All of a run are shown together, at its end."""
    _undone(path).replace(path)
    durable.sync_folder(path.parent)


def _save(folder: Path, manifest: Manifest) -> None:
    durable.replace(folder / MANIFEST, json.dumps(asdict(manifest), indent=1) + "\n")


def _tidy(folder: Path, manifest: Manifest) -> None:
    """Remove files of ours that the manifest does not name: those it names no more, and what a run left that died."""
    named = {one.path for one in manifest.files}
    for path in (*folder.glob("month=*/outcomes-*.parquet"), *folder.glob(f"month=*/.outcomes-*{UNDONE}")):
        if str(path.relative_to(folder)) not in named:
            path.unlink()
    for month in folder.glob("month=*"):
        if month.is_dir() and not any(month.iterdir()):
            month.rmdir()
