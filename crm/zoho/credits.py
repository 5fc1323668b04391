"""The credits that an account still has, as its answers say.

zoho.com/crm/developer, "API limits": each request costs credits of the last 24 hours, which come back one by one. The header is
the only sign of them, and is sent only once half of them are used.
"""

import threading
from collections.abc import Mapping
from datetime import timedelta

from crm.base import QuotaSpent
from lib import clock
from lib.text import many

LEFT = "X-API-CREDITS-REMAINING"
CREDITS = "credits"
PAUSE = timedelta(hours=1)  # after which there may be room again: they come back as they were spent


class Credits:
    """Of one client. ``kept``: so many are left to others."""

    def __init__(self, kept: int):
        self._kept = kept
        self._lock = threading.Lock()
        self._left: int | None = None

    def note(self, headers: Mapping[str, str]) -> None:
        """What an answer says; where it says nothing, there are plenty."""
        stated = (headers.get(LEFT) or "").strip()
        with self._lock:
            self._left = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 16 else None

    def left(self) -> int | None:
        """As it was said last."""
        with self._lock:
            return self._left

    def check(self, host: str) -> None:
        """Raises QuotaSpent where only the others' share is left. It is asked anew after that."""
        with self._lock:
            left = self._left
            if left is None or left > self._kept:
                return
            self._left = None
        raise spent(f"{host} has {many(left, 'credit')} left, and keep_credits leaves {self._kept} to others.")


def spent(sentence: str) -> QuotaSpent:
    return QuotaSpent(sentence, clock.now() + PAUSE, CREDITS)
