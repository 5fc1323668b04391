"""The ledger of erasures as a file beside the database: a line of JSON for each, without a number.

A backup of the database that is put back knows nothing of what was erased since; the file does, and tells it. What the database
knows and the file does not, on a new host say, is written there.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from lib import clock, durable, ids, private
from models import ChangeFeed, Erasure
from models.database import Database
from models.erasures import RUNNING

log = structlog.get_logger(__name__)

FILE = "erasures.jsonl"


@dataclass(frozen=True)
class Entry:
    """What is known of an erasure for ever."""

    id: str
    stand_in: str
    key_id: str
    erased_at: str
    by: str
    keep_uncalled: bool
    known_to: str | None = None  # see outcomes.before
    position: int = 0


_NAMES = {one.name for one in fields(Entry)}


def entry(row: Erasure) -> Entry:
    at, known_to = clock.iso(row.erased_at), clock.iso(row.known_to)
    return Entry(str(row.id), row.stand_in, row.key_id, at, row.by, row.keep_uncalled, known_to, row.position)


def append(folder: Path, entries: Iterable[Entry]) -> None:
    """Write these down, durably. Raises OSError."""
    lines = "".join(json.dumps(asdict(one)) + "\n" for one in entries)
    if not lines:
        return
    path = folder / FILE
    private.make_folder(folder)
    private.make_file(path)
    with path.open("r+b") as file:
        end = file.seek(0, os.SEEK_END)
        if end and _last_byte(file.fileno(), end) != b"\n":
            lines = "\n" + lines  # a line that a loss of power has torn
        file.write(lines.encode())
        file.flush()
        os.fsync(file.fileno())
    durable.sync_folder(folder)


def read(folder: Path) -> dict[str, Entry]:
    """What the file says, by id; nothing where there is none. A torn line is passed over: it was never answered for."""
    try:
        lines = (folder / FILE).read_bytes().splitlines()
    except FileNotFoundError:
        return {}
    found: dict[str, Entry] = {}
    for line in lines:
        try:
            told = json.loads(line)
            one = Entry(**{name: told[name] for name in _NAMES & set(told)})  # a later release may say more
        except (ValueError, TypeError):
            if line.strip():
                log.error("erasure_line_unreadable", file=FILE)
            continue
        found[one.id] = one
    return found


def together(database: Database, folder: Path) -> list[UUID]:
    """Have file and database know the same. Which erasures the database did not know: they are to be done again, for it was put
    back from a backup. Raises OSError."""
    written = read(folder)
    with database.read() as session:
        known = {str(row.id): row for row in session.scalars(select(Erasure))}
    append(folder, [entry(row) for name, row in known.items() if name not in written])
    missing = [one for name, one in written.items() if name not in known]
    if missing:
        log.warning("erasures_again", erasures=len(missing))
        with database.write() as session:
            # Places beyond are given anew, to calls of after it.
            given = session.scalar(select(ChangeFeed.last_position)) or 0
            for one in missing:
                session.add(begun(replace(one, position=min(one.position, given))))
    return [UUID(one.id) for one in missing]


def begun(one: Entry, number: str | None = None) -> Erasure:
    """The row of an erasure that is to be done."""
    return Erasure(
        id=ids.parse(one.id),
        stand_in=one.stand_in,
        key_id=one.key_id,
        number=number,
        erased_at=_moment(one.erased_at),
        known_to=clock.read(one.known_to),
        position=one.position,
        by=one.by,
        keep_uncalled=one.keep_uncalled,
        state=RUNNING,
        step="",
        place=None,
        counts={},
        told=[],
        left=[],
    )


def foreign(session: Session, key_id: str) -> int:
    """How many erasures were made under another key: what is told of their calls is not recognised."""
    return len(session.scalars(select(Erasure.id).where(Erasure.key_id != key_id)).all())


def _moment(text: str) -> datetime:
    found = clock.read(text)
    if found is None:
        raise ValueError(f"{text} is no time")
    return found


def _last_byte(file: int, end: int) -> bytes:
    return os.pread(file, 1, end - 1)
