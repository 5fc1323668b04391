"""How QVoice may misbehave, besides what every dialer does; ``sandbox.faults`` says how a fault is switched on."""

import json
from collections.abc import Mapping
from typing import Any

from sandbox.faults import COMMON

# Of QVoice alone; the rest is every dialer's.
ANSWERS = {
    "failure_in_200": (200, '{"status":"error","error":"500","message":"datastore timeout","data":{}}'),
}
WIRE = {
    "expired": "every token is forgotten before the request is looked at",
    "drip": "the answer comes byte by byte, one every value seconds",
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
FAULTS = (*COMMON, *ANSWERS, *WIRE, *SHAPES, *CONTENT, *LOGIN)


def retimed(row: dict[str, Any]) -> dict[str, Any]:
    """The row with its times in milliseconds."""
    times = row.get("campaign_timestamps")
    changed: dict[str, Any] = {"timestamp": int(row["timestamp"] * 1000)} if "timestamp" in row else {}
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
