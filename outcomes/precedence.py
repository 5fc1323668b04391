"""Which evidence sets which field: one table, a reason per row.

A row names fields that are taken together, from one event, so that an agent's name never stands beside another agent's
number. Of the events that state the first fields of a row, the best kind wins; within a kind a proven conversation, then
the latest by the dialer's clock, then by ours, then what says most, then the higher receipt id (see ``standing``). What an
event does not state never erases what another one stated, unless it told of another leg (see ``of_one_leg``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from dialers import vocabulary as ours
from dialers.base import KeptEvent

NEVER = datetime.min.replace(tzinfo=UTC)

# The end of a call knows most; then what was recorded after it; then the milestones, the later before the earlier.
THE_END_FIRST = (
    ours.CALL_ENDED,
    ours.DISPOSED,
    ours.CUSTOMER_ANSWERED,
    ours.AGENT_ANSWERED,
    ours.LEAD_STATUS_SEEN,
    ours.MILESTONE,
    ours.DIALED,
)
THE_RECORD_FIRST = (ours.DISPOSED, ours.CALL_ENDED)
THE_LEAD_FIRST = (ours.LEAD_STATUS_SEEN, ours.CALL_ENDED, ours.DISPOSED)


@dataclass(frozen=True)
class Rule:
    """Fields taken together, the kinds of event that may set them, best first, and why."""

    fields: tuple[str, ...]
    kinds: tuple[str, ...]
    reason: str


RULES = (
    Rule(("connect_outcome",), THE_END_FIRST, "a mapped result beats unknown, unknown beats in progress: see strength"),
    Rule(("answered_by",), (ours.CALL_ENDED, ours.CUSTOMER_ANSWERED), "machine detection ends after the answer"),
    Rule(("disposition", "disposition_parent", "flags"), THE_RECORD_FIRST, "a pair of words and what they mean"),
    Rule(("disposed_at",), THE_RECORD_FIRST, "an edit moves it"),
    Rule(("callback_at",), THE_RECORD_FIRST, "promised while disposing"),
    Rule(("notes",), THE_RECORD_FIRST, "written while disposing"),
    Rule(
        ("agent_id", "agent_username", "agent_name", "agent_number", "agent_extension", "agent_email"),
        THE_END_FIRST,
        "who answered outranks who was only rung; of those who answered, the end names the one who is credited",
    ),
    Rule(("customer_number", "customer_number_raw"), THE_END_FIRST, "the raw number and what was read from it"),
    Rule(("customer_name",), THE_END_FIRST, "one person per call"),
    Rule(("caller_number",), THE_END_FIRST, "milestones seldom state it"),
    Rule(("call_id",), THE_END_FIRST, "the same in all"),
    Rule(("attempt_id",), THE_END_FIRST, "milestones do not know it"),
    Rule(("lead_id",), THE_END_FIRST, "the same in all"),
    Rule(("campaign_id",), THE_END_FIRST, "the same in all"),
    Rule(("campaign_name",), THE_END_FIRST, "may be renamed meanwhile: the latest name"),
    Rule(("queue_id",), THE_END_FIRST, "the same in all"),
    Rule(("queue_name",), THE_END_FIRST, "only milestones state it at Ryng"),
    Rule(("direction",), THE_END_FIRST, "the same in all"),
    Rule(("status_raw",), THE_END_FIRST, "kept beside connect_outcome, so that a mapping can be checked"),
    Rule(("hangup_cause",), THE_END_FIRST, "known at the end only"),
    Rule(("lead_status",), THE_LEAD_FIRST, "the lead's own state is fresher than the call's view of it"),
    Rule(("created_at",), THE_END_FIRST, "the same in all"),
    Rule(("started_at",), THE_END_FIRST, "milestones carry null or the time of one leg"),
    Rule(("answered_at",), THE_END_FIRST, "a report's answer time is exact, a milestone's is when it was posted"),
    Rule(("ended_at",), THE_END_FIRST, "known at the end only"),
    Rule(("ring_seconds",), THE_END_FIRST, "as stated, of the leg whose result is the call's"),
    Rule(("talk_seconds",), THE_END_FIRST, "of the leg whose result is the call's; not stated: see outcomes.durations"),
    Rule(
        ("duration_seconds",),
        THE_END_FIRST,
        "of the leg whose result is the call's; not stated: see outcomes.durations",
    ),
    Rule(("recording_url",), THE_END_FIRST, "appears some time after the end: the latest"),
    Rule(("custom_fields",), THE_END_FIRST, "a set of fields belongs together"),
    Rule(("crm_reference",), THE_END_FIRST, "travels in the custom fields"),
)

# What an end tells of its own leg: where two legs of one call ended differently, these come from the one whose result is the
# call's, or from none. The rest (whom, for which campaign, since when) is the same for both.
OF_A_LEG = (
    *("answered_by", "agent_id", "agent_username", "agent_name", "agent_number", "agent_extension", "agent_email"),
    *("status_raw", "hangup_cause", "answered_at", "ended_at", "recording_url"),
    *("ring_seconds", "talk_seconds", "duration_seconds"),
)


# Kind of event -> field -> how good the kind is for the field, 1 or more; for the fields that are chosen alone.
_ALONE: dict[str, dict[str, int]] = {kind: {} for kind in ours.EVENT_KINDS}
_TOGETHER = []  # (fields, kind -> how good it is), of the other rules
for _rule in RULES:
    _worth = {kind: len(_rule.kinds) - at for at, kind in enumerate(_rule.kinds)}
    if len(_rule.fields) == 1 and _rule.fields != ("connect_outcome",):
        for _kind in _rule.kinds:
            _ALONE[_kind][_rule.fields[0]] = _worth[_kind]
    else:
        _TOGETHER.append((_rule.fields, _worth))
_MUCH = 100  # more than any kind is worth
_written = lru_cache(maxsize=100)(str)  # a receipt's id stands beside each field that it sets


def choose(events: list[KeptEvent]) -> tuple[dict[str, Any], dict[str, str]]:
    """(field -> value, field -> id of the receipt that set it) of one attempt's events, in any order."""
    values: dict[str, Any] = {}
    set_by: dict[str, str] = {}
    reached: dict[str, int] = {}
    # So that of equals the later one is written over the earlier.
    events = of_one_leg(sorted(events, key=standing)) if len(events) > 1 else events
    for event in events:
        receipt, worth = _written(event.receipt_id), _ALONE.get(event.kind, {})
        for name, value in event.facts.items():
            own = worth.get(name, 0)
            if own >= reached.get(name, 1):
                reached[name], values[name], set_by[name] = own, value, receipt
    for fields, worth in _TOGETHER:
        best, most = None, 1
        for event in events:
            own = worth.get(event.kind, 0)
            if (
                own
                and not event.facts.keys().isdisjoint(fields)
                and (own := own + _MUCH * _says(fields[0], event)) >= most
            ):
                best, most = event, own
        if best is not None:
            for name in fields:
                if name in best.facts:
                    values[name], set_by[name] = best.facts[name], _written(best.receipt_id)
    return values, set_by


def of_one_leg(events: list[KeptEvent]) -> list[KeptEvent]:
    """The events, by ``standing``, where those that tell of another leg's end say nothing of it any more: one leg was
    answered and talked, another rang and was given up, and both are told under one id."""
    ends = [event for event in events if event.kind == ours.CALL_ENDED]
    if len({event.facts.get("connect_outcome") for event in ends}) < 2:
        return events
    ends = [event for event in ends if strength(event.facts) == KNOWN]
    result = ends[-1].facts["connect_outcome"] if ends else None
    others = {event.id for event in ends if event.facts["connect_outcome"] != result}
    return [_without_leg(event) if event.id in others else event for event in events] if others else events


def _without_leg(event: KeptEvent) -> KeptEvent:
    return replace(event, facts={name: value for name, value in event.facts.items() if name not in OF_A_LEG})


def _says(first: str, event: KeptEvent) -> int:
    """How much an event says of fields that are taken together. The fields are ordered: an event that states the first of
    them beats one that states only the others."""
    facts = event.facts
    if first == "connect_outcome":
        return strength(facts) + proven(facts)
    own = 1 if first in facts else 0
    return own + 2 if first == "agent_id" and answered(event) else own  # who was only rung is named last


KNOWN = 2


def strength(facts: Mapping[str, Any]) -> int:
    """How much a connect outcome says: 2 a known result, 1 over but unknown, 0 not over (or nothing is said)."""
    word = facts.get("connect_outcome")
    return 0 if word is None or word in ours.OPEN_OUTCOMES else 1 if word == ours.UNKNOWN else KNOWN


def proven(facts: Mapping[str, Any]) -> bool:
    """Whether somebody has talked, by one event alone: an answer, and the length of the talk. No other leg's end undoes it."""
    return facts.get("talk_seconds", 0) > 0 and facts.get("connect_outcome") in ours.ANSWERED_OUTCOMES


def answered(event: KeptEvent) -> bool:
    """Whether the event may name somebody who answered: all but those of ringing, and the ends of legs that nobody did."""
    if event.kind == ours.CALL_ENDED:
        return strength(event.facts) < KNOWN or event.facts["connect_outcome"] in ours.ANSWERED_OUTCOMES
    return event.kind in (ours.CUSTOMER_ANSWERED, ours.AGENT_ANSWERED, ours.DISPOSED)


_WEIGHT = {word: len(ours.RESULTS_BY_WEIGHT) - at for at, word in enumerate(ours.RESULTS_BY_WEIGHT)}


def standing(event: KeptEvent) -> tuple[bool, datetime, datetime, int, int, UUID, int]:
    """What makes an event count for more than another of its kind: a proven conversation; being the later one, by the
    dialer's clock, then by ours; then what it says, for records that were seen side by side; then an order that is merely
    fixed. Where a dialer states no time, its ``attempts`` see to it that arrival decides nothing (``dialers.event_order``)."""
    facts = event.facts
    outcome, talked = facts.get("connect_outcome", ""), facts.get("talk_seconds", 0)
    proof = talked > 0 and outcome in ours.ANSWERED_OUTCOMES  # ``proven``; this is asked of every event
    weight = _WEIGHT.get(outcome, 0)
    return (proof, event.happened_at or NEVER, event.seen_at, weight, talked, event.receipt_id, event.ordinal)
