"""The fold: the events of one call group become outcomes. Pure: a function of the events, their connection and the time.

Events are a set. Nothing here may depend on the order in which they are given, on how often one was delivered, or on
what an earlier fold found (promise 2).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dialers import vocabulary as ours
from dialers.base import Connection, Dialer, KeptEvent
from lib import clock
from outcomes.precedence import choose

ENDS = (ours.CALL_ENDED, ours.DISPOSED)


@dataclass(frozen=True)
class Draft:
    """What one attempt's row must say. ``values`` has every field that a fold decides, by column name."""

    attempt_key: str
    named: bool  # the dialer itself has named the attempt; otherwise the key may change as evidence comes
    values: Mapping[str, Any]
    events: list[KeptEvent]  # all of them, repetitions included


def fold(events: list[KeptEvent], connection: Connection, dialer: Dialer, now: datetime) -> list[Draft]:
    """One draft per attempt, by attempt key."""
    first = first_deliveries(events)
    repeated: dict[str, list[KeptEvent]] = {}
    for event in events:
        if event is not first[_content(event)]:
            repeated.setdefault(_content(event), []).append(event)
    drafts = []
    for key, own in sorted(dialer.attempts(sorted(first.values(), key=_arrival)).items()):
        everything = own + [again for event in own for again in repeated.get(_content(event), [])]
        named = any(event.attempt is not None for event in own)
        drafts.append(Draft(key, named, _values(own, connection, now), everything))
    return drafts


def first_deliveries(events: list[KeptEvent]) -> dict[str, KeptEvent]:
    """One event per content: a callback's retry says nothing new, and must not look like a later edit."""
    first: dict[str, KeptEvent] = {}
    for event in events:
        content = _content(event)
        if content not in first or _arrival(event) < _arrival(first[content]):
            first[content] = event
    return first


def _content(event: KeptEvent) -> str:
    if not event.source.startswith("callback:"):
        # A report shows the present state: the same words seen again, after others, are news.
        return f"{event.receipt_id} {event.ordinal}"
    return json.dumps([event.kind, event.attempt, clock.iso(event.happened_at), event.facts], sort_keys=True)


def _arrival(event: KeptEvent) -> tuple:
    return (event.seen_at, event.receipt_id, event.ordinal)


def _values(events: list[KeptEvent], connection: Connection, now: datetime) -> dict[str, Any]:
    facts, set_by = choose(events)
    values: dict[str, Any] = {name: facts.get(name) for name in ours.TEXT_FACTS + ours.INT_FACTS}
    values |= {name: clock.parse(facts.get(name)) for name in ours.TIME_FACTS}
    values |= {"flags": facts.get("flags", []), "custom_fields": facts.get("custom_fields", {})}
    values |= {"set_by": set_by, "sources": sorted({event.source for event in events})}
    values["first_seen_at"] = min(event.received_at for event in events)
    values["occurred_at"] = (
        values["started_at"] or values["answered_at"] or values["ended_at"] or values["first_seen_at"]
    )
    return values | _settled(values, events, connection, now)


def _settled(values: Mapping[str, Any], events: list[KeptEvent], connection: Connection, now: datetime) -> dict:
    """May the row still change? By rule, and by time where something is waited for that may never come.

    The window runs from the last news by our own clock: dialers' clocks are wrong more often than ours.
    """
    outcome = values["connect_outcome"] or ours.UNKNOWN
    settle_by = max(event.seen_at for event in events) + connection.disposition_window
    over = any(event.kind in ENDS for event in events)
    if not over and now < settle_by:
        open_outcome = outcome if outcome in ours.OPEN_OUTCOMES else ours.IN_PROGRESS
        return _state(open_outcome, ours.PROVISIONAL, settle_by)
    if not over:
        # Its end was never told and no longer will be. That it is over is known, how it ended is not.
        return _state(ours.UNKNOWN, ours.NEVER_DISPOSED, None)
    if outcome in ours.OPEN_OUTCOMES:
        outcome = ours.UNKNOWN
    disposed = values["disposition"] is not None or values["disposed_at"] is not None
    if disposed or outcome not in ours.DISPOSABLE_OUTCOMES:
        return _state(outcome, ours.SETTLED, None)
    if now < settle_by:
        return _state(outcome, ours.AWAITING_DISPOSITION, settle_by)
    return _state(outcome, ours.NEVER_DISPOSED, None)


def _state(outcome: str, settling: str, settle_by: datetime | None) -> dict:
    return {
        "connect_outcome": outcome,
        "settling": settling,
        "is_final": settling != ours.PROVISIONAL,
        "settle_by": settle_by,
    }
