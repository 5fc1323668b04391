"""The folder with the backups: which are there, whether there is room for another, and which go."""

import os
import pwd
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from lib import locks, private
from upkeep.backups import manifest as manifests
from upkeep.backups import noted
from upkeep.backups.manifest import Manifest
from upkeep.backups.refused import Refused

NAMED = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ")
LOCK = ".lock"
NEW, GONE = ".new", ".gone"  # of folders that are not whole yet, or not any more; a dot stands before their names
SPARE_BYTES = 16 * 1024 * 1024  # for what is written beside while a backup is made


def name(at: datetime) -> str:
    """Sorts by time, and is a name for every file system."""
    return at.strftime("%Y-%m-%dT%H-%M-%SZ")


def whole(folder: Path) -> list[Path]:
    """The backups in the folder, the oldest first."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if NAMED.fullmatch(path.name) and (path / manifests.FILE).is_file())


def _as_made(paths: list[Path], latest: str) -> list[Path]:
    """In the order in which they were made, as far as names tell it, where nothing is later than this name: what is called later
    was named by a clock that was ahead, and set back since, so it comes first."""
    return sorted(paths, key=lambda path: (path.name <= latest, path.name))


def newest(folder: Path, now: datetime) -> Path:
    """The newest backup with a database in it; the folder itself where it is one. Raises Refused."""
    if (folder / manifests.FILE).is_file():
        return folder
    for path in reversed(_as_made(whole(folder), name(now + noted.TO_COME))):
        if manifests.load(path).database is not None:
            return path
    raise Refused(f"There is no backup with a database in {folder}.")


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One run at a time; what an earlier one left that died is removed. Raises Refused and OSError."""
    private.make_folder(folder)
    private.make_file(folder / LOCK)
    with (folder / LOCK).open("r+b") as lock:
        if not locks.take(lock.fileno()):
            raise Refused(f"Another backup is being written into {folder}; this one was not begun.")
        for path in folder.glob(".*"):
            if path.name.endswith((NEW, GONE)) and NAMED.match(path.name[1:]):
                shutil.rmtree(path)
        yield


def refuse_within(folder: Path, data_dir: Path) -> None:
    """Raises Refused where it lies in the data folder: it would be lost with it."""
    inside, outside = Path(os.path.realpath(folder)), Path(os.path.realpath(data_dir))
    if inside == outside or outside in inside.parents:
        raise Refused(f"{folder} is in the data folder {data_dir}: what takes that would take the backups, too.")


def refuse_of_another(data_dir: Path) -> None:
    """Raises Refused where the data folder is another user's: a Wrapup that runs as that one could not read what we put there."""
    try:
        owner = data_dir.stat().st_uid
    except FileNotFoundError:
        return
    if owner != os.geteuid():
        raise Refused(
            f"{data_dir} belongs to {_user(owner)}, and this command runs as {_user(os.geteuid())}: Wrapup could not read what "
            f"it puts there. Run it as {_user(owner)}; nothing was changed."
        )


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # a container's user without a name
        return f"user {number}"


def refuse_without_room(folder: Path, needed: int) -> None:
    """Raises Refused, with how much is needed."""
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE_BYTES:
        raise Refused(f"{folder} has {size(free)} free; {size(needed + SPARE_BYTES)} are needed.")


def prune(folder: Path, keep: int, made: str, like: Manifest) -> list[str]:
    """Remove all but the newest so many that are like the one that was just ``made``, with a database or without; their names."""
    alike = [path for path in whole(folder) if _has_database(path) == (like.database is not None)]
    alike = _as_made(alike, made)
    gone = alike[: max(0, len(alike) - keep)]
    for path in gone:
        away = path.with_name(f".{path.name}{GONE}")
        path.rename(away)  # a backup is whole or not there, also where this is interrupted
        shutil.rmtree(away)
    return [path.name for path in gone]


def _has_database(path: Path) -> bool | None:
    """None where nobody can say: such a one is left for a person."""
    try:
        return manifests.load(path).database is not None
    except Refused:
        return None


def size(count: int) -> str:
    """Bytes as people read them: ``1.3 GB``."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "bytes" or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
