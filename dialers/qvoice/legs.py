"""Rows of one call: QVoice may show one for each agent who was tried, and the talk's length is a column that may be left out."""

from dataclasses import replace
from datetime import UTC, datetime

from dialers.base import KeptEvent, attempts_by_name
from dialers.event_order import of_other_legs
from dialers.vocabulary import CALL_ENDED

_THE_CALLS = datetime(2000, 1, 1, tzinfo=UTC)  # ends state no time; those of the call count more than other legs'
_WHO = ("started_at", "agent_extension", "agent_name")


def attempts(events: list[KeptEvent]) -> dict[str, list[KeptEvent]]:
    """As named. Of the ends of several legs that of one who answered counts, in whatever order they were polled."""
    return {name: _of_one_leg(own) for name, own in attempts_by_name(events).items()}


def _of_one_leg(own: list[KeptEvent]) -> list[KeptEvent]:
    own, others = of_other_legs(own, _WHO)
    if not others:
        return own
    return [
        replace(event, happened_at=_THE_CALLS) if event.kind == CALL_ENDED and event.id not in others else event
        for event in own
    ]
