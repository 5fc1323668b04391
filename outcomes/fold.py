"""The fold: the events of one call group become outcomes. Pure: a function of the events, their connection and the time.

Events are a set. Nothing here may depend on the order in which they are given, on how often one was delivered, or on
what an earlier fold found (promise 2).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from dialers import vocabulary as ours
from dialers.base import Connection, Dialer, KeptEvent
from outcomes import durations
from outcomes.precedence import choose

# The same words again, so long after the first delivery, are no retry of a callback that does not name its attempt: the call
# is dialled again. (Ryng's connect callbacks: once more, a minute later.)
RETRIED_WITHIN = timedelta(minutes=3)

ENDS = (ours.CALL_ENDED, ours.DISPOSED)
_NOTHING = dict.fromkeys(ours.FACTS)


@dataclass(frozen=True)
class Folded:
    """What one attempt's row must say. ``values`` has every field that a fold decides, by column name."""

    attempt_key: str
    named: bool  # the dialer itself has named the attempt; otherwise the key may change as evidence comes
    values: Mapping[str, Any]
    first: list[KeptEvent]  # those that the values were made of: of each content, the one that was delivered first
    events: list[KeptEvent]  # all of them, repetitions included


def fold(events: list[KeptEvent], connection: Connection, dialer: Dialer, now: datetime) -> list[Folded]:
    """What each attempt comes to, by attempt key."""
    repeated = _repetitions(events) if len(events) > 1 else {}
    first = events
    if repeated:
        again = {event.id for own in repeated.values() for event in own}
        first = [event for event in events if event.id not in again]
    folded = []
    for key, own in sorted(dialer.attempts(sorted(first, key=_seen)).items()):
        everything = own + [later for event in own for later in repeated.get(event.id, ())] if repeated else own
        named = any([event.attempt is not None for event in own])
        folded.append(Folded(key, named, _values(own, connection, dialer, now), own, everything))
    return folded


def _repetitions(events: list[KeptEvent]) -> dict[UUID, list[KeptEvent]]:
    """The first delivery of a content -> the later ones: a callback's retry says nothing new, and must not look like a
    later edit. A report shows the present state: the same words seen again, after others, are news."""
    alike: dict[tuple[str, str | None, datetime | None], list[KeptEvent]] = {}
    for event in events:
        if event.source.startswith("callback:"):
            alike.setdefault((event.kind, event.attempt, event.happened_at), []).append(event)
    found: dict[UUID, list[KeptEvent]] = {}
    for own in alike.values():
        told_twice = len(own) == 2 and own[0].facts != own[1].facts  # mostly an end, in two words
        if len(own) > 1 and not told_twice:
            first: dict[str, KeptEvent] = {}
            for event in sorted(own, key=_seen):
                said = json.dumps(event.facts, sort_keys=True)
                delivered = first.setdefault(said, event)
                if event.attempt is None and event.received_at - delivered.received_at > RETRIED_WITHIN:
                    first[said] = event
                elif delivered is not event:
                    found.setdefault(delivered.id, []).append(event)
    return found


def _seen(event: KeptEvent) -> tuple[datetime, UUID, int]:
    """When it was told last: who says something again, says it now."""
    return (event.seen_at, event.receipt_id, event.ordinal)


def _values(events: list[KeptEvent], connection: Connection, dialer: Dialer, now: datetime) -> dict[str, Any]:
    facts, set_by = choose(events)
    values = {**_NOTHING, "flags": [], "custom_fields": {}, **facts}
    for name in ours.TIME_FACTS:
        if name in facts:
            values[name] = datetime.fromisoformat(facts[name])  # as ``clock.iso`` wrote it
    durations.measure(values, set_by, events, dialer)
    values["set_by"] = set_by
    values["sources"] = sorted({event.source for event in events})
    values["first_seen_at"] = min([event.received_at for event in events])
    values["occurred_at"] = (
        values["started_at"] or values["answered_at"] or values["ended_at"] or values["first_seen_at"]
    )
    return _settled(values, events, connection, dialer, now)


def _settled(
    values: dict[str, Any], events: list[KeptEvent], connection: Connection, dialer: Dialer, now: datetime
) -> dict[str, Any]:
    """With the answer to: may the row still change? By rule, and by time where something is waited for that may never come.
    What the dialer, or this connection, never states is not waited for.

    The window runs from the last news by our own clock: dialers' clocks are wrong more often than ours.
    """
    outcome = values["connect_outcome"] or ours.UNKNOWN
    settle_by = max([event.seen_at for event in events]) + connection.disposition_window
    over = any([event.kind in ENDS for event in events])
    if not over and now < settle_by:
        open_outcome = outcome if outcome in ours.OPEN_OUTCOMES else ours.IN_PROGRESS
        return _state(values, open_outcome, ours.PROVISIONAL, settle_by)
    if not over:
        # Its end was never told and no longer will be. That it is over is known, how it ended is not.
        return _state(values, ours.UNKNOWN, ours.NEVER_DISPOSED)
    if outcome in ours.OPEN_OUTCOMES:
        outcome = ours.UNKNOWN
    disposed = values["disposition"] is not None or values["disposed_at"] is not None
    if disposed or outcome not in ours.DISPOSABLE_OUTCOMES or not dialer.awaits(connection, values):
        return _state(values, outcome, ours.SETTLED)
    if now < settle_by:
        return _state(values, outcome, ours.AWAITING_DISPOSITION, settle_by)
    return _state(values, outcome, ours.NEVER_DISPOSED)


def _state(values: dict[str, Any], outcome: str, settling: str, settle_by: datetime | None = None) -> dict[str, Any]:
    values["connect_outcome"] = outcome
    values["settling"] = settling
    values["is_final"] = settling != ours.PROVISIONAL
    values["settle_by"] = settle_by
    return values
