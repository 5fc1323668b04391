"""How fast this machine is: its processors, its disk, and PostgreSQL's. What else outcomes wait for is in ``database``."""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from lib import processors
from lib.text import many
from models.database import Database
from service.doctor.line import OK, WARN, Line
from upkeep.metrics.machine import is_elsewhere

TRIES = 5  # of which the fastest counts: others who compute make the rest look slower than the disk is
BYTES = bytes(4096)
SLOW_SYNC_SECONDS, SLOW_COMMIT_SECONDS = 0.02, 0.05
SHORT = 0.5  # of a minute
LATE = "docs/sizing.md, 'When outcomes come late'"


def of_processors() -> Iterator[Line]:
    """How many there are for us, and whether others want them, too."""
    may, waited = processors.ours(), processors.waited()
    said = f"{many(may, 'processor')} for what is started as this command is."
    if waited is None:
        yield Line("processors", OK, said)
        return
    said = f"{said} In {waited:.0%} of the last minute somebody waited for one."
    if waited < SHORT:
        yield Line("processors", OK, said)
    else:
        yield Line("processors", WARN, said, f"Who computes beside Wrapup? More of them, or a larger share: {LATE}.")


def of_disks(data_dir: Path, database: Path | None) -> Iterator[Line]:
    """Of the data folder's, and that of SQLite's file where it is another one. Where we may not write there, nothing."""
    yield from _disk(data_dir, "")
    if database is not None and is_elsewhere(database.parent, data_dir):
        yield from _disk(database.parent, "database ")


def _disk(folder: Path, whose: str) -> Iterator[Line]:
    try:
        took = _synced(folder)
    except OSError:
        return
    said = f"4 kB are safe on it after {took * 1000:.1f} ms."
    if took > SLOW_SYNC_SECONDS:
        todo = f"Who else writes there? Callbacks and the worker wait for each write: {LATE}."
        yield Line(f"{whose}disk writes", WARN, said, todo)
    else:
        yield Line(f"{whose}disk writes", OK, said)


def _synced(folder: Path) -> float:
    """Seconds until what was written is on the disk. In a file without a name, of which nothing stays. Raises OSError."""
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        return min(_took_to_sync(file.fileno()) for _ in range(TRIES))


def _took_to_sync(file: int) -> float:
    began = time.monotonic()
    os.write(file, BYTES)
    os.fsync(file)
    return time.monotonic() - began


def of_commits(database: Database) -> Iterator[Line]:
    """Of PostgreSQL, which may wait for a standby as well as for its disk. What is committed is a mark in its log: no table
    holds it. Where our role may not write one, nothing."""
    took = []
    try:
        with database.engine.connect() as connection:
            for _ in range(TRIES):
                connection.execute(text("SELECT pg_logical_emit_message(true, 'wrapup', 'doctor')"))
                began = time.monotonic()
                connection.commit()
                took.append(time.monotonic() - began)
    except SQLAlchemyError:
        return
    said = f"PostgreSQL commits within {min(took) * 1000:.1f} ms."
    if min(took) > SLOW_COMMIT_SECONDS:
        todo = f"Its disk, or a standby that it waits for: {LATE}."
        yield Line("commits", WARN, said, todo)
    else:
        yield Line("commits", OK, said)
