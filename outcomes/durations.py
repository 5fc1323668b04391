"""How long agent and customer spoke and how long the call lasted, where the dialer does not say it. Pure, for the fold.

What the dialer states is taken as it is, also where its own times say otherwise, and also a zero. Where it states both
ends and no duration, that is computed from them. Where it states no times at all, as VoIPEX does, what happened is observed
by the arrival of its callbacks, as long as nothing shows that one of them came late. Everything else stays unknown: a wrong
number of seconds would be worse than none.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from dialers import vocabulary as ours
from dialers.base import Dialer, KeptEvent
from lib import clock

LONGEST = 24 * 3600  # seconds; two times further apart than that do not belong together

# Who was on the leg that an event tells of.
_AGENT = ("agent_id", "agent_username", "agent_email", "agent_extension", "agent_number", "agent_name")


def measure(values: dict[str, Any], set_by: dict[str, str], events: list[KeptEvent], dialer: Dialer) -> None:
    """Fill in ``talk_seconds`` and ``duration_seconds`` of an attempt where they are not stated, and say where they come
    from. ``values`` has the facts that were chosen, times as times; the receipt of the end is said to have set them."""
    talk, duration = values["talk_seconds"], values["duration_seconds"]
    if talk is not None and duration is not None:  # as most dialers state both
        values["talk_source"] = values["duration_source"] = ours.STATED
        return
    values["talk_source"] = None if talk is None else ours.STATED
    values["duration_source"] = None if duration is None else ours.STATED
    # Of a call without a conversation nobody talked, whoever picked up.
    spoke = talk is None and values["connect_outcome"] == ours.CONNECTED
    if values["ended_at"] is not None:
        if spoke:
            _set(values, set_by, "talk", ours.COMPUTED, _talk(values, set_by, events))
        if duration is None:
            _set(values, set_by, "duration", ours.COMPUTED, _duration(values, set_by, events))
    elif dialer.arrival is not None and values["answered_at"] is None:
        arrived = [(place, event) for event in events if (place := dialer.arrival(event)) is not None]
        if spoke:
            _set(values, set_by, "talk", ours.OBSERVED, _observed(arrived, ours.ARRIVED_ANSWERED, values))
        if duration is None:
            _set(values, set_by, "duration", ours.OBSERVED, _observed(arrived, ours.ARRIVED_BEGUN, values))


def _set(values: dict[str, Any], set_by: dict[str, str], name: str, source: str, found: tuple[int, str] | None) -> None:
    if found is not None:
        values[f"{name}_seconds"], set_by[f"{name}_seconds"] = found
        values[f"{name}_source"] = source


# Computed -------------------------------------------------------------------------------------------------------------
def _talk(values: Mapping[str, Any], set_by: Mapping[str, str], events: list[KeptEvent]) -> tuple[int, str] | None:
    """From the moment when both were on the line: a dialer that calls the customer first has the customer wait for an agent."""
    answered = values["answered_at"]
    if answered is None or not _of_one_leg("answered_at", set_by, events):
        return None
    agents = [e.happened_at for e in events if e.kind == ours.AGENT_ANSWERED and e.happened_at is not None]
    begun = max(answered, min(agents)) if agents else answered
    return _between(begun, values["ended_at"], set_by["ended_at"])


def _duration(values: Mapping[str, Any], set_by: Mapping[str, str], events: list[KeptEvent]) -> tuple[int, str] | None:
    started = values["started_at"]
    if started is None or not _of_one_leg("started_at", set_by, events):
        return None
    for event in events:
        retried = event.facts.get("connect_outcome") == ours.RETRY_SCHEDULED
        if retried and clock.parse(event.facts.get("started_at")) == started:
            return None  # an earlier try began then, and the end is the last one's
    return _between(started, values["ended_at"], set_by["ended_at"])


def _of_one_leg(begin: str, set_by: Mapping[str, str], events: list[KeptEvent]) -> bool:
    """False where the two times were told of different agents."""
    begun, ended = (
        [e.facts for e in events if name in e.facts and str(e.receipt_id) == set_by.get(name)]
        for name in (begin, "ended_at")
    )
    return any(not _differ(one, other) for one in begun for other in ended)


def _between(begin: datetime, end: datetime, receipt: str) -> tuple[int, str] | None:
    seconds = (end - begin).total_seconds()
    return (int(seconds), receipt) if 0 <= seconds <= LONGEST else None


# Observed -------------------------------------------------------------------------------------------------------------
Arrived = list[tuple[int, KeptEvent]]  # (its place in the life of a call, the event), first deliveries only


def _observed(arrived: Arrived, begin: int, values: Mapping[str, Any]) -> tuple[int, str] | None:
    """Between the arrivals of a beginning and of the end of the same leg. Where several may be meant, none is."""
    begun = _of_agent(values, (event for place, event in arrived if place == begin))
    ended = _of_agent(values, (event for place, event in arrived if place == ours.ARRIVED_ENDED))
    if begin == ours.ARRIVED_BEGUN:  # every leg has a beginning; the call's is the first
        begun = sorted(begun, key=lambda event: event.arrived)[:1]
    if len(begun) != 1 or len(ended) != 1:
        return None
    if _is_late(begin, begun[0], arrived) or _is_late(ours.ARRIVED_ENDED, ended[0], arrived):
        return None
    found = _between(begun[0].received_at, ended[0].received_at, str(ended[0].receipt_id))
    return found if found is not None and found[0] > 0 else None  # at once: they were held up and came together


def _of_agent(values: Mapping[str, Any], events: Iterable[KeptEvent]) -> list[KeptEvent]:
    """Those of the agent who is credited; else those that name nobody."""
    others = [event for event in events if not _differ(values, event.facts)]
    return [event for event in others if _names_agent(event.facts)] or others


def _is_late(place: int, event: KeptEvent, arrived: Arrived) -> bool:
    """Whether something that comes after it in the life of a call came before it."""
    return any(
        later > place and other.received_at < event.received_at and not _differ(event.facts, other.facts)
        for later, other in arrived
    )


def _names_agent(facts: Mapping[str, Any]) -> bool:
    return any(facts.get(name) is not None for name in _AGENT)


def _differ(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether the two name different agents."""
    for name in _AGENT:
        mine, theirs = one.get(name), other.get(name)
        if mine is not None and theirs is not None and mine != theirs:
            return True
    return False
