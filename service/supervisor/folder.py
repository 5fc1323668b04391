"""The data folder is one database's at a time. What lies in its spool goes into the database of whoever takes it in first, so
that of two Wrapups with one folder and two databases each would lose calls to the other."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from lib import locks, private
from service.settings.mistakes import BadSettings

FILE = "in-use"
PATIENCE_SECONDS = 1.0  # another one writes its name into the file for a moment


def hold(folder: Path, database_url: str) -> None:
    """Hold it for the database until this process ends; several may do so for the same one. Raises BadSettings where another
    database has it. A folder that cannot be written to is nobody's: whether callbacks can be kept shows later."""
    mine = _named(database_url)
    try:
        private.make_folder(folder)
        file = os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if locks.take(file):
            os.ftruncate(file, 0)
            os.pwrite(file, mine, 0)
        locks.take_within(file, PATIENCE_SECONDS, shared=True)
        holder = os.pread(file, len(mine) + 1, 0)
    except OSError:
        return
    if holder and holder != mine:
        os.close(file)
        raise BadSettings(
            f"WRAPUP_DATA_DIR is {str(folder)!r}, which a running Wrapup with another WRAPUP_DATABASE_URL uses: each would take "
            "callbacks of the other into its own database. Give each a folder of its own."
        )


@contextmanager
def vacant(folder: Path) -> Iterator[None]:
    """Nobody works there, nor begins to until the end of the block. Raises BadSettings."""
    private.make_folder(folder)
    file = os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not locks.take_within(file, PATIENCE_SECONDS):
            raise BadSettings(f"A Wrapup works with {str(folder)!r}: stop it first.")
        yield
    finally:
        os.close(file)


def _named(database_url: str) -> bytes:
    """Which database it is, without the password, wherever that stands."""
    url = urlsplit(database_url)
    if url.scheme == "sqlite":
        return os.fsencode(os.path.realpath(url.path.removeprefix("/")))
    where = "&".join(one for one in url.query.split("&") if one.startswith(("host=", "port=", "dbname=")))
    return f"{url.netloc.rpartition('@')[2]}{url.path}?{where}".encode()
