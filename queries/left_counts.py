"""Counts as the last process left them, in a file: what the first question to a new process is answered with."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.orm import Session

from lib import durable
from outcomes.feed import Place, state
from queries import feed

log = structlog.get_logger(__name__)

FORM = 1  # another one, when what is counted is told in another way: a release before may have left the file


@dataclass(frozen=True)
class Left:
    """What was found, of how many calls, how many seconds ago, and how many it took."""

    found: Any
    calls: int
    age: float
    took: float


class LeftCounts:
    """One kind of counts. ``read`` makes of its JSON what was found."""

    def __init__(self, path: Path, read: Callable[[Any], Any] = lambda told: told):
        self._path = path
        self._read = read

    def load(self, session: Session) -> Left | None:
        """What was counted of this database; None where nothing was, or of another one, or of this one before it was restored."""
        try:
            told = json.loads(self._path.read_text(encoding="utf-8"))
            left = Left(self._read(told["found"]), told["place"], time.time() - told["at"], told["took"])
            place, form = Place(told["place"], told["epoch"], told["start"]), told["form"]
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return left if form == FORM and left.age >= 0 and feed.knows(session, state(session), place) else None

    def save(self, session: Session, found: Any, took: float) -> None:
        """What was just found, in the session's snapshot. Where the disk refuses, the next process counts for itself."""
        now = state(session)
        place = {"place": now.last_position, "epoch": now.epoch, "start": now.start}
        told = {"form": FORM, **place, "at": time.time() - took, "took": took, "found": found}
        try:
            durable.replace(self._path, json.dumps(told, default=asdict))
        except OSError as error:
            log.warning("counts_not_kept", error=type(error).__name__)
