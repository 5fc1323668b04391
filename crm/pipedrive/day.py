"""The tokens that an account may still spend today, as its answers say.

pipedrive.readme.io, "Rate limiting": each request costs tokens of the company's day, which ends at midnight "at the server's
time zone". The headers are in no documentation, and may be missing; whoever reads the API reports them.
"""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from crm.base import QuotaSpent
from lib import clock
from lib.text import many

LIMIT, LEFT = "x-daily-ratelimit-token-limit", "x-daily-ratelimit-token-remaining"
WRITES_LEFT = "x-daily-requests-left"  # of an older limit; tokens' accounts may still have it
AFTER_MIDNIGHT = timedelta(minutes=1)  # since two clocks differ
DAILY = "tokens"


class Day:
    """Of one client. ``percent``: so much of a day's tokens is left to others."""

    def __init__(self, zone: ZoneInfo, percent: int):
        self._zone = zone
        self._percent = percent
        self._lock = threading.Lock()
        self._told: tuple[int, int, datetime] | None = None

    def note(self, headers: Mapping[str, str]) -> None:
        """What an answer says."""
        limit, left = (_number(headers.get(name)) for name in (LIMIT, LEFT))
        if limit and left is not None:
            with self._lock:
                self._told = limit, left, self.ends(clock.now())

    def told(self) -> tuple[int, int] | None:
        """(a day's tokens, those that are left), where that is known."""
        with self._lock:
            return self._told[:2] if self._told is not None and clock.now() < self._told[2] else None

    def check(self, host: str) -> None:
        """Raises QuotaSpent where only the others' share is left. It is asked anew after that: whoever resumes may have bought
        more."""
        found = self.told()
        if found is None:
            return
        limit, left = found
        if left <= limit * self._percent // 100:
            with self._lock:
                self._told = None
            raise QuotaSpent(
                f"{host} has {many(left, 'token')} of {limit} left today, and keep_tokens_percent leaves {self._percent} % "
                "of them to others.",
                self.ends(clock.now()),
                DAILY,
            )

    def is_spent(self, headers: Mapping[str, str]) -> bool:
        """Whether it is the day that an answer is about which says that we ask too often."""
        return 0 in (_number(headers.get(LEFT)), _number(headers.get(WRITES_LEFT)))

    def ends(self, at: datetime) -> datetime:
        tomorrow = at.astimezone(self._zone).date() + timedelta(days=1)
        return datetime.combine(tomorrow, time(), self._zone).astimezone(UTC) + AFTER_MIDNIGHT


def _number(value: str | None) -> int | None:
    value = (value or "").strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) < 16 else None
