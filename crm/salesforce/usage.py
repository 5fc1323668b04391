"""The requests of a day that the org has left, as its answers say.

developer.salesforce.com, "API Request Limits and Allocations" and "Sforce-Limit-Info": a limit of the last 24 hours, shared by
all that ask the org; each answer says how much of it is used. It has no end at midnight: room comes back hour by hour.
"""

import re
import threading
import time
from collections.abc import Mapping
from datetime import timedelta

from crm.base import QuotaSpent
from lib import clock

HEADER = "Sforce-Limit-Info"
PAUSE = timedelta(hours=1)  # after which there may be room again
KEPT = 600.0  # seconds for which what was said counts
ROLLING = "requests of 24 hours"
_USED = re.compile(r"(?<![\w-])api-usage=(\d{1,12})/(\d{1,12})", re.ASCII)


class Usage:
    """Of one client. ``percent``: so much is left to others."""

    def __init__(self, percent: int):
        self._percent = percent
        self._lock = threading.Lock()
        self._told: tuple[float, int, int] | None = None

    def note(self, headers: Mapping[str, str]) -> None:
        """What an answer says."""
        found = _USED.search(headers.get(HEADER) or "")
        if found is not None and int(found[2]):
            with self._lock:
                self._told = time.monotonic() + KEPT, int(found[1]), int(found[2])

    def told(self) -> tuple[int, int] | None:
        """(how many are used, of how many), where that is known."""
        with self._lock:
            return self._told[1:] if self._told is not None and time.monotonic() < self._told[0] else None

    def check(self, host: str) -> None:
        """Raises QuotaSpent where only the others' share is left. It is asked anew after that: whoever resumes may have bought
        more."""
        found = self.told()
        if found is None:
            return
        used, limit = found
        if limit - used <= limit * self._percent // 100:
            with self._lock:
                self._told = None
            sentence = f"{host}: the org has used {used} of its {limit} requests of 24 hours, and keep_requests_percent leaves "
            raise spent(f"{sentence}{self._percent} % to others.")


def spent(sentence: str) -> QuotaSpent:
    return QuotaSpent(sentence, clock.now() + PAUSE, ROLLING)
