"""How QVoice may misbehave. Each fault is switched on for some requests: ``{"after": 1, "times": 1, "path": "history"}``
lets one matching request pass and spoils the next. ``times`` absent: all of them; ``value`` is the fault's own."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# The answer is another one than it should be.
ANSWERS = {
    "unauthorized": (401, '{"message":"token expired"}'),
    "bad_request": (400, '{"message":"invalid data"}'),
    "forbidden": (403, '{"message":"forbidden"}'),
    "not_found": (404, '{"message":"not found"}'),
    "too_many": (429, '{"message":"slow down"}'),  # value: the Retry-After header
    "server_error": (500, '{"message":"internal error"}'),
    "bad_gateway": (502, "<html><body>Bad gateway</body></html>"),
    "unavailable": (503, '{"message":"starting"}'),  # value: the Retry-After header
    "redirect": (302, ""),
    "html": (200, "<!doctype html><title>Sign in</title>"),
    "empty": (200, ""),
    "failure_in_200": (200, '{"status":"error","error":"500","message":"datastore timeout","data":{}}'),
}
WIRE = {
    "expired": "every token is forgotten before the request is looked at",
    "hang": "the answer takes value seconds",
    "drip": "the answer comes byte by byte, one every value seconds",
    "drop": "the connection is closed without an answer",
    "truncated": "the connection is closed in the middle of the answer",
    "cut": "half of the answer, as if it were all",
    "smart_quotes": "typographic quotation marks, as in the documentation",
    "huge": "value megabytes of blanks before the answer",
}
SHAPES = {
    "array": "a bare array that names no next page, as documented",
    "cdrs": "records under cdrs",
    "rows": "records under rows",
    "keyed": "an object of objects, keyed by id",
    "keyed_data": "the same under data",
    "null": "null instead of no records",
    "unknown_shape": "records where nobody looks for them",
}
CONTENT = {
    "repeated_key": "the next page is always the same",
    "duplicates": "every page but the first begins with the last record of the one before",
    "next_null": "the last page names a next one by null",
    "next_empty": "the last page names a next one by an empty text",
    "one_more_page": "the last page names a next one, which is empty",
    "milliseconds": "times in milliseconds",
    "strings": "numbers written as texts",
    "duplicate_status": "the status success stands twice in leads_by_status, as documented",
    "bad_utf8": "a byte that is no UTF-8 in the first record",
    "no_window": "startDate and endDate are ignored",
}
LOGIN = {
    "login_refused": (401, '{"message":"wrong credentials"}'),
    "login_invalid": (400, '{"message":"invalid data"}'),
    "login_without_token": (200, '{"user":{}}'),
    "login_down": (500, '{"message":"internal error"}'),
}
FAULTS = (*ANSWERS, *WIRE, *SHAPES, *CONTENT, *LOGIN)


@dataclass
class Fault:
    """One fault that is on."""

    name: str
    after: int = 0
    times: int | None = None
    path: str = ""
    value: Any = None

    def strikes(self, path: str) -> bool:
        """Whether it spoils this request; counts it."""
        if self.path not in path:
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0


class Faults:
    """The faults that are on."""

    def __init__(self):
        self._lock = threading.Lock()
        self._on: list[Fault] = []

    def set(self, wanted: Mapping[str, Any]) -> None:
        """The whole set: what is not named is off. Raises ValueError for a fault that nobody knows."""
        unknown = set(wanted) - set(FAULTS)
        if unknown:
            raise ValueError(f"There is no fault named {sorted(unknown)[0]!r}; there are {', '.join(FAULTS)}.")
        try:
            found = [Fault(name, **(options if isinstance(options, dict) else {})) for name, options in wanted.items()]
        except TypeError:
            raise ValueError("A fault has after, times, path and value.") from None
        with self._lock:
            self._on = [fault for fault in found if wanted[fault.name] is not False]

    def on(self) -> list[dict[str, Any]]:
        with self._lock:
            return [vars(fault) for fault in self._on]

    def strike(self, path: str) -> dict[str, Any]:
        """The faults that spoil this request, with their values."""
        with self._lock:
            return {fault.name: fault.value for fault in self._on if fault.strikes(path)}


def retimed(row: dict[str, Any]) -> dict[str, Any]:
    """The row with its times in milliseconds."""
    times = row.get("campaign_timestamps")
    changed = {"timestamp": int(row["timestamp"] * 1000)} if "timestamp" in row else {}
    if isinstance(times, dict):
        changed["campaign_timestamps"] = {name: int(value * 1000) for name, value in times.items()}
    if isinstance(row.get("answered_time"), int | float):
        changed["answered_time"] = int(row["answered_time"] * 1000)
    return row | changed


def stringed(value: Any) -> Any:
    """The same value with its numbers written as texts."""
    if isinstance(value, dict):
        return {name: stringed(item) for name, item in value.items()}
    if isinstance(value, list):
        return [stringed(item) for item in value]
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def status_twice(totals: Mapping[str, Any]) -> str:
    """A campaign's totals with the status success written twice in one object; together they are what they were."""
    by_status = totals["leads_by_status"]
    success = by_status.get("success", 0)
    pairs = [("success", success // 2), *((k, v) for k, v in by_status.items() if k != "success")]
    pairs.append(("success", success - success // 2))
    inner = "{" + ",".join(f"{json.dumps(name)}:{leads}" for name, leads in pairs) + "}"
    rest = json.dumps({name: value for name, value in totals.items() if name != "leads_by_status"})
    return f'{rest[:-1]},"leads_by_status":{inner}}}'
