"""Bringing back what a machine that died, or a log, still holds: ``wrapup import-spool`` and ``wrapup replay --from-log``."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from sqlalchemy import select

from callbacks import spool
from callbacks.draft import Draft
from callbacks.ladder.database import DatabaseStore
from callbacks.ladder.last import EVENT, size_of
from callbacks.ladder.spooled import understood
from callbacks.settings import Settings
from callbacks.strangers import Strangers
from models import Receipt
from models.database import Database

BATCH = 500
Found = Draft | None  # None: something that is damaged
WRAPPERS = ("log", "MESSAGE")  # Docker's files and ``journalctl -o json`` hold a line as a text in JSON of their own


class NothingThere(ValueError):
    """What was named holds no spool."""


@dataclass
class Brought:
    """How many receipts were read, and what became of them."""

    read: int = 0
    new: int = 0
    known: int = 0
    refused: int = 0  # strangers' receipts beyond their cap
    unreadable: int = 0


def from_spool(path: Path) -> Iterator[Found]:
    """The receipts of a segment, a spool's folder or the data folder around it, which are only read. Raises OSError, and
    NothingThere at once."""
    if path.is_dir():
        folders = [folder for folder in (path, path / "spool") if spool.is_spool(folder)]
        if not folders:
            raise NothingThere(f"There is no spool in {path}: no file like 000000000001.spool.")
        path = folders[0]
    elif not spool.SEGMENT.fullmatch(path.name) and all(line is None for line in spool.read(path)):
        raise NothingThere(f"{path} is no file of a spool: none of its lines has a good checksum.")
    return (None if line is None else understood(line) for line in spool.read(path))


def from_log(log: BinaryIO) -> Iterator[Found]:
    """The receipts that a log says no store took, whole or in pieces. A line may have something in front, such as the
    journal's time and host, or stand in JSON of Docker's or the journal's."""
    parts: dict[str, dict[int, str]] = {}
    done: set[str] = set()
    for line in log:
        if EVENT.encode() not in line:
            continue
        said = _said(line)
        try:
            if "piece" not in said:
                yield Draft.from_record(said["receipt"])
            elif said["id"] not in done:
                of = parts.setdefault(said["id"], {})
                of[said["piece"]] = said["receipt"]
                if len(of) == said["of"]:
                    done.add(said["id"])
                    del parts[said["id"]]
                    yield Draft.from_record(orjson.loads("".join(of[number] for number in sorted(of))))
        except (ValueError, KeyError, TypeError):  # NotADraft and JSONDecodeError are ValueErrors
            yield None
    for _ in parts:  # the log begins or ends in the middle of it
        yield None


def bring_back(database: Database, settings: Settings, found: Iterator[Found]) -> Brought:
    """Keep them, each once, whatever of it is there already. Raises where the database is away."""
    brought = Brought()
    store = DatabaseStore(database, Strangers.of(settings))
    try:
        for some in _batches(found):
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


def _batches(found: Iterator[Found]) -> Iterator[list[Found]]:
    """As many at once as one transaction may hold: BATCH, and no more than the spool's own drain takes in bytes."""
    some: list[Found] = []
    size = 0
    for one in found:
        some.append(one)
        size += size_of(one) if one is not None else 0
        if len(some) == BATCH or size >= spool.BATCH_BYTES:
            yield some
            some, size = [], 0
    if some:
        yield some


def _said(line: bytes) -> dict[str, Any]:
    """What a line of ours says; nothing where it is cut. In front may also stand what another process had begun to write."""
    begun = line.rfind(b'{"receipt":')
    start = begun if begun >= 0 else max(line.find(b"{"), 0)
    try:
        said = orjson.loads(line[start:])
    except ValueError:
        return {}
    if not isinstance(said, dict):
        return {}
    for name in WRAPPERS:
        if isinstance(said.get(name), str):
            return _said(said[name].encode())
    return said
