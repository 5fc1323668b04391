"""How an outcome is shown: the contract's fields in the contract's order. List, feed, export and page use these.

Plain functions, not a schema's dump: an export writes tens of thousands of rows a second. The schema that documents the
fields is ``web.schemas.Outcome``; a test holds the two together.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from lib.clock import iso
from models import CallEvent, CallOutcome

AGENT_FIELDS = ("id", "name", "username", "email", "number", "extension")

# The contract's fields, the agent's written flat: the columns of an export and of the view call_outcomes_v1.
COLUMNS = (
    "id",
    "connection",
    "dialer",
    "call_id",
    "attempt_id",
    "lead_id",
    "campaign_id",
    "campaign_name",
    "queue_id",
    "queue_name",
    "direction",
    "customer_number",
    "customer_number_raw",
    "customer_name",
    "caller_number",
    "agent_id",
    "agent_name",
    "agent_username",
    "agent_email",
    "agent_number",
    "agent_extension",
    "connect_outcome",
    "answered_by",
    "disposition",
    "disposition_parent",
    "flags",
    "settling",
    "is_final",
    "status_raw",
    "hangup_cause",
    "lead_status",
    "created_at",
    "started_at",
    "answered_at",
    "ended_at",
    "disposed_at",
    "callback_at",
    "ring_seconds",
    "talk_seconds",
    "duration_seconds",
    "talk_source",
    "duration_source",
    "occurred_at",
    "recording_url",
    "notes",
    "custom_fields",
    "crm_reference",
    "sources",
    "merged_into",
    "revision",
    "position",
    "first_seen_at",
    "corrected_at",
    "changed_at",
)
_AGENT_AT = COLUMNS.index("agent_id")
_AFTER_AGENT = _AGENT_AT + len(AGENT_FIELDS)
FIELDS = (*COLUMNS[:_AGENT_AT], "agent", *COLUMNS[_AFTER_AGENT:])

JSON_COLUMNS = ("flags", "custom_fields", "sources")
JSON_AT = tuple(COLUMNS.index(name) for name in JSON_COLUMNS)

_columns_of = attrgetter(*COLUMNS)
_IDS_AT = tuple(COLUMNS.index(name) for name in ("id", "merged_into"))
_TIMES_AT = tuple(at for at, name in enumerate(COLUMNS) if name.endswith("_at"))


def flat(values: Sequence[Any]) -> list[Any]:
    """JSON values in the order of ``COLUMNS``, from a row that begins with those columns. Its twin in SQL is
    ``outcomes.exports.as_shown``."""
    shown = list(values[: len(COLUMNS)])
    for at in _IDS_AT:
        if shown[at] is not None:
            shown[at] = str(shown[at])
    for at in _TIMES_AT:
        if shown[at] is not None:
            shown[at] = iso(shown[at])
    return shown


def nested(shown: list[Any]) -> dict[str, Any]:
    """The object that is shown, from JSON values that begin with those of ``COLUMNS``."""
    agent = dict(zip(AGENT_FIELDS, shown[_AGENT_AT:_AFTER_AGENT], strict=True))
    shown[_AGENT_AT:_AFTER_AGENT] = [agent]
    return dict(zip(FIELDS, shown, strict=False))


def outcome(values: Sequence[Any]) -> dict[str, Any]:
    """One outcome as the API shows it, from a row that begins with ``COLUMNS``."""
    return nested(flat(values))


def outcome_of(row: CallOutcome) -> dict[str, Any]:
    """The same from the model."""
    return outcome(_columns_of(row))


def change(row: CallOutcome) -> dict[str, Any]:
    """One outcome as the feed shows it. ``changed_fields``: see ``outcomes.corrections``; None where the revision was
    written by a release that did not keep them."""
    return {**outcome_of(row), "changed_fields": row.changed_fields}


def event(row: CallEvent) -> dict[str, Any]:
    """One event of an outcome's timeline. Facts that begin with an underscore are about the record, not the call."""
    return {
        "kind": row.kind,
        "happened_at": iso(row.happened_at),
        "seen_at": iso(row.seen_at),
        "source": row.source,
        "receipt_id": str(row.receipt_id),
        "attempt": row.attempt,
        "facts": row.facts,
    }
