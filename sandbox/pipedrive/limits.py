"""How often Pipedrive may be asked: in two seconds by a token, apart for searches; and the tokens of a company's day."""

import threading
import time
from collections import deque
from collections.abc import Callable

from sandbox.pipedrive.refusals import day_spent, too_often

WINDOW = 2.0
# What a request costs, as the vendor's description says it of each; the first that fits.
COSTS = (
    ("GET", "/search", 20),
    ("GET", "/v1/users/me", 2),
    ("GET", "/v1/leadLabels", 10),
    ("GET", "/v1/callLogs/", 2),
    ("GET", "/v1/leads/", 2),
    ("GET", "/v1/filters/", 2),
    ("GET", "/v1/", 20),
    ("GET", "/api/v2/activities/", 1),
    ("GET", "/api/v2/stages", 5),
    ("GET", "/api/v2/pipelines", 5),
    ("GET", "/api/v2/", 10),
    ("DELETE", "/v1/", 6),
    ("DELETE", "/api/v2/", 3),
    ("POST", "/v1/", 10),
    ("PATCH", "/v1/", 10),
    ("PATCH", "/api/v2/", 5),
)


def cost(verb: str, path: str) -> int:
    return next((tokens for method, part, tokens in COSTS if method == verb and part in path), 0)


class Limits:
    """``lifted``: nothing is refused; ``told``: whether headers say what is left. The defaults are those of a Lite plan's token,
    and of a seat."""

    def __init__(
        self,
        requests: int = 20,
        searches: int = 10,
        tokens: int = 30_000,
        lifted: bool = False,
        now: Callable[[], float] = time.time,
    ):
        self.requests = requests
        self.searches = searches
        self.tokens = tokens
        self.spent = 0
        self.lifted = lifted
        self.told = True
        self._now = now
        self._day = -1
        self._asked: dict[bool, deque[float]] = {True: deque(), False: deque()}
        self._lock = threading.Lock()

    def take(self, verb: str, path: str) -> None:
        """Raises Refusal."""
        search = path.endswith("/search")
        now, window, most = self._now(), self._asked[search], self.searches if search else self.requests
        with self._lock:
            if (day := int(now // 86_400)) != self._day:
                self._day, self.spent = day, 0
            while window and window[0] <= now - WINDOW:
                window.popleft()
            if not self.lifted and self.spent >= self.tokens:
                raise day_spent()
            if not self.lifted and len(window) >= most:
                raise too_often()
            self.spent += cost(verb, path)
            window.append(now)

    def headers(self) -> dict[str, str]:
        if not self.told:
            return {}
        return {
            "x-ratelimit-limit": str(self.requests),
            "x-ratelimit-remaining": str(max(0, self.requests - len(self._asked[False]))),
            "x-ratelimit-reset": "2",
            "x-daily-ratelimit-token-limit": str(self.tokens),
            "x-daily-ratelimit-token-remaining": str(max(0, self.tokens - self.spent)),
        }
