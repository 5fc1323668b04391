"""The legs of one call: VoIPEX tells of each under the call's UniqueId, and states no time of any.

IPEX Confluence, "Webhooks". A ring group rings five agents, one answers, and five hang up: four of the ends are no end of the
call, and say nothing about it. So the whole set of a call's webhooks decides, and when each arrived decides nothing.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dialers import vocabulary as ours
from dialers.base import KeptEvent, attempts_by_name
from dialers.event_order import placed

CDR = "cdr"
TRANSFER = "transfer"
# In the order of a call's life: what is told later in it wins, whenever it arrived.
LIFE = {word: at for at, word in enumerate(("newcall", "ringing", "answered", "attendedtransfer", "hangup", CDR))}
OF_A_LEG = ("agent_username", "agent_email", "agent_extension", "status_raw", "hangup_cause")
ANOTHER_LEG = "the end of another leg"


def attempts(events: list[KeptEvent]) -> dict[str, list[KeptEvent]]:
    """Every UniqueId is one attempt. Each event is put at its place in the life of a call: Hangup and CDR both tell of the
    end, and the CDR tells it better, also where it comes first."""
    return {name: _told_in_order(own) for name, own in attempts_by_name(events).items()}


def _told_in_order(events: list[KeptEvent]) -> list[KeptEvent]:
    told = [event.facts for event in events if event.kind == ours.CUSTOMER_ANSWERED]
    answered = [facts for facts in told if _agent(facts)]
    ends = events
    if told and not answered:  # by a queue, or it is not said by whom: by no phone whose own end denies it
        denied = {event.receipt_id for event in events if event.kind == ours.MILESTONE and _has_result(event)}
        ends = [event for event in events if event.receipt_id in denied]
    others = {event.id for event in ends if told and _is_another_leg(event, answered, events)}
    if others:
        events = [_as_of_another_leg(event) if event.id in others else event for event in events]
    return placed(events, _place)


def _is_another_leg(event: KeptEvent, answered: list[Mapping[str, Any]], events: list[KeptEvent]) -> bool:
    """Whether it is the end of a leg that rang until somebody else had answered. The record of a call that was handed over
    may name who took it without an answer of theirs under this UniqueId."""
    if event.kind != ours.CALL_ENDED or not _agent(event.facts):
        return False
    if any(_same(event.facts, other) for other in answered):
        return False
    reason = str(event.facts.get("hangup_cause", "")).casefold()
    handed_over = TRANSFER in reason or any(TRANSFER in _word(other) for other in events)
    return not (handed_over and _word(event) == CDR)


def _as_of_another_leg(event: KeptEvent) -> KeptEvent:
    """It tells that something has ended, and no more. No arrival of the call is observed by it either."""
    said = {name: value for name, value in event.facts.items() if name not in OF_A_LEG}
    return replace(event, facts=said | {"connect_outcome": ours.UNKNOWN, "_event": ANOTHER_LEG})


def _has_result(event: KeptEvent) -> bool:
    """Said beside an end: a result that no answered phone has."""
    return "connect_outcome" in event.facts


def _agent(facts: Mapping[str, Any]) -> str | None:
    return facts.get("agent_username") or facts.get("agent_extension")


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """By login, else by line: a webhook may lack either."""
    for name in ("agent_username", "agent_extension"):
        if name in one and name in other:
            return str(one[name]).casefold() == str(other[name]).casefold()
    return False


def _word(event: KeptEvent) -> str:
    return str(event.facts.get("_event", "")).casefold()


def _place(event: KeptEvent) -> int:
    return LIFE.get(_word(event), 0)
