"""What becomes of a job in the sandbox, what a request must look like, and how JAICP may misbehave."""

import random
import re
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.faults import COMMON

NOT_OVER = ("planned", "inProcess", "onRetry")
RESULTS = ("Interested", "Call back later", "Not interested")

# Ways that JAICP alone may take.
OWN = {
    "fewer_rows": "a report leaves every second row out",
    "no_array": "a report comes as an object",
    "ids_as_text": "job ids are written as texts",
    "fewer_ids": "the last job's id is missing in the answer to addPhones",
    "equal_numbers_once": "of equal numbers in one request only the first becomes a job",
    "unknown_ids_refused": "a report of an id that does not exist is answered 400",
    "forgetful": "idempotence keys are forgotten before the request is looked at",
    "bad_utf8": "a byte that is no UTF-8 in every result of a report",
}
FAULTS = (*COMMON, *OWN)

_ZONE = re.compile(r"(UTC|GMT|UT)?[+-](\d|\d\d|\d\d:?\d\d|\d\d:\d\d:\d\d|\d{6})", re.ASCII)
POLICY = {
    "startDateTime": str,
    "finishDateTime": str,
    "allowedDays": list,
    "allowedTime": dict,
    "retryIntervalInMinutes": int,
    "maxAttempts": int,
    "dialerPriority": int,
}


@dataclass(frozen=True)
class Step:
    """Something that happens to a job: ``columns`` of its row from then on. ``begins``: a call begins; else one ends."""

    after: float  # seconds since the job was added
    columns: dict[str, Any] = field(default_factory=dict)
    begins: bool = False


def planned(dice: random.Random, item: dict[str, Any]) -> list[Step]:
    """The steps of a new job. Where its payload names ``sandbox_status``, it ends with that status."""
    payload = item.get("payload") or {}
    drawn = dice.choices(
        ("longCallWithResult", "longCallWithNoResult", "noAnswer", "nonexistentNumber"), (50, 15, 28, 7)
    )[0]
    status = str(payload.get("sandbox_status") or drawn)
    at = dice.uniform(2, 20)
    steps = [Step(at, {"jobStatus": "inProcess"}, begins=True)]
    if status == "noAnswer" or dice.random() < 0.2:
        steps.append(Step(at + 30, {"jobStatus": "onRetry", "callDuration": 0}))
        at += 60
        steps.append(Step(at, {"jobStatus": "inProcess"}, begins=True))
    if status.startswith("longCall"):
        length = dice.randint(8, 120)
        columns: dict[str, Any] = {"jobStatus": status, "callDuration": length, "reportData": {}}
        if status == "longCallWithResult":
            result = payload.get("sandbox_result") or dice.choice(RESULTS)
            columns |= {"callResult": result, "reportData": {"Name": payload.get("name"), "Score": dice.randint(1, 5)}}
        return [*steps, Step(at + length, columns)]
    return [*steps, Step(at + 30, {"jobStatus": status, "callDuration": 0})]


def wrong(items: object) -> str | None:
    """Why addPhones cannot take this; None where it can."""
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        return "an array of objects is expected"
    return next((why for item in items if (why := _wrong_item(item))), None)


def _wrong_item(item: dict[str, Any]) -> str | None:
    phone = item.get("phone")
    if isinstance(phone, bool) or not isinstance(phone, int | str) or not str(phone).isdigit():
        return "phone must be digits"
    if not isinstance(item.get("payload") or {}, dict):
        return "payload must be an object"
    if "gmtZone" in item and not is_zone(item["gmtZone"]):
        return "gmtZone is no time zone"
    for name, value in item.items():
        if name in POLICY and not isinstance(value, POLICY[name]):
            return f"{name} has a wrong type"
        if name not in POLICY and name not in ("phone", "gmtZone", "payload"):
            return f"{name} is not known"
    return None


def is_zone(zone: object) -> bool:
    if not isinstance(zone, str):
        return False
    if zone == "Z" or _ZONE.fullmatch(zone):
        return True
    try:
        return bool(ZoneInfo(zone))
    except (ValueError, OSError):
        return False
    except KeyError:  # zoneinfo finds no such zone
        return False
