"""A file in a folder below the one of the settings, whole or not at all; its name has the moment, so that one more of it
overwrites the first."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from lib import durable
from lib.http.errors import AskedWrongly, Unavailable

READERS = 0o640  # a folder that others are to read is theirs by its group


def put(root: Path, place: str, name: str, body: BinaryIO) -> str:
    """Write it; its path. Raises AskedWrongly where the place leads out of the folder, Unavailable where the disk does not take
    it."""
    folder = (root / place).resolve()
    if not folder.is_relative_to(root.resolve()):
        raise AskedWrongly(f"{place} leads out of the folder of the settings.")
    beside = folder / f".{name}.new"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, READERS)
        with os.fdopen(handle, "wb") as file:
            body.seek(0)
            shutil.copyfileobj(body, file)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(folder / name)
        durable.sync_folder(folder)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise Unavailable(f"{folder / name} could not be written: {error.strerror}.") from None
    return str(folder / name)
