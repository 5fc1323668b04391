"""How an outcome is shown. List, feed, export and page use these.

Plain functions, not a schema's dump: an export writes tens of thousands of rows a second. The schema that documents the
fields is ``web.schemas.outcomes.Outcome``; a test holds the two together.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from lib.clock import iso
from models import CallEvent, CallOutcome
from models.shown import AFTER_AGENT, AGENT_AT, AGENT_FIELDS, COLUMNS, FIELDS

JSON_COLUMNS = ("flags", "custom_fields", "sources")

_columns_of = attrgetter(*COLUMNS)
_IDS_AT = tuple(COLUMNS.index(name) for name in ("id", "merged_into"))
_TIMES_AT = tuple(at for at, name in enumerate(COLUMNS) if name.endswith("_at"))


def flat(values: Sequence[Any]) -> list[Any]:
    """JSON values in the order of ``COLUMNS``, from a row that begins with those columns. Its twin in SQL is
    ``queries.exports.cells``."""
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
    agent = dict(zip(AGENT_FIELDS, shown[AGENT_AT:AFTER_AGENT], strict=True))
    shown[AGENT_AT:AFTER_AGENT] = [agent]
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


def set_by(row: CallOutcome) -> dict[str, str]:
    """Field -> the receipt that set it. Where seconds come from is settled with them (``outcomes.durations``)."""
    told: dict[str, str] = row.set_by
    sources = {f"{name}_source": told.get(f"{name}_seconds") for name in ("talk", "duration")}
    return told | {name: by for name, by in sources.items() if by is not None and getattr(row, name) is not None}


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
