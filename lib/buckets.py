"""How often somebody may do something: so many times at once, and once more each so many seconds."""

import math
import threading
import time
from collections import OrderedDict


class Buckets:
    """A bucket per name; of ``most`` names, for strangers choose them: the one that was used least recently makes room."""

    def __init__(self, size: int, seconds: float, most: int = 10_000):
        self._size = size
        self._seconds = seconds
        self._most = most
        self._lock = threading.Lock()
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, name: str, now: float | None = None) -> int:
        """0 where it may be done, which then counts; else the seconds until it may."""
        now = time.monotonic() if now is None else now
        with self._lock:
            full_at = max(now, self._full_at.get(name, now))
            wait = full_at + self._seconds - (now + self._size * self._seconds)
            if wait > 1e-6:
                return math.ceil(wait)
            self._full_at[name] = full_at + self._seconds
            self._full_at.move_to_end(name)
            while len(self._full_at) > self._most:
                self._full_at.popitem(last=False)
            return 0

    def give_back(self, name: str) -> None:
        """It turned out not to count."""
        with self._lock:
            if name in self._full_at:
                self._full_at[name] -= self._seconds
