"""How often Bitrix24 may be asked: a counter of requests that drains, and the running time of each method in ten minutes."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from sandbox.bitrix24.refusals import operation_limit, query_limit

BUCKETS = 600.0  # seconds for which the running time of a minute counts


class Limits:
    """``lifted``: nothing is refused. ``most`` and ``drains``: of the counter of requests, as of all plans but one;
    ``operating``: seconds of running time that a method has, of which it takes ``costs`` each time."""

    def __init__(
        self,
        most: float = 50,
        drains: float = 2,
        operating: float = 480,
        costs: float = 0.02,
        lifted: bool = False,
        now: Callable[[], float] = time.time,
    ):
        self.most = most
        self.drains = drains
        self.operating = operating
        self.costs = costs
        self.lifted = lifted
        self._now = now
        self._counter = 0.0
        self._since = now()
        self._spent: dict[str, dict[int, list[float]]] = defaultdict(dict)  # method -> minute -> [first, seconds]
        self._lock = threading.Lock()

    def request(self) -> None:
        """One of HTTP. Raises Refusal."""
        with self._lock:
            now = self._now()
            self._counter = max(0.0, self._counter - (now - self._since) * self.drains)
            self._since = now
            if not self.lifted and self._counter > self.most:
                raise query_limit()
            self._counter += 1

    def method(self, name: str) -> dict[str, Any]:
        """What an answer says of the method's time. Raises Refusal."""
        with self._lock:
            now = self._now()
            spent = self._spent[name]
            for minute in [minute for minute, (first, _) in spent.items() if first + BUCKETS <= now]:
                del spent[minute]
            if not self.lifted and sum(seconds for _, seconds in spent.values()) > self.operating:
                raise operation_limit()
            bucket = spent.setdefault(int(now // 60), [now, 0.0])
            bucket[1] += self.costs
            oldest = min(first for first, _ in spent.values())
            told = {"start": now, "finish": now + self.costs, "duration": self.costs, "processing": self.costs}
            return told | {
                "date_start": _shown(now),
                "date_finish": _shown(now),
                "operating_reset_at": int(oldest + BUCKETS),
                "operating": sum(seconds for _, seconds in spent.values()),
            }


def _shown(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(at))
