"""Credits of the last 24 hours, of which the answers tell only once half are used; and tokens of ten minutes."""

import threading
import time
from collections import deque
from collections.abc import Callable

from sandbox.zoho.refusals import credits_spent

DAY, WINDOW = 86_400.0, 600.0
TOKENS = 10  # in that window
PER_CREDIT = 10  # records that are written


class Limits:
    """``tokens``: of ten minutes; ``lifted``: nothing is refused. The defaults are a free account's."""

    def __init__(
        self,
        credits: int = 5_000,
        tokens: int = TOKENS,
        lifted: bool = False,
        now: Callable[[], float] = time.time,
    ):
        self.credits = credits
        self.tokens = tokens
        self.lifted = lifted
        self._now = now
        self._spent: deque[tuple[float, int]] = deque()
        self._granted: deque[float] = deque()
        self._lock = threading.Lock()

    def take(self, records: int = 0) -> None:
        """For a request that writes so many records. Raises Refusal."""
        cost = max(1, -(-records // PER_CREDIT))
        with self._lock:
            if not self.lifted and self._left() < cost:
                raise credits_spent()
            self._spent.append((self._now(), cost))

    def grants(self) -> bool:
        """Whether one more token may be given."""
        with self._lock:
            while self._granted and self._granted[0] <= self._now() - WINDOW:
                self._granted.popleft()
            if not self.lifted and len(self._granted) >= self.tokens:
                return False
            self._granted.append(self._now())
        return True

    def headers(self) -> dict[str, str]:
        with self._lock:
            left = self._left()
        return {"X-API-CREDITS-REMAINING": str(max(left, 0))} if left <= self.credits // 2 and not self.lifted else {}

    def _left(self) -> int:
        while self._spent and self._spent[0][0] <= self._now() - DAY:
            self._spent.popleft()
        return self.credits - sum(cost for _, cost in self._spent)
