"""Files and folders that nobody but their owner reads: what they hold are telephone numbers, outcomes and secrets."""

import contextlib
import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_folder(path: Path) -> None:
    """Make it, and those above it that are missing, for its owner alone. One that is there stays as it is."""
    missing = []
    while not path.is_dir():
        missing.append(path)
        path = path.parent
    for folder in reversed(missing):
        try:
            folder.mkdir(mode=0o700, exist_ok=True)  # ``parents=True`` would leave the upper ones open
        except FileExistsError:  # and it is no folder; one that somebody else has made meanwhile is as good
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)) from None


def make_file(path: Path) -> None:
    """Make it, empty, where it is missing, for its owner alone; one that is there is closed to others."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        close(path)


def write(path: Path, text: str) -> None:
    """Write the file for its owner alone."""
    make_file(path)
    path.write_text(text, encoding="utf-8")


def close(path: Path) -> None:
    """Nobody but the owner reads it from now on. What is missing, or another's, is left."""
    with contextlib.suppress(OSError):
        found = path.stat()
        if found.st_mode & OTHERS and found.st_uid == os.geteuid():
            path.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)


def close_folder(path: Path, ours: Iterable[str]) -> bool:
    """The same of a folder and all that is in it, where every name in it begins with one of these. One that others share, such as
    /tmp or somebody's home, is left, but for what is called exactly so. Returns whether it is closed to others."""
    names = tuple(ours)
    try:
        found, there = path.stat(), os.listdir(path)
    except OSError:
        return False
    alone = found.st_uid == os.geteuid() and not found.st_mode & stat.S_ISVTX
    alone = alone and all(name.startswith(names) for name in there)
    for name in there:
        if (alone or name in names) and not (path / name).is_symlink():
            close(path / name)
    if alone:
        close(path)
    return not path.stat().st_mode & OTHERS
