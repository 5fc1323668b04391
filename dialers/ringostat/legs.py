"""Records and webhooks of several legs of one call: all tell of an end under one uniqueid, and one leg's is the call's.

Who answered outranks who rang in vain, whichever rang last, also where nobody says how long they talked: ``billsec`` is a column
and a parameter that may be left out. A conversation outranks the voicemail that it was handed to.
"""

from dataclasses import replace
from datetime import UTC, datetime

from dialers.base import KeptEvent, attempts_by_name
from dialers.event_order import of_other_legs, placed

# Before and after the places of webhooks, which a record of the call's leg outranks, also where its time cannot be read.
_BEFORE_ALL = datetime(1999, 1, 1, tzinfo=UTC)
_AFTER_WEBHOOKS = datetime(2001, 1, 1, tzinfo=UTC)
_WHO = ("started_at", "agent_username", "agent_number", "agent_name")


def attempts(events: list[KeptEvent]) -> dict[str, list[KeptEvent]]:
    """Every uniqueid is one attempt, of one leg or of several. Webhooks are sent once, in no order that anybody states: what
    they say decides which counts, and when each arrived decides nothing."""
    return {name: _placed(own) for name, own in attempts_by_name(events).items()}


def _placed(own: list[KeptEvent]) -> list[KeptEvent]:
    own, others = of_other_legs(own, _WHO)
    hooks = [event for event in own if event.source.startswith("callback:")]
    if not others and len({event.kind for event in hooks}) == len(hooks):
        return own  # none is another one's rival
    logged = [event for event in own if not event.source.startswith("callback:")]
    logged = [
        replace(event, happened_at=_BEFORE_ALL if event.id in others else event.happened_at or _AFTER_WEBHOOKS)
        for event in logged
    ]
    return logged + placed(
        hooks,
        lambda event: (event.id not in others, event.facts.get("started_at", ""), "_event" in event.facts),
    )
