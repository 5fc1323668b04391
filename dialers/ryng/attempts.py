"""Which attempt of a call does a connect callback belong to?

Terminal callbacks name their attempt (``callLogID``); connect callbacks carry ``callID`` alone, and several attempts can
share it. So the whole set of events decides. Each question below narrows the attempts that an event may belong to, the
dialer's own facts before the times of arrival, so that the order in which callbacks came cannot matter where the dialer
told enough.

A call that is dialled again has a connect callback of an attempt that no terminal callback has named yet. It is told from a
late one of the attempt before by Ryng's own times where it states them; else by its arrival: a connect callback is posted
within its attempt, and once more a minute later, so one that arrives well after the first terminal callback is none of its.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property

from dialers.base import KeptEvent
from dialers.event_order import placed
from dialers.vocabulary import CALL_ENDED
from lib import clock

OPEN = "open"  # an attempt that no terminal callback has named yet
BY_END = "log:ended "

# The agent's leg may start well before the customer's; clocks and whole seconds differ by a few.
BEFORE_START = timedelta(minutes=5)
AFTER_END = timedelta(minutes=1)
# A connect callback is tried twice, a minute apart; the second may hang for a minute, and the terminal one may be quick.
LATE = timedelta(minutes=3)


class _Attempt:
    """A named attempt, by what its terminal callbacks state."""

    def __init__(self, key: str):
        self.key = key
        self.events: list[KeptEvent] = []

    def _times(self, fact: str) -> list[datetime]:
        return [at for event in self.events if (at := clock.parse(event.facts.get(fact)))]

    # Asked once per event: worked out once, after all events are in.
    @cached_property
    def start(self) -> datetime | None:
        return min(self._times("started_at"), default=None)

    @cached_property
    def end(self) -> datetime | None:
        return max(self._times("ended_at"), default=None)

    @cached_property
    def received_at(self) -> datetime:
        return min(event.received_at for event in self.events)

    @cached_property
    def over_at(self) -> datetime | None:
        """When its end was first told, by our clock."""
        return min([event.received_at for event in self.events if event.kind == CALL_ENDED], default=None)

    @cached_property
    def created(self) -> set[str]:
        return {event.facts["created_at"] for event in self.events if "created_at" in event.facts}

    @cached_property
    def agents(self) -> set[str]:
        return {event.facts["agent_id"] for event in self.events if "agent_id" in event.facts}


def attempts(events: list[KeptEvent]) -> dict[str, list[KeptEvent]]:
    """The events by attempt. Keys: ``log:<callLogID>``, ``log:ended ...`` for a terminal callback without one, ``open``."""
    named: dict[str, _Attempt] = {}
    unnamed = []
    for event in events:
        if event.attempt is None:
            unnamed.append(event)
        else:
            key = f"log:{event.attempt}"
            named.setdefault(key, _Attempt(key)).events.append(event)
    if len(named) > 1:
        _unite_by_end(named)
    found = {key: list(attempt.events) for key, attempt in named.items()}
    candidates = list(named.values())
    for event in unnamed:
        found.setdefault(_attempt_of(event, candidates), []).append(event)
    return {key: _placed(own) for key, own in found.items()} if unnamed else found


def _unite_by_end(named: dict[str, _Attempt]) -> None:
    """A terminal callback without ``callLogID`` is named by its end: it is of the attempt that ended then, if there is one."""
    for key in [key for key in named if key.startswith(BY_END)]:
        ended = named[key].end
        same = [other for name, other in named.items() if not name.startswith(BY_END) and other.end == ended]
        if ended is not None and len(same) == 1:
            same[0].events += named.pop(key).events


def _placed(own: list[KeptEvent]) -> list[KeptEvent]:
    """Connect callbacks without a time that name different agents: which arrived last decides nothing."""
    untimed = [event for event in own if event.attempt is None and event.happened_at is None]
    if len({event.facts.get("agent_id") for event in untimed}) < 2:
        return own
    rest = [event for event in own if event.attempt is not None or event.happened_at is not None]
    return rest + placed(untimed, lambda event: event.kind)


def _attempt_of(event: KeptEvent, candidates: list[_Attempt]) -> str:
    candidates = [attempt for attempt in candidates if _may_hold(attempt, event)]
    if len(candidates) < 2:
        return candidates[0].key if candidates else OPEN
    for question in (_starts_with, _created_with, _same_agent):
        candidates = question(event, candidates) or candidates
    return min(candidates, key=_nearness(event)).key


def _may_hold(attempt: _Attempt, event: KeptEvent) -> bool:
    """False only where it is known that the attempt was over, or began much later: by Ryng's own times; else by arrival."""
    said = event.facts.get("started_at")
    if said is not None and (attempt.start or attempt.end) and (started := clock.parse(said)):
        if attempt.end is not None and started > attempt.end + AFTER_END:
            return False
        return attempt.start is None or started >= attempt.start - BEFORE_START
    created = event.facts.get("created_at")
    if created is not None and created not in attempt.created and attempt.end is not None:
        at = clock.parse(created)
        if at is not None and at > attempt.end:
            return False
    over = attempt.over_at
    if over is None or event.received_at <= over:
        return True
    if event.received_at > over + LATE:
        return False
    return not (_differs(event, "agent_id", attempt.agents) or _differs(event, "created_at", attempt.created))


def _differs(event: KeptEvent, fact: str, known: set[str]) -> bool:
    """Whether the event states something else than the attempt is known by."""
    said = event.facts.get(fact)
    return said is not None and bool(known) and said not in known


def _starts_with(event: KeptEvent, candidates: list[_Attempt]) -> list[_Attempt]:
    """Those that contain the event's start; of several, the ones that start nearest to it."""
    started = clock.parse(event.facts.get("started_at"))
    if started is None:
        return []
    timed = [(abs(attempt.start - started), attempt) for attempt in candidates if attempt.start is not None]
    nearest = min((distance for distance, _ in timed), default=None)
    return [attempt for distance, attempt in timed if distance == nearest]


def _created_with(event: KeptEvent, candidates: list[_Attempt]) -> list[_Attempt]:
    created = event.facts.get("created_at")
    return [attempt for attempt in candidates if created and created in attempt.created]


def _same_agent(event: KeptEvent, candidates: list[_Attempt]) -> list[_Attempt]:
    agent = event.facts.get("agent_id")
    return [attempt for attempt in candidates if agent and agent in attempt.agents]


def _nearness(event: KeptEvent) -> Callable[[_Attempt], tuple[bool, timedelta, str]]:
    """By arrival: a milestone is posted before its own call's end, so the first attempt to end after it is the likely one;
    a milestone that came after all of them is late, and belongs to the last."""

    def measure(attempt: _Attempt) -> tuple[bool, timedelta, str]:
        behind = attempt.received_at < event.received_at
        distance = abs(attempt.received_at - event.received_at)
        return (behind, distance, attempt.key)

    return measure
