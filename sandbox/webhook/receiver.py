"""Somebody who takes signed webhooks, played locally over real HTTP: what was taken, how often, and in which order.

    receiver = Receiver(["whsec_..."])
    with running(create_app(receiver)) as url: ...

``api.create_app(receiver)`` is its HTTP side; ``python -m sandbox.webhook --port 9447`` serves it from a shell.
"""

import hashlib
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from sandbox import wire
from sandbox.faults import COMMON, Faults
from sandbox.webhook import signatures

SECRET = "whsec_c2FuZGJveC1zYW5kYm94LXNhbmRib3gtc2FuZGJveA=="  # for the demo: nobody else may use it
TYPES = ("call.outcome.settled", "call.outcome.changed", "call.outcome.merged")
KEPT = 1_000  # so many wrong requests are remembered; all are counted
OWN_ANSWERS = {
    "gone": (410, "{}"),
    "gateway_timeout": (504, ""),
}
OWN_FAULTS = {
    "html_after": "it is kept, and the answer is a 200 with a page for people",
}
FAULTS = (*COMMON, *wire.FAULTS, *OWN_ANSWERS, *OWN_FAULTS)


@dataclass(frozen=True, slots=True)
class Event:
    """An event when it came for the first time."""

    id: str
    type: str
    outcome_id: str
    revision: int
    outcome: Mapping[str, Any]
    changed_fields: Sequence[str] | None
    signatures: int


class Receiver:
    """``secrets``: each may have signed. Raises ValueError for one that is none."""

    def __init__(self, secrets: Sequence[str] = (SECRET,), now: Callable[[], float] = time.time):
        self.set_secrets(secrets)
        self.now = now
        self.faults = Faults(FAULTS)
        self.events: list[Event] = []
        self.times: Counter[str] = Counter()  # by id of an event, how often it came
        self.altered: list[str] = []  # ids that came again with another body
        self.backwards: list[dict[str, Any]] = []  # events with a revision not above the last one of their outcome
        self.requests = 0
        self.answers: Counter[int] = Counter()
        self.struck: Counter[str] = Counter()
        self.trapped = 0  # requests that followed a redirect
        self.wrong: deque[dict[str, str]] = deque(maxlen=KEPT)
        self.wrong_in_all = 0
        self._bodies: dict[str, bytes] = {}
        self._last: dict[str, Event] = {}
        self._lock = threading.Lock()

    def set_secrets(self, secrets: Sequence[str]) -> None:
        self._keys = [signatures.key(one) for one in secrets]

    def take(self, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        """(status, why) of a request: 401 where it is not signed by somebody known, 400 where it is no event."""
        why = signatures.fault(self._keys, headers, body, self.now())
        if why is not None:
            return self._refused(401, why)
        try:
            found = _event(headers, body)
        except ValueError as error:
            return self._refused(400, str(error))
        digest = hashlib.blake2b(body, digest_size=16).digest()
        with self._lock:
            self.times[found.id] += 1
            if self._bodies.setdefault(found.id, digest) != digest:
                self.altered.append(found.id)
            if self.times[found.id] > 1:
                return 200, "taken before"
            last = self._last.get(found.outcome_id)
            if last is not None and found.revision <= last.revision:
                of = {"outcome_id": found.outcome_id, "revision": found.revision, "after": last.revision}
                self.backwards.append(of)
            self._last[found.outcome_id] = found
            self.events.append(found)
        return 200, "taken"

    def last(self, outcome_id: str) -> Event | None:
        """The event of the outcome that came last."""
        return self._last.get(outcome_id)

    def by_outcome(self) -> dict[str, list[Event]]:
        found: dict[str, list[Event]] = {}
        with self._lock:
            for event in self.events:
                found.setdefault(event.outcome_id, []).append(event)
        return found

    def repeats(self) -> int:
        with self._lock:
            return sum(self.times.values()) - len(self.times)

    def noted(self, status: int, struck: Iterable[str]) -> None:
        with self._lock:
            self.requests += 1
            self.answers[status] += 1
            self.struck.update(list(struck))

    def forget(self) -> None:
        """As if nothing had come."""
        with self._lock:
            self.events, self.altered, self.backwards = [], [], []
            self.times.clear()
            self._bodies.clear()
            self._last.clear()

    def _refused(self, status: int, why: str) -> tuple[int, str]:
        with self._lock:
            self.wrong_in_all += 1
            self.wrong.append({"why": why})
        return status, why


def _event(headers: Mapping[str, str], body: bytes) -> Event:
    """Raises ValueError."""
    if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise ValueError("the body must be application/json")
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise ValueError("the body is no JSON") from None
    if not isinstance(given, dict) or set(given) != {"type", "timestamp", "data"}:
        raise ValueError("an event has type, timestamp and data")
    if given["type"] not in TYPES:
        raise ValueError(f"there is no event of type {given['type']}")
    data = given["data"]
    if (
        not isinstance(given["timestamp"], str)
        or not isinstance(data, dict)
        or set(data) != {"outcome", "changed_fields"}
    ):
        raise ValueError("data has outcome and changed_fields, and the timestamp is a text")
    outcome, changed = data["outcome"], data["changed_fields"]
    if (
        not isinstance(outcome, dict)
        or not isinstance(outcome.get("id"), str)
        or not isinstance(outcome.get("revision"), int)
    ):
        raise ValueError("an outcome has an id and a revision")
    if changed is not None and not (isinstance(changed, list) and all(isinstance(one, str) for one in changed)):
        raise ValueError("changed_fields is a list of names, or null")
    signed = len(headers.get("webhook-signature", "").split(" "))
    return Event(headers["webhook-id"], given["type"], outcome["id"], outcome["revision"], outcome, changed, signed)
