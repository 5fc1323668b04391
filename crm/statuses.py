"""Which status a call's outcome is mapped to, and whether it may be set where a record stands now. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm.destination import Destination, Rule
from dialers.connection import plain_disposition

# Why nothing was set: the receipt says which of these it was.
ALREADY = "already"  # the record says so already
NOT_FROM = "not_from"  # somebody has moved it on: it holds none of ``only_from``
BACKWARDS = "backwards"  # it stands further on, by ``never_back``
OVERTAKEN = "overtaken"  # a later call has set it
KEPT_OFF = (NOT_FROM, BACKWARDS)  # by what stood there

# What became of the status that a call had set, when it is corrected to one that sets none.
PUT_BACK = "put_back"  # it still was as the call had set it, and is again what stood there before
MOVED_ON = "moved_on"  # somebody has set another since: it stays
UNMAPPED = "unmapped"  # the call had set nothing
RETRACTED = (PUT_BACK, MOVED_ON, UNMAPPED)


@dataclass(frozen=True)
class Decision:
    """``fields`` are to be set; none, and ``reason`` says why."""

    fields: Mapping[str, str]
    reason: str | None = None


def rule_for(destination: Destination, outcome: Mapping[str, Any]) -> Rule | None:
    """The first line of the mapping that fits the outcome; None also of one that the destination is not to be sent."""
    if not destination.wants(outcome):
        return None
    return next((rule for rule in destination.status if _fits(rule, outcome)), None)


def _fits(rule: Rule, outcome: Mapping[str, Any]) -> bool:
    if rule.kind == "flag":
        return rule.word in (outcome["flags"] or ())
    if rule.kind == "disposition":
        told = outcome["disposition"]
        return bool(told) and plain_disposition(told) == plain_disposition(rule.word)
    return bool(outcome["connect_outcome"] == rule.word)


def decide(
    rule: Rule,
    now: Mapping[str, str],
    never_back: Mapping[str, tuple[str, ...]],
    before: Mapping[str, str] | None = None,
) -> Decision:
    """``now``: the record's fields. All of the rule's fields are set or none: half a status is one that nobody has mapped.
    ``before``: what stood in some of them before this call had set what stands there now. Its correction takes the place of
    that; what is guarded is what people have moved."""
    wanted = {name: value for name, value in rule.sets.items() if now.get(name, "") != value}
    if not wanted:
        return Decision({}, ALREADY)
    stood = {**now, **(before or {})}
    if rule.only_from is not None and any(stood.get(name, "") not in rule.only_from for name in wanted):
        return Decision({}, NOT_FROM)
    for name, value in wanted.items():
        order = never_back.get(name, ())
        stands = stood.get(name, "")
        if stands in order and value in order and order.index(value) < order.index(stands):
            return Decision({}, BACKWARDS)
    return Decision(wanted)
