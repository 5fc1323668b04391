"""Events of callbacks that state no time: which counts as the later one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from dialers.base import KeptEvent
from dialers.vocabulary import RESULTS_BY_WEIGHT

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
