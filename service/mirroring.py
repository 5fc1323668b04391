"""The process that follows the change feed for the mirror (``queries.mirror``), and the worker's loop that keeps it running
where the table is large enough to need one. It has a low priority, ends with its worker, and when it has had hardly anything to
do for a while: what it holds is as much as a worker, and DuckDB gives back little of it."""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

import structlog
from sqlalchemy import select

from lib import child_processes, private
from models import ChangeFeed
from models.database import Database
from queries.mirror.behind import Behind
from queries.sources import ALWAYS, NEVER
from service import logs
from service.settings import config
from upkeep import endings

log = structlog.get_logger(__name__)

NICE = 10
LOCK = "lock"
PAUSE, TROUBLE, AGAIN = 1.0, 10.0, 5.0  # seconds
STOP_SECONDS = 3.0


class Mirroring:
    """``setting``: WRAPUP_MIRROR; ``rows``: with ``auto``, from how many changes on there is a mirror; ``died`` is called when it
    has ended though it was needed. ``rest``: seconds without much to do, after which it ends; None: as it thinks best."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        setting: str,
        rows: int,
        died: Callable[[], object],
        rest: float | None = None,
    ):
        self._rest = () if rest is None else (str(rest),)
        self._behind = Behind(database, folder)
        self._database = database
        self._folder = folder
        self._setting = setting
        self._rows = rows
        self._died = died
        self._process: subprocess.Popen[bytes] | None = None
        self._not_before = 0.0

    def step(self) -> bool:
        """Start the process where it is wanted and does not run."""
        code = None if self._process is None else self._process.poll()
        if code is not None:
            self._process = None
        if code:  # else it rests
            log.error("mirror_died", code=code, again_in=AGAIN)
            self._died()
            self._not_before = time.monotonic() + AGAIN
        if self._process is None and time.monotonic() >= self._not_before and self._wanted() and self._behind.look():
            self._process = child_processes.start("service.mirroring", *self._rest)
        return False

    def _wanted(self) -> bool:
        if self._setting in (ALWAYS, NEVER):
            return self._setting == ALWAYS
        if self._folder.is_dir():
            return True
        with self._database.read() as session:
            return (session.scalar(select(ChangeFeed.last_position)) or 0) >= self._rows

    def close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            child_processes.end(process, STOP_SECONDS)


def mirroring_of(database: Database, settings: config.Settings) -> Mirroring:
    """The mirror as it is set up."""
    died = partial(endings.note, settings.data_dir, endings.MIRROR)
    return Mirroring(database, settings.mirror_folder(), settings.mirror, settings.mirror_rows, died)


def main() -> None:
    """Follow until the worker, whose process id is given, has ended, or there is hardly anything to do. Raises BadSettings."""
    import duckdb  # sixty megabytes, in this process alone
    from sqlalchemy.exc import SQLAlchemyError

    from models.errors import said
    from queries.mirror.follower import REST, Follower

    os.nice(NICE)
    worker, rest = int(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else REST
    settings = config.load()
    logs.configure(settings.log_level, serving=True)
    folder = settings.mirror_folder()
    database = settings.database(pool_size=1)

    def follow(lock: BinaryIO) -> bool:
        """Whether nobody need follow any more."""
        follower = Follower(database, folder)
        while os.getppid() == worker and _holds(lock, folder / LOCK):
            try:
                more = follower.step()
                if not more and follower.rested() > rest:
                    return True
                pause = 0.0 if more else PAUSE
            except SQLAlchemyError as error:
                log.error("mirror_trouble", error=type(error).__name__, said=said(error))
                pause = TROUBLE
            except (duckdb.Error, OSError) as error:  # a full disk, before all
                log.error("mirror_trouble", error=type(error).__name__)
                pause = TROUBLE
            time.sleep(pause)
        return False

    while os.getppid() == worker:
        try:
            private.make_folder(folder)
            private.make_file(folder / LOCK)
            with (folder / LOCK).open("r+b") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)  # another worker of this host may be following
                if follow(lock):
                    return
        except OSError as error:
            log.error("mirror_trouble", error=type(error).__name__)
            time.sleep(TROUBLE)


def _holds(lock: BinaryIO, path: Path) -> bool:
    """Whether the lock is that of the folder: somebody may have deleted it, and another may have been made."""
    try:
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except OSError:
        return False


if __name__ == "__main__":
    main()
