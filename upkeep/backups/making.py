"""Making a backup: first what lies beside the database, then the database, then what it is, and its name last."""

import os
import shutil
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from lib import clock, durable
from models.database import Database, unhurried
from upkeep.backups import beside, counting, folders, manifest, noted, postgresql, sqlite_copy
from upkeep.backups.beside import Beside
from upkeep.backups.manifest import DUMP, SQLITE_FILE, Content, Manifest
from upkeep.backups.refused import Refused, told


@dataclass(frozen=True)
class Made:
    """``pruned``: the names of backups that went for it."""

    folder: Path
    manifest: Manifest
    pruned: list[str]


def make(
    database: Database | None,
    own: Beside,
    folder: Path,
    keep: int | None = None,
    at: datetime | None = None,
    is_all: bool = True,
) -> Made:
    """Make a backup in the folder; without ``database``, of what is beside it. Raises Refused; nothing of it is left then. What
    SQLAlchemy raises where the database is away goes through. ``at`` is the present, unless a test says otherwise. ``is_all``:
    whether it is all that this host has to back up, and is noted as its last backup."""
    folders.refuse_within(folder, own.data_dir)
    with told("The backup"), folders.alone(folder):
        at = at or _moment(folder)
        named = folder / folders.name(at)
        if named.exists():
            raise Refused(f"{named} is there already.")
        unfinished = folder / f".{named.name}{folders.NEW}"
        unfinished.mkdir(mode=0o700)
        try:
            made = _written(database, own, unfinished, folder, at)
            durable.sync_folder(unfinished)
            unfinished.rename(named)
            durable.sync_folder(folder)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
        if is_all:
            with _afterwards(named, "that it was made could not be noted in the data folder"):
                noted.note(own.data_dir, noted.BACKUP, at, bytes=made.bytes(), database=made.database is not None)
        with _afterwards(named, "older ones could not be removed"):
            return Made(named, made, folders.prune(folder, keep, named.name, made) if keep else [])


@contextmanager
def _afterwards(named: Path, what: str) -> Iterator[None]:
    """What fails when the backup is there does not undo it. Raises Refused."""
    try:
        yield
    except OSError as error:
        raise Refused(f"{named} is made, and is whole; {what}: {error.strerror}.") from None


def _moment(folder: Path) -> datetime:
    """The present; where a backup was made within this second, the next one, for it has the name of this."""
    now = clock.now()
    if (folder / folders.name(now)).exists():
        time.sleep(1 - now.microsecond / 1_000_000)
    return max(now, clock.now())


def _written(database: Database | None, own: Beside, into: Path, folder: Path, at: datetime) -> Manifest:
    folders.refuse_without_room(folder, own.bytes())
    beside.copy(own, into)
    content = None
    if database is not None:
        content = _of_sqlite(database, into, folder) if database.is_sqlite else _of_postgresql(database, into, folder)
    files = manifest.described(into)
    made = Manifest(clock.iso(at), version("wrapup"), socket.gethostname(), files, content, own.needs())
    manifest.save(into, made)
    return made


def _of_sqlite(database: Database, into: Path, folder: Path) -> Content:
    source = Path(database.url.database or "")
    if not source.exists():
        raise Refused(f"There is no database at {source} yet.")
    folders.refuse_without_room(folder, sqlite_copy.bytes_of(source))
    copied = into / SQLITE_FILE
    sqlite_copy.copy(source, copied)
    copied.chmod(0o600)
    if wrong := sqlite_copy.complaints(copied):
        raise Refused(
            f"The copy is not whole, SQLite says: {'; '.join(wrong)}. Nothing was kept; is the database itself damaged? Keep the "
            "backups that there are, and see docs/backups.md."
        )
    return of_file(copied)


def of_file(path: Path) -> Content:
    """What SQLite's file holds, which nobody writes to."""
    uri = sqlite_copy.read_only(path)
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(uri, uri=True), poolclass=NullPool)
    with engine.connect() as connection:
        return counting.content(connection)


def _of_postgresql(database: Database, into: Path, folder: Path) -> Content:
    # All of it at one moment: what is counted, the feed's place, and what pg_dump writes.
    with database.snapshot() as session:
        unhurried(session)
        pg_dump, client = postgresql.program("pg_dump", postgresql.server_version(session))
        folders.refuse_without_room(folder, _about(postgresql.table_bytes(session), folder))
        snapshot = postgresql.exported(session)
        content = counting.content(session.connection())
        postgresql.dump(database, pg_dump, into / DUMP, snapshot, postgresql.schema(session))
    (into / DUMP).chmod(0o600)
    with (into / DUMP).open("rb") as file:
        os.fsync(file.fileno())
    return replace(content, client=client)


def _about(tables: int, folder: Path) -> int:
    """How many bytes a dump may have: a little more than the last one, or half of the tables, which it compresses."""
    for path in reversed(folders.whole(folder)):
        try:
            return (path / DUMP).stat().st_size * 6 // 5
        except OSError:
            continue
    return tables // 2
