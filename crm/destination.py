"""One configured destination: which outcomes it gets, and what is made of them there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

FINAL, SETTLED = (
    "final",
    "settled",
)  # when an outcome is sent: as soon as the call is over, or when nothing is waited for
REFERENCE, NUMBER = "crm_reference", "number"  # by what a record is found
HOLD, SKIP = "hold", "skip"  # what becomes of a call whose record is not found


@dataclass(frozen=True)
class Rule:
    """A line of ``[destinations.<name>.status]``. ``kind`` is ``flag``, ``disposition`` or ``connect_outcome``. ``only_from``: it
    is set where each field that it sets holds one of these; None: whatever they hold."""

    kind: str
    word: str
    sets: Mapping[str, str]
    only_from: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Destination:
    """``settings`` are the kind's own, already checked by its schema. Empty ``connections``, ``campaigns`` (ids or names),
    ``flags`` and ``connect_outcomes`` mean all. ``never_back``: by field, its values in the order in which they may follow
    each other."""

    name: str
    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    connections: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    connect_outcomes: tuple[str, ...] = ()
    when: str = SETTLED
    since: datetime | None = None
    log_calls: bool = True
    find_by: tuple[str, ...] = (REFERENCE, NUMBER)
    own_numbers: frozenset[str] = frozenset()  # E.164; with those of the connections' settings
    not_found: str = HOLD
    owners: Mapping[str, str] = field(default_factory=dict)  # an agent, by any of its names -> the CRM's user
    status: tuple[Rule, ...] = ()
    never_back: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def wants(self, outcome: Mapping[str, Any]) -> bool:
        """Whether the outcome is one of those that were chosen."""
        campaigns = self.campaigns
        return (
            (not self.connections or outcome["connection"] in self.connections)
            and (not campaigns or outcome["campaign_id"] in campaigns or outcome["campaign_name"] in campaigns)
            and (not self.flags or not set(self.flags).isdisjoint(outcome["flags"] or ()))
            and (not self.connect_outcomes or outcome["connect_outcome"] in self.connect_outcomes)
        )
