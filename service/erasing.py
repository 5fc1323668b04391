"""Erasures, wired: what works on them, which folders are looked through, and how destinations are told."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog

from crm.erasing import tell
from lib import phone_spellings
from models.database import Database
from service.settings.config import Settings
from upkeep.erasure import files, ledger
from upkeep.erasure.working import Eraser, nobody

log = structlog.get_logger(__name__)

TOGETHER_SECONDS = 60.0
SPOOLED = "Callbacks with the number wait in the spool."
OTHER_KEY = (
    "{} erasures were made under another key: what dialers tell of these people's calls is not recognised. Set "
    "WRAPUP_ERASURE_KEY to the WRAPUP_SECRET_KEY of that time."
)


def eraser_of(settings: Settings, database: Database) -> Eraser:
    """Who works on erasures, as it is set up. One from which nothing may leave is a copy: it tells no CRM, and touches no files
    but its own."""

    def told(destination: str, records: Sequence[str], made: Sequence[str]) -> Mapping[str, Any]:
        if not settings.outside:
            return nobody(destination, records, made)
        return tell(database, settings.destinations, destination, records, made)

    return Eraser(database, settings.data_dir, folders_of(settings), told)


def spool_holds(settings: Settings, number: str) -> bool:
    """Whether callbacks with the number wait in this machine's spool."""
    spellings = phone_spellings.of(number)
    return spellings is not None and files.spool_holds(settings.data_dir / "spool", spellings)


def folders_of(settings: Settings) -> list[Path]:
    """Where files of ours may be beside the data folder: what schedules write."""
    return [settings.schedules.folder] if settings.outside and settings.schedules.folder else []


class Erasing:
    """The worker's loop of it. Now and then file and database are made to know the same."""

    def __init__(self, eraser: Eraser):
        self._eraser = eraser
        self._together_at = 0.0

    def step(self) -> bool:
        if time.monotonic() >= self._together_at:
            ledger.together(self._eraser.database, self._eraser.data_dir)
            self._together_at = time.monotonic() + TOGETHER_SECONDS
        return self._eraser.step()


def begin_again(settings: Settings, database: Database) -> int:
    """Before anything is served: what the ledger knows and the database does not, because it was put back from a backup, is taken
    out of calls, leads and lists; how many erasures. All tables and files are looked through by a worker, by ``wrapup migrate``,
    or by ``wrapup restore``."""
    eraser, missing = eraser_of(settings, database), ledger.together(database, settings.data_dir)
    with database.read() as session:
        if others := ledger.foreign(session, database.stand_ins.key_id):
            log.error("erasures_of_another_key", said=OTHER_KEY.format(others))
    for erasure in missing:
        while eraser.is_quick(erasure) and eraser.work(erasure):
            continue
    return len(missing)


def finish(settings: Settings, database: Database) -> int:
    """Do all of it to the end; how many erasures wait for somebody else. Raises OSError."""
    begin_again(settings, database)
    eraser = eraser_of(settings, database)
    while eraser.step():
        continue
    return len(eraser.running())
