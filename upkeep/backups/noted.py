"""When a backup was made last, and when one was tried: kept in the data folder, for ``/metrics`` and ``wrapup doctor``."""

import json
import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from lib import clock, durable, private

BACKUP, DRILL, FAILED_DRILL = "last-backup.json", "last-drill.json", "last-failed-drill.json"
# What is noted of a time later than so was noted by a clock that has been set back since.
TO_COME = timedelta(minutes=1)


def note(data_dir: Path, what: str, at: datetime, **more: Any) -> None:
    """Raises OSError."""
    private.make_folder(data_dir)
    durable.replace(data_dir / what, json.dumps({"at": clock.iso(at), **more}) + "\n")


def read(data_dir: Path, what: str) -> Mapping[str, Any] | None:
    """What was noted, ``at`` as a time; None where there is nothing that can be read."""
    try:
        told = json.loads((data_dir / what).read_text(encoding="utf-8"))
        at = clock.read(told["at"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return None if at is None else {**told, "at": at}


def age(data_dir: Path, what: str, now: datetime) -> float | None:
    """Seconds since; None where it never was, or nobody knows when."""
    found = read(data_dir, what)
    if found is None or is_to_come(found, now):
        return None
    seconds: float = (now - found["at"]).total_seconds()
    return max(0.0, seconds)


def is_to_come(found: Mapping[str, Any], now: datetime) -> bool:
    """Whether it was noted of a time that is still to come, so that nobody knows how long ago that was."""
    return bool(found["at"] - now > TO_COME)


def is_unreadable(data_dir: Path, what: str) -> bool:
    """Whether something was noted that cannot be read, so that nobody knows what."""
    try:
        if data_dir.exists() and not os.access(data_dir, os.X_OK):
            return True
        return os.path.lexists(data_dir / what) and read(data_dir, what) is None
    except OSError:
        return True
