"""``legDetails``: how each of the two legs of a call ended, and what became of the call by that.

docs.ryng.in, "Create Campaign API" (numbers; their table is not published) and "Create a Q" (words). Which leg is whose follows
from ``legDirection`` (inferred): the leg that is called first is ``leg0``. Where it is not stated the agent is called first,
as the order of the connect callbacks suggests.
"""

from collections.abc import Callable, Mapping
from typing import Any

from dialers import vocabulary as ours
from dialers.connection import Connection, plain
from dialers.fields import mapping, unfolded, word

# Of a leg, in the words that its call's ``status`` has, too.
ENDS = {
    "completed": ours.CONNECTED,
    "busy": ours.BUSY,
    "failed": ours.FAILED,
    "no-answer": ours.NO_ANSWER,
}
AGENT_FIRST = "agent first"
CUSTOMER_FIRST = "customer first"
NO_AGENT = (ours.AGENT_UNAVAILABLE, ours.ABANDONED)  # what no ``status`` says: it was the agent's leg that failed


def details(value: object) -> Mapping[str, Any]:
    """The members, of one object or of a list of objects."""
    value = unfolded(value)
    if isinstance(value, list) and len(value) > 1 and all(isinstance(leg, dict) for leg in value):
        return {name: said for leg in value for name, said in leg.items()}
    return mapping(value)


def an_object(value: object, connection: Connection) -> Any:
    """For what is counted as unread."""
    return details(value) or None


def result(body: Mapping[str, Any], meaning: Callable[[str | None], str | None]) -> str | None:
    """What became of the call by its legs; None where they do not tell. ``meaning`` is of a leg's status: of words by the table
    above, of numbers by the tenant's own, or none."""
    legs = details(body.get("legDetails"))
    if not legs:
        return None
    first, second = (_end(meaning(word(legs.get(f"leg{leg}Status")))) for leg in (0, 1))
    if first == second == ours.CONNECTED:
        return ours.CONNECTED
    answered = first in ours.ANSWERED_OUTCOMES
    order = plain(word(body.get("legDirection")) or AGENT_FIRST)
    if order == AGENT_FIRST:
        if first is not None and not answered:
            return ours.AGENT_UNAVAILABLE
        return second if second != ours.CONNECTED else None
    if order == CUSTOMER_FIRST:
        if first is not None and first != ours.CONNECTED:
            return first
        return ours.ABANDONED if answered and second is not None and second not in ours.ANSWERED_OUTCOMES else None
    return None


def _end(outcome: str | None) -> str | None:
    return None if outcome in ours.OPEN_OUTCOMES or outcome == ours.UNKNOWN else outcome
