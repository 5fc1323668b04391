"""Which of several events counts as the later one: of callbacks that state no time, and of several legs of one call."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from dialers.base import KeptEvent
from dialers.vocabulary import ANSWERED_OUTCOMES, CALL_ENDED, RESULTS_BY_WEIGHT

_PLACES = datetime(2000, 1, 1, tzinfo=UTC)  # long before any time that a dialer states


def placed(events: list[KeptEvent], place: Callable[[KeptEvent], Any]) -> list[KeptEvent]:
    """Events without a time, put in an order of what they say: by ``place``, then by the weight of their result, then by
    their very words. When each arrived decides nothing: of callbacks that state no time, nobody knows which is the later."""
    alike: dict[Any, list[KeptEvent]] = {}
    for event in events:
        alike.setdefault(place(event), []).append(event)
    ordered = [
        one for at in sorted(alike) for one in (sorted(alike[at], key=_said) if len(alike[at]) > 1 else alike[at])
    ]
    return [replace(event, happened_at=_PLACES + timedelta(microseconds=at)) for at, event in enumerate(ordered)]


def _said(event: KeptEvent) -> tuple[int, Any, list[tuple[str, str]]]:
    facts = event.facts
    outcome = facts.get("connect_outcome")
    weight = RESULTS_BY_WEIGHT.index(outcome) if outcome in RESULTS_BY_WEIGHT else len(RESULTS_BY_WEIGHT)
    return (-weight, facts.get("talk_seconds", 0), sorted((name, str(said)) for name, said in facts.items()))


def of_other_legs(events: list[KeptEvent], who: Collection[str]) -> tuple[list[KeptEvent], set[UUID]]:
    """(the events, the ids of the ends among them that are told of another leg than one that was answered). These are none of
    the call's: who answered outranks who rang in vain, whichever was told last, also where nobody says how long they talked,
    and a conversation the voicemail that it was handed to, so that no length of talk is left in them. Two versions of one
    record are no two legs: ``who`` are the facts by which legs differ."""
    others = _of_other_legs(events, who)
    return [_without_talk(event) if event.id in others else event for event in events] if others else events, others


def _without_talk(end: KeptEvent) -> KeptEvent:
    return replace(end, facts={name: value for name, value in end.facts.items() if name != "talk_seconds"})


def _of_other_legs(events: list[KeptEvent], who: Collection[str]) -> set[UUID]:
    ends = [event for event in events if event.kind == CALL_ENDED]
    if len(ends) < 2:
        return set()
    for result in ANSWERED_OUTCOMES:  # the better first
        answered = [end for end in ends if _outcome(end) == result and end.facts.get("talk_seconds") != 0]
        if answered:
            rest = [end for end in ends if _outcome(end) != result]
            return {end.id for end in rest if all(_differ(end, one, who) for one in answered)}
    return set()


def _outcome(end: KeptEvent) -> Any:
    return end.facts.get("connect_outcome")


def _differ(one: KeptEvent, other: KeptEvent, who: Collection[str]) -> bool:
    mine, theirs = one.facts, other.facts
    return any(name in mine and name in theirs and mine[name] != theirs[name] for name in who)
