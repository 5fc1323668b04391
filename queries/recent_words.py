"""Undecided words for whoever asks every few seconds: the live page. Where millions of calls carry such words,
counting them takes seconds; then the last answer is given again for a while."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from dialers.base import Connection
from queries import words_seen

QUICK_SECONDS = 2.0  # what takes no longer is always counted anew
RESTS = 20  # of what takes longer: so many times as long


class RecentWords:
    """What ``words_seen.unmapped`` says, or said just now."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._found: dict[str, list[dict[str, Any]]] = {}
        self._until = float("-inf")
        self._lock = threading.Lock()

    def unmapped(self, session: Session, configured: Mapping[str, Connection]) -> dict[str, list[dict[str, Any]]]:
        with self._lock:  # several who ask at once need it counted once
            begun = self._clock()
            if begun >= self._until:
                self._found = words_seen.unmapped(session, configured)
                took = self._clock() - begun
                self._until = begun + took * (1 + RESTS) if took > QUICK_SECONDS else begun
            return self._found

    def forget(self) -> None:
        """Count anew at the next question: somebody has just decided something."""
        self._until = float("-inf")
