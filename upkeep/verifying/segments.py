"""The mirror's segments, against the tables: the files as they were written, and what they say as the tables say it."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lib import durable
from models import CallOutcome
from models.database import Database
from queries.asks import Asks
from queries.expressions import DAY, micros, month_of
from queries.mirror import manifest as manifests
from queries.mirror.asking import Mirror
from queries.mirror.manifest import Manifest, Unusable
from upkeep.verifying.found import Found
from upkeep.verifying.pieces import pieces

_MONTH = month_of(micros(CallOutcome.occurred_at) // (DAY * 1_000_000))
TODO = "It is a cache: delete the folder mirror/ of the data folder, and it comes again."


def segments(database: Database, folder: Path, sample: int | None) -> Iterator[Found]:
    """Nothing where there is no mirror. With all its files are read, and each month is summed up on both sides; with a sample so
    many calls are compared."""
    found = Found("mirror", "row", todo=TODO)
    try:
        told = manifests.load(folder)
        if told is None:
            return
        if sample is None:
            found.add(_damaged(folder, told))
        mirror = Mirror(folder)
        try:
            for line in _asked(database, mirror, sample):
                found.looked_at += line[0]
                found.add(line[1])
        finally:
            mirror.close()
    except Unusable as error:
        found.notes.append(f"it is not asked at present: {error}")
    yield found


def _damaged(folder: Path, told: Manifest) -> Iterator[str]:
    files = [(one.file, one.sha256) for one in told.segments] + ([(told.dead, told.dead_sha256)] if told.dead else [])
    for name, digest in files:
        try:
            if durable.sha256(folder / name) != digest:
                yield f"{name} is not what it was when it was written"
        except OSError as error:
            yield f"{name} cannot be read: {error.strerror}"


def _asked(database: Database, mirror: Mirror, sample: int | None) -> Iterator[tuple[int, Sequence[str]]]:
    """(rows looked at, what differs)."""
    if sample is None:
        with database.snapshot() as session:
            yield _by_month(session, mirror.at_present(session))
        return
    for ids in pieces(database, CallOutcome.id, sample):
        with database.snapshot() as session:
            yield _of(session, mirror.at_present(session), ids)


def _by_month(session: Session, mirror: Asks) -> tuple[int, Sequence[str]]:
    sums = (func.count(), func.sum(CallOutcome.position), func.sum(CallOutcome.revision))
    statement = select(_MONTH.label("month"), *sums, func.sum(CallOutcome.talk_seconds)).group_by(_MONTH)
    tables, there = _rows(session.execute(statement)), _rows(mirror.execute(statement))
    wrong = [
        f"{month}: {_told(there.get(month))} in the mirror and {_told(tables.get(month))} in the tables, which say otherwise"
        for month in sorted({*tables, *there}, key=str)
        if tables.get(month) != there.get(month)
    ]
    return sum(int(row[0]) for row in tables.values()), wrong


def _of(session: Session, mirror: Asks, ids: Sequence[Any]) -> tuple[int, Sequence[str]]:
    columns = (CallOutcome.revision, CallOutcome.position, CallOutcome.connect_outcome, CallOutcome.talk_seconds)
    statement = select(CallOutcome.id, *columns, CallOutcome.disposition).where(CallOutcome.id.in_(ids))
    tables, there = _rows(session.execute(statement)), _rows(mirror.execute(statement))
    return len(tables), [f"outcome {one}" for one in sorted(tables) if tables[one] != there.get(one)]


def _rows(rows: Any) -> dict[Any, tuple[Any, ...]]:
    """By the first column. Sums are decimals in one database, and whole numbers in the other."""
    return {row[0]: tuple(int(cell) if isinstance(cell, Decimal) else cell for cell in row[1:]) for row in rows}


def _told(row: tuple[Any, ...] | None) -> str:
    return "none" if row is None else f"{row[0]:,} rows"
