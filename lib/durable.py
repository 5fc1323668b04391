"""Files that outlive a loss of power, whole or not at all."""

import hashlib
import os
from pathlib import Path

from lib import private


def replace(path: Path, text: str) -> None:
    """Give the file this text, by a rename: whoever reads it has the old one or the new one. For its owner alone."""
    beside = path.with_name(f".{path.name}.new")
    private.write(beside, text)
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    sync_folder(path.parent)
    beside.rename(path)
    sync_folder(path.parent)


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
