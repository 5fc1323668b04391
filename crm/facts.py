"""What a client has learned of its account, kept for a while."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

KEPT, KEPT_NOTHING = 3600.0, 60.0  # seconds that what the account has is kept, and that it has none
MOST_KEPT = 5_000  # of agents

Found = TypeVar("Found")


class Facts:
    """Shared by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[str, tuple[float, Any]] = {}

    def get(
        self, name: str, ask: Callable[[], Found | None], seconds: float = KEPT, nothing: float = KEPT_NOTHING
    ) -> Found | None:
        """The answer to ``ask``, asked for where it is not known, and kept for so many seconds; None where there is none, which
        is kept for ``nothing``."""
        with self._lock:
            until, found = self._found.get(name, (0.0, None))
        if time.monotonic() < until:
            return cast("Found | None", found)
        answer = ask()
        with self._lock:
            if len(self._found) >= MOST_KEPT:
                self._found.clear()
            self._found[name] = (time.monotonic() + (nothing if answer is None else seconds), answer)
        return answer

    def known(self, name: str) -> Any:
        """What was found last, without asking; None where nothing was."""
        with self._lock:
            return self._found.get(name, (0.0, None))[1]


def only(users: Mapping[str, str], email: str) -> str | None:
    """The id of the one user with this e-mail address, of e-mails in small letters by their ids; None where none has it, or
    several."""
    fitting = [id_ for id_, one in users.items() if one and one == email.strip().casefold()]
    return fitting[0] if len(fitting) == 1 else None
