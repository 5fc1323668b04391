"""What VoIPEX takes: call lists, campaigns and commands, checked as the documentation's table says."""

import re
from collections.abc import Collection
from typing import Any

CREATED, RUNNING, PAUSED, REMOVED = "created", "running", "paused", "removed"

# Command -> (in which states it can be given, the state after it; None: as before).
COMMANDS = {
    "start": ((CREATED, PAUSED, RUNNING), RUNNING),
    "pause": ((RUNNING,), PAUSED),
    "unpause": ((PAUSED,), RUNNING),
    "reload": ((CREATED, RUNNING, PAUSED), None),
    "remove": ((CREATED, RUNNING, PAUSED), REMOVED),
}
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


class Refusal(ValueError):
    """What was given is wrong; the message says what."""


def checked_list(given: Any) -> tuple[str, list[str]]:
    """(name, numbers) of a call list."""
    _want(isinstance(given, dict) and _is_text(given.get("name")), "name is required")
    numbers = given.get("numbers")
    _want(isinstance(numbers, list) and numbers, "numbers are required")
    for one in numbers:
        _want(isinstance(one, dict) and _is_text(one.get("number")), "a number must be text")
        _want(isinstance(one.get("attributes"), list), "attributes must be a list")
    return given["name"], [one["number"] for one in numbers]


def checked_campaign(given: Any, lists: Collection[int], ivrs: Collection[str]) -> dict[str, Any]:
    """The campaign's fields."""
    _want(isinstance(given, dict), "a campaign is required")
    for name in ("name", "callerId", "ivr"):
        _want(_is_text(given.get(name)), f"{name} is required")
    _want(given["ivr"] in ivrs, "there is no such ivr")
    period = given.get("activePeriod")
    _want(isinstance(period, dict), "activePeriod is required")
    for name in ("startTime", "endTime"):
        _want(_is_text(period.get(name)) and _TIME.fullmatch(period[name]), f"activePeriod.{name} must be HH:MM")
    days = period.get("weekDays")
    _want(isinstance(days, list) and days and set(days) <= set(range(1, 8)), "activePeriod.weekDays must be 1 to 7")
    asked = given.get("callLists")
    _want(isinstance(asked, list) and asked and all(one in lists for one in asked), "there is no such call list")
    rules = given.get("rescheduleRules")
    _want(isinstance(rules, list), "rescheduleRules is required")
    for rule in rules:
        whole = isinstance(rule, dict) and all(
            isinstance(rule.get(name), int) for name in ("retryAfter", "maxAttempts")
        )
        _want(whole and _is_text(rule.get("status")), "a rescheduleRule needs status, retryAfter and maxAttempts")
    endpoint = given.get("endpoint", {})
    _want(isinstance(endpoint, dict) and endpoint.get("type", "phone") in ("phone", "queue"), "unknown endpoint.type")
    return given


def next_state(state: str, command: object) -> str:
    """The state of a campaign after the command."""
    name = command if isinstance(command, str) else ""
    _want(name in COMMANDS, "unknown command")
    possible, after = COMMANDS[name]
    _want(state in possible, f"a campaign that is {state} takes no {command}")
    return after or state


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _want(good: Any, otherwise: str) -> None:
    if not good:
        raise Refusal(otherwise)
