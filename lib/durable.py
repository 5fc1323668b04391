"""Files that outlive a loss of power, whole or not at all."""

import errno
import hashlib
import os
import tempfile
from pathlib import Path

from lib import private

PROBED_BYTES = 64 * 1024  # more than the log of a small transaction, or most callbacks


def replace(path: Path, text: str) -> None:
    """Give the file this text, by a rename: whoever reads it has the old one or the new one. For its owner alone."""
    beside = path.with_name(f".{path.name}.new")
    write(beside, text)
    sync_folder(path.parent)
    beside.rename(path)
    sync_folder(path.parent)


def write(path: Path, text: str) -> None:
    """Write the file for its owner alone, onto the disk; whoever reads it meanwhile may have half of it."""
    private.write(path, text)
    with path.open("rb") as file:
        os.fsync(file.fileno())


def probe(folder: Path, synced: bool = True, anew: bool = True) -> None:
    """Raise OSError where nothing more of ``PROBED_BYTES`` can be stored in the folder: that is tried, in a file without a name,
    which is gone at once. Only by trying is it known: after an error of the disk the system refuses to write and still says that
    everybody may, and a full disk says so nowhere else.

    Not ``synced``, for whoever looks often: it costs no write to the disk, and finds all but a disk that takes what is written
    and then loses it, or has no room by then. Not ``anew``, for who has the files that it writes to: where no file can be made
    any more because there are too many, these can still grow."""
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            write_all(file.fileno(), bytes(PROBED_BYTES))
            if synced:
                os.fsync(file.fileno())
    except OSError as error:
        if anew or error.errno != errno.ENOSPC or not _lacks_inodes_alone(folder):
            raise


def _lacks_inodes_alone(folder: Path) -> bool:
    found = os.statvfs(folder)
    return bool(found.f_files) and not found.f_favail and found.f_bavail * found.f_frsize >= PROBED_BYTES


def has_room(folder: Path, anew: bool = True) -> bool:
    """Whether a ``probe`` finds that something can be stored there; for pages and scrapes, which ask often: a sync would hold up
    those of callbacks."""
    try:
        probe(folder, synced=False, anew=anew)
    except OSError:
        return False
    return True


def write_all(file: int, data: bytes) -> None:
    """Raises OSError; some of it may be there then."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def sync_folder(folder: Path) -> None:
    """What was put into the folder, or renamed there, is there."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256(path: Path) -> str:
    """Of the file's bytes. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
