"""How Ryng, or the way to us, may misbehave. Each fault has a name and a chance; all are off unless switched on."""

import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from sandbox.ryng.bodies import AGENT_CONNECTED, CALL_ENDED, CUSTOMER_CONNECTED, Attempt

# Decided once per call: what happened, and when it is told.
CALL_FAULTS = {
    "late_connect": "a connect callback is posted after the terminal one",
    "shuffled": "the callbacks of a call are posted in any order",
    "late_edit": "minutes later the agent corrects the disposition: a second terminal callback, the same callLogID",
    "talktime_disagrees": "talktime is not what the timestamps say",
    "unknown_status": "status is a word or number that no page mentions",
    "termination_milestone": "a third connect callback at the call's end, as the text says and no example shows",
}
# Decided per callback: what its body looks like.
BODY_FAULTS = {
    "duplicate_keys": "callbackType and event stand twice in one object, event with different values, as documented",
    "legs_list": "legDetails is a list of one object",
    "legs_null": "legDetails is null",
    "legs_absent": "there is no legDetails",
    "numbers_as_strings": "every integer is written as a string",
    "invalid_json": "the last bracket is missing, so that nobody can tell what else is",
    "smart_quotes": "typographic quotation marks around keys and values",
    "huge_body": "two megabytes of notes",
}
# Decided per callback: what happens on the wire.
WIRE_FAULTS = {
    "duplicate": "posted again although it was answered 200",
    "wrong_token": "the last but one part of the URL is wrong",
    "slow_sender": "the body trickles in over seconds",
    "hang_up": "the first try hangs up before it reads the answer",
}
FAULTS = CALL_FAULTS | BODY_FAULTS | WIRE_FAULTS

HUGE = 2 * 1024 * 1024
UNKNOWN_STATUSES = ("17", "network-congestion", "Status not captured", "")


def checked(chances: Mapping[str, Any]) -> dict[str, float]:
    """The chances by fault. Raises ValueError for a fault that nobody knows and for a chance that is none."""
    unknown = set(chances) - set(FAULTS)
    if unknown:
        raise ValueError(f"There is no fault named {sorted(unknown)[0]!r}; there are {', '.join(FAULTS)}.")
    for name, chance in chances.items():
        if isinstance(chance, str) or not 0 <= chance <= 1:
            raise ValueError(f"The chance of {name} must be a number from 0 to 1.")
    return {name: float(chance) for name, chance in chances.items()}


def drawn(chances: Mapping[str, float], names: Iterable[str], dice: random.Random) -> tuple[str, ...]:
    """The faults that happen. Draws once per name, so that switching one on leaves the others' luck alone."""
    return tuple(name for name in names if dice.random() < chances.get(name, 0))


def misstated(attempt: Attempt, faults: tuple[str, ...], dice: random.Random) -> Attempt:
    """The attempt as a lying dialer tells it."""
    if "talktime_disagrees" in faults and attempt.talk_seconds:
        attempt = replace(attempt, talk_seconds=max(1, attempt.talk_seconds + dice.choice((-60, -7, 11, 18_000))))
    if "unknown_status" in faults:
        attempt = replace(attempt, status=dice.choice(UNKNOWN_STATUSES))
    return attempt


def edited(attempt: Attempt, dispositions: Iterable[tuple[str, str]], minutes: int, dice: random.Random) -> Attempt:
    """The attempt after the agent has thought again."""
    others = [pair for pair in dispositions if pair[1] != attempt.disposition]
    parent, disposition = dice.choice(others)
    at = (attempt.disposed or attempt.ended) + timedelta(minutes=minutes)
    return replace(
        attempt, parent_disposition=parent, disposition=disposition, disposed=at, notes="Corrected.", callback_time=None
    )


def written(body: Mapping[str, Any], faults: Iterable[str] = ()) -> bytes:
    """The bytes of a body, bent by the faults. Without any: plain JSON."""
    faults = set(faults)
    bent = dict(body)
    if "legDetails" in bent:
        if "legs_list" in faults:
            bent["legDetails"] = [bent["legDetails"]]
        if "legs_null" in faults:
            bent["legDetails"] = None
        if "legs_absent" in faults:
            del bent["legDetails"]
    if "numbers_as_strings" in faults:
        bent = _as_strings(bent)
    if "huge_body" in faults:
        bent["notes"] = "All work and no play. " * (HUGE // 22 + 1)
    text = json.dumps(bent)
    if "duplicate_keys" in faults and "event" in bent:
        text = text[:-1] + f', "callbackType": {json.dumps(bent["callbackType"])}, "event": "{_other(bent["event"])}"}}'
    if "invalid_json" in faults:
        text = text[:-1]
    if "smart_quotes" in faults:
        text = "".join("\u201c\u201d"[index % 2] if part == '"' else part for index, part in _quoted(text))
    return text.encode()


def other_token(url: str) -> str:
    """The URL with another token: of ``.../<token>/<kind>`` the last but one part is replaced."""
    parts = urlsplit(url)
    *front, _token, kind = parts.path.split("/")
    return urlunsplit(parts._replace(path="/".join([*front, "not-the-token", kind])))


def _as_strings(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_strings(item) for key, item in value.items()}
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _other(event: str) -> str:
    pairs = {AGENT_CONNECTED: CUSTOMER_CONNECTED, CUSTOMER_CONNECTED: AGENT_CONNECTED}
    return pairs.get(event, CALL_ENDED)


def _quoted(text: str) -> Iterable[tuple[int, str]]:
    """(how many quotation marks came before, character)."""
    seen = 0
    for char in text:
        yield seen, char
        seen += char == '"'
