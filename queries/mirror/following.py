"""The follower as a process: ``python -m queries.mirror.following FOLDER`` with the database's URL in the environment. It ends
with its parent, and where another one follows the same folder it waits for its turn."""

import fcntl
import os
import sys
import time
from pathlib import Path

import duckdb
import structlog
from sqlalchemy.exc import SQLAlchemyError

from lib import private
from models.database import Database, said
from queries.mirror.follower import Follower

log = structlog.get_logger(__name__)

URL = "WRAPUP_DATABASE_URL"
NICE = 10
PAUSE, TROUBLE = 1.0, 10.0  # seconds


def main() -> None:
    os.nice(NICE)
    folder, parent = Path(sys.argv[1]), os.getppid()
    private.make_folder(folder)
    private.make_file(folder / "lock")
    database = Database(os.environ[URL], pool_size=1)
    with (folder / "lock").open("r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        follower = Follower(database, folder)
        while os.getppid() == parent:
            time.sleep(_step(follower))


def _step(follower: Follower) -> float:
    """How long to rest after it."""
    try:
        return 0.0 if follower.step() else PAUSE
    except SQLAlchemyError as error:
        log.error("mirror_trouble", error=type(error).__name__, said=said(error))
    except (duckdb.Error, OSError) as error:  # a full disk, before all
        log.error("mirror_trouble", error=type(error).__name__)
    return TROUBLE


if __name__ == "__main__":
    main()
