"""The last answer to a scrape, which is given again for a moment."""

import threading
import time

SHARED_SECONDS = 1.0  # whoever scrapes ten times a second costs no more than who does so once


class Scraped:
    """Shared by threads. ``seconds``: for how long an answer counts."""

    def __init__(self, seconds: float = SHARED_SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._last: tuple[float, bytes] | None = None

    def get(self) -> bytes | None:
        """None where none was begun lately."""
        with self._lock:
            if self._last is None or time.monotonic() - self._last[0] >= self._seconds:
                return None
            return self._last[1]

    def keep(self, begun: float, body: bytes) -> None:
        with self._lock:
            self._last = begun, body
