"""Bringing back what a machine that died, or a log, still holds: ``wrapup import-spool`` and ``wrapup replay --from-log``."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import orjson
from sqlalchemy import select

from callbacks import spool
from callbacks.draft import Draft, NotADraft
from callbacks.last import EVENT
from callbacks.store import DatabaseStore
from models import Receipt
from models.database import Database

BATCH = 500
Found = Draft | None  # None: something that is damaged


@dataclass
class Brought:
    """How many receipts were read, and what became of them."""

    read: int = 0
    new: int = 0
    known: int = 0
    refused: int = 0  # strangers' receipts beyond their cap
    unreadable: int = 0


def from_spool(path: Path) -> Iterator[Found]:
    """The receipts of a segment or of a spool's folder, which are only read. Raises OSError."""
    for line in spool.read(path):
        yield _draft(line)


def from_log(log: BinaryIO) -> Iterator[Found]:
    """The receipts that a log says no store took. A line may have something in front, such as the journal's time and host."""
    for line in log:
        if EVENT.encode() in line:
            yield _logged(line)


def bring_back(database: Database, settings, found: Iterator[Found]) -> Brought:
    """Keep them, each once, whatever of it is there already. Raises where the database is away."""
    brought = Brought()
    store = DatabaseStore(database, (settings.stranger_receipts, settings.stranger_bytes))
    try:
        for some in iter(lambda: list(islice(found, BATCH)), []):
            drafts = list({draft.id: draft for draft in some if draft is not None}.values())
            brought.unreadable += sum(draft is None for draft in some)
            before = _there(database, drafts)
            store.keep(drafts)
            after = _there(database, drafts)
            brought.read += len(drafts)
            brought.known += before
            brought.new += after - before
            brought.refused += len(drafts) - after
    finally:
        store.close()
    return brought


def _there(database: Database, drafts: list[Draft]) -> int:
    with database.read() as session:
        return len(session.scalars(select(Receipt.id).where(Receipt.id.in_([draft.id for draft in drafts]))).all())


def _draft(line: bytes | None) -> Found:
    try:
        return None if line is None else Draft.from_line(line)
    except NotADraft:
        return None


def _logged(line: bytes) -> Found:
    try:
        return Draft.from_record(orjson.loads(line[line.index(b"{") :])["receipt"])
    except (ValueError, KeyError, TypeError):  # NotADraft and JSONDecodeError are ValueErrors
        return None
