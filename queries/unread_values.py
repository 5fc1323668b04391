"""Values that dialers have stated and nobody can read: a time without a known form, a duration below nothing, an id with a
fraction. Counted from the events themselves (``dialers.unread`` has noted them there), so that reading the past again, with
readers that have learned or a connection that says more, takes them off the list.

The samples are the dialer's own values. They are shown to whoever may see receipts, and never logged.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, distinct, func, or_, select, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement
from sqlalchemy.sql.selectable import TableValuedAlias

from models import CallEvent, CallOutcome
from models.calls import POSTGRESQL_UNREAD, SQLITE_UNREAD

MOST_FIELDS = 50
MOST_SAMPLES = 3
LOOKED_THROUGH = 2_000  # of the latest events with such values, for calls to look at


class has_unread(FunctionElement[bool]):
    """Whether something in an event's record could not be read. To the letter as the index on it says it."""

    inherit_cache = True


@compiles(has_unread, "postgresql")
def _has_unread_postgresql(element: has_unread, compiler: SQLCompiler, **options: Any) -> str:
    return POSTGRESQL_UNREAD


@compiles(has_unread, "sqlite")
def _has_unread_sqlite(element: has_unread, compiler: SQLCompiler, **options: Any) -> str:
    return SQLITE_UNREAD


class unread_sample(FunctionElement[str]):
    """The sample of one field in an event; NULL where that was read, or not stated."""

    type = Text()
    inherit_cache = True


@compiles(unread_sample, "postgresql")
def _unread_sample_postgresql(element: unread_sample, compiler: SQLCompiler, **options: Any) -> str:
    (field,) = element.clauses
    return f"(call_events.facts -> '_unread' ->> {compiler.process(cast(field, Text), **options)})"


@compiles(unread_sample, "sqlite")
def _unread_sample_sqlite(element: unread_sample, compiler: SQLCompiler, **options: Any) -> str:
    (field,) = element.clauses
    given = compiler.process(field, **options)
    return f"(SELECT value FROM json_each(call_events.facts, '$._unread') WHERE key = {given})"


def condition(fields: list[str]) -> ColumnElement[bool]:
    """The calls of which a value of one of these fields could not be read."""
    noted = or_(*(unread_sample(field).is_not(None) for field in fields))
    return CallOutcome.id.in_(select(CallEvent.outcome_id).where(has_unread(), noted))


def unread(session: Session) -> dict[str, list[dict[str, Any]]]:
    """Connection -> ``{"field", "sample", "calls", "sample_outcome_ids"}``, most calls first, at most ``MOST_FIELDS``. The
    outcomes to look at, at most ``MOST_SAMPLES``, are the latest; of a field that has become rare, the latest and the first."""
    # Mostly there are none. The order has the index of them asked: else all calls are read to say so.
    if session.scalar(select(CallEvent.id).where(has_unread()).order_by(CallEvent.outcome_id).limit(1)) is None:
        return {}
    noted = _noted(session)
    found: dict[str, list[dict[str, Any]]] = {}
    ends: dict[tuple[str, str], tuple[str, str]] = {}
    shown = cast(CallOutcome.id, Text)
    figures = (func.count(distinct(CallOutcome.id)), func.max(noted.c.value), func.max(shown), func.min(shown))
    statement = select(CallOutcome.connection, noted.c.key, *figures).join_from(
        CallEvent, CallOutcome, CallEvent.outcome_id == CallOutcome.id
    )
    statement = statement.join(noted, text("true")).where(has_unread(), CallOutcome.merged_into.is_(None))
    for name, field, calls, sample, latest, first in session.execute(
        statement.group_by(CallOutcome.connection, noted.c.key)
    ):
        own = {"field": field, "sample": sample, "calls": calls, "sample_outcome_ids": []}
        found.setdefault(name, []).append(own)
        ends[name, field] = (latest, first)
    if found:
        found = {name: _most(own) for name, own in found.items()}
        _add_samples(session, found, ends)
    return found


def _most(own: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(own, key=lambda one: (-one["calls"], one["field"]))[:MOST_FIELDS]


def _add_samples(
    session: Session, found: dict[str, list[dict[str, Any]]], ends: Mapping[tuple[str, str], tuple[str, str]]
) -> None:
    """Only the latest events are looked through: numbering all of them by field takes several times as long as counting."""
    wanted = {(name, one["field"]): one["sample_outcome_ids"] for name, own in found.items() for one in own}
    latest = select(CallEvent.id).where(has_unread()).order_by(CallEvent.outcome_id.desc()).limit(LOOKED_THROUGH)
    noted = _noted(session)
    statement = select(CallOutcome.connection, noted.c.key, CallOutcome.id).join_from(
        CallEvent, CallOutcome, CallEvent.outcome_id == CallOutcome.id
    )
    statement = statement.join(noted, text("true")).where(CallEvent.id.in_(latest), CallOutcome.merged_into.is_(None))
    for name, field, outcome in session.execute(statement.order_by(CallOutcome.id.desc())):
        samples = wanted.get((name, field), [])
        if len(samples) < MOST_SAMPLES and str(outcome) not in samples:
            samples.append(str(outcome))
    for key, samples in wanted.items():
        samples += [one for one in dict.fromkeys(ends[key]) if one not in samples]
        del samples[MOST_SAMPLES:]


def _noted(session: Session) -> TableValuedAlias:
    """(key, value) of what one event has noted, as a table beside it."""
    if session.get_bind().dialect.name == "sqlite":
        inside = func.json_each(CallEvent.facts, "$._unread")
    else:
        inside = func.jsonb_each_text(CallEvent.facts.op("->")("_unread"))
    return inside.table_valued("key", "value", joins_implicitly=True).alias("noted")
