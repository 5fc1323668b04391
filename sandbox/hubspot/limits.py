"""How often HubSpot may be asked: in ten seconds, in a second for searches, and in a day of the account's zone."""

import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

TEN_SECONDS, SECOND, DAY = "TEN_SECONDLY_ROLLING", "SECONDLY", "DAILY"


class Limits:
    """``lifted``: nothing is refused. The defaults are those of a single-account app at a Professional account."""

    def __init__(
        self,
        zone: str,
        ten_seconds: int = 190,
        searches: int = 5,
        daily: int = 650_000,
        lifted: bool = False,
        now: Callable[[], float] = time.time,
    ):
        self.zone = ZoneInfo(zone)
        self.ten_seconds = ten_seconds
        self.searches = searches
        self.daily = daily
        self.lifted = lifted
        self.today = 0
        self._now = now
        self._day = ""
        self._asked: deque[float] = deque()
        self._searched: deque[float] = deque()
        self._lock = threading.Lock()

    def take(self, search: bool) -> tuple[str, float | None] | None:
        """(the policy by which a request is refused, the seconds after which another one may pass), or None: it may pass."""
        now = self._now()
        window, most, seconds = (
            (self._searched, self.searches, 1.0) if search else (self._asked, self.ten_seconds, 10.0)
        )
        with self._lock:
            day = f"{datetime.fromtimestamp(now, self.zone):%Y-%m-%d}"
            if day != self._day:
                self._day, self.today = day, 0
            while window and window[0] <= now - seconds:
                window.popleft()
            if self.lifted:
                return None
            if self.today >= self.daily:
                return DAY, None
            if len(window) >= most:
                return SECOND if search else TEN_SECONDS, window[0] + seconds - now
            self.today += 1
            window.append(now)
        return None

    def headers(self, search: bool) -> dict[str, str]:
        """Of an answer. A search says nothing of its limit."""
        if search:
            return {}
        return {
            "X-HubSpot-RateLimit-Max": str(self.ten_seconds),
            "X-HubSpot-RateLimit-Remaining": str(max(0, self.ten_seconds - len(self._asked))),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            "X-HubSpot-RateLimit-Daily": str(self.daily),
            "X-HubSpot-RateLimit-Daily-Remaining": str(max(0, self.daily - self.today)),
        }
