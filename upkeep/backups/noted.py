"""When a backup was made last, and when one was tried: kept in the data folder, for ``/metrics`` and ``wrapup doctor``."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from lib import clock, durable, private

BACKUP, DRILL = "last-backup.json", "last-drill.json"


def note(data_dir: Path, what: str, at: datetime, **more: Any) -> None:
    """Raises OSError."""
    private.make_folder(data_dir)
    durable.replace(data_dir / what, json.dumps({"at": clock.iso(at), **more}) + "\n")


def read(data_dir: Path, what: str) -> Mapping[str, Any] | None:
    """What was noted, ``at`` as a time; None where there is nothing that can be read."""
    try:
        told = json.loads((data_dir / what).read_text(encoding="utf-8"))
        at = clock.parse(told["at"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return None if at is None else {**told, "at": at}


def age(data_dir: Path, what: str, now: datetime) -> float | None:
    """Seconds since; None where it never was."""
    found = read(data_dir, what)
    return max(0.0, (now - found["at"]).total_seconds()) if found else None
