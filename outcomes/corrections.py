"""What a revision is, compared with the one before: which fields changed, and whether it corrects what was settled. Pure.

Both are about what readers were shown, so they belong to the writing of a row (``refold``), not to the fold: the same
evidence in one batch or in two gives the same outcome, but only in two was something else shown in between.
"""

from collections.abc import Collection, Mapping
from typing import Any

from dialers.vocabulary import SETTLED
from lib.stand_ins import holds_stand_in, is_stand_in
from models.shown import FIELDS
from outcomes.erased import is_erased

# A settled row means something else when one of these differs, in whatever way: a CRM writes a status by them, and
# reports count by them.
RESULT = (
    "connect_outcome",
    "answered_by",
    "disposition",
    "disposition_parent",
    "callback_at",
    "settling",
    "is_final",
)
# Or when one of these, or the agent, was stated and now is another or gone. Told for the first time, they complete the
# row: a report often names the campaign of a call that a callback has settled.
BELONGING = ("customer_number", "lead_id", "crm_reference", "campaign_id", "direction")
# Whoever is known by the first of these; as reports tell agents apart.
AGENT = ("agent_id", "agent_username", "agent_name", "agent_number", "agent_extension", "agent_email")
# Everything else (times, durations, recordings, notes, custom fields, names, the dialer's raw words, sources) becomes more exact
# as more is told, and what the call came to stays the same.

# Every revision changes these, so that naming them would say nothing.
ALWAYS = ("revision", "position", "changed_at")


def corrects(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether the row, as it was shown, was settled, and now means something else."""
    if before["settling"] != SETTLED:
        return False
    return (
        any(before[name] != after[name] for name in RESULT)
        or set(before["flags"]) != set(after["flags"])
        or any(_replaced(before[name], after[name]) for name in BELONGING if not _is_gone(name, before, after))
        or _another_agent(before, after)
    )


def _is_gone(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether the person was erased: that is no correction of what the call came to."""
    return is_stand_in(after[name]) or (after[name] is None and is_erased(after) and not is_erased(before))


def _replaced(before: Any, after: Any) -> bool:
    return before is not None and before != after and not _brought_again(before, after)


def _brought_again(before: Any, after: Any) -> bool:
    """A name out of which a number was erased, as its dialer tells it still."""
    return holds_stand_in(before) and not holds_stand_in(after)


def _another_agent(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    known = next((name for name in AGENT if before[name] is not None), None)
    return known is not None and _replaced(before[known], after[known])


def changed_fields(columns: Collection[str]) -> list[str]:
    """The columns that changed by the names and in the order in which an outcome shows them; ``agent`` for any of its."""
    shown = {"agent" if name.startswith("agent_") else name for name in columns} - set(ALWAYS)
    return [name for name in FIELDS if name in shown]
