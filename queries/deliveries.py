"""What was written where: deliveries listed and shown, and which of them a person may have tried again.

A page of many is found as the first rows of each of several ways to it: by destination, by state and by operation or, where one
is asked for, by reason, each of which an index gives newest first. One walk past a million that are done would find the three
that were refused at its end.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select, text, union_all
from sqlalchemy.orm import Session, aliased

from lib import text as texts
from lib.clock import iso
from models import CallOutcome, Delivery
from models.database import AnyRow
from models.deliveries import DELIVERY_STATES, HELD, OPERATIONS, PARKED, REFUSED, REMOVE_CALL, UNKNOWN
from queries import keyset
from queries.keyset import Page

WORD_FILTERS = ("destination", "state", "reason", "operation")
FILTERS = (*WORD_FILTERS, "outcome")
RETRIED = (REFUSED, HELD, PARKED)  # become pending; of what is unknown the look-up is due
STEERED = (*RETRIED, UNKNOWN)

_ORDER = "-deliveries"
_MOST = 250  # ways; SQLite takes 500 in one statement
_NAMES = text(
    "WITH RECURSIVE names(name) AS (SELECT min(destination) FROM deliveries UNION ALL SELECT (SELECT min(destination) "
    "FROM deliveries WHERE destination > names.name) FROM names WHERE names.name IS NOT NULL) "
    "SELECT name FROM names WHERE name IS NOT NULL"
)
Condition = ColumnElement[bool]


def conditions(filters: Mapping[str, Any]) -> list[Condition]:
    """The filters as conditions on ``Delivery``: a text, or a list of texts of which any may match, for each of
    ``WORD_FILTERS``; UUIDs, likewise, for ``outcome``. Raises KeyError for a name that is none."""
    found: list[Condition] = []
    for name, value in filters.items():
        if name not in FILTERS:
            raise KeyError(name)
        if value is None or value == []:
            continue
        several = value if isinstance(value, list | tuple) else [value]
        if name == "outcome":
            found.append(Delivery.outcome_id.in_(several))
        else:
            found.append(getattr(Delivery, name).in_(_words(several)))
    return found


def outdated(one: type[Delivery] = Delivery) -> Condition:
    """Whether a later revision, or the removal of the call, has its own row: what is sent after it would take the place of what
    is newer."""
    later = aliased(Delivery)
    same = (later.destination == one.destination, later.outcome_id == one.outcome_id)
    kind = or_(later.operation == one.operation, later.operation == REMOVE_CALL, one.operation == REMOVE_CALL)
    return exists().where(*same, later.revision > one.revision, kind)


def page(
    session: Session,
    filters: Mapping[str, Any],
    cursor: str | None = None,
    limit: int = 100,
    besides: Iterable[Condition] = (),
) -> Page[Delivery]:
    """One page of deliveries, newest first. ``besides``: what else must hold. Raises BadCursor."""
    wanted = [*conditions(filters), *besides]
    if cursor:
        wanted.append(Delivery.id < keyset.row(_ORDER, cursor))
    ways = _alternatives(session, filters)
    if ways is not None:
        firsts = [
            select(Delivery.id).where(way, *wanted).order_by(Delivery.id.desc()).limit(limit + 1).subquery()
            for way in ways
        ]
        if not firsts:
            return Page([], None)
        wanted = [Delivery.id.in_(union_all(*(select(first.c.id) for first in firsts)))]
    statement = select(Delivery).where(*wanted).order_by(Delivery.id.desc()).limit(limit + 1)
    rows = list(session.scalars(statement))
    return keyset.page(rows, limit, lambda last: keyset.encode(_ORDER, str(last.id)))


def _alternatives(session: Session, filters: Mapping[str, Any]) -> list[Condition] | None:
    """The alternatives that the filters come to, each a walk on one index; None where one walk does."""
    given = {name: _several(value) for name, value in filters.items() if value is not None and value != []}
    if "outcome" in given or not given:
        return None
    names = given.get("destination") or list(session.scalars(_NAMES))
    parts: list[tuple[Any, Sequence[Any]]] = [
        (Delivery.destination, names),
        (Delivery.state, given.get("state") or DELIVERY_STATES),
    ]
    if "reason" in given:
        parts.append((Delivery.reason, given["reason"]))
    else:
        parts.append((Delivery.operation, given.get("operation") or OPERATIONS))
    columns = [column for column, _ in parts]
    found = [
        and_(*(column == word for column, word in zip(columns, words, strict=True)))
        for words in product(*(dict.fromkeys(_words(several)) for _, several in parts))
    ]
    return found if len(found) <= _MOST else None


def find(session: Session, delivery_id: UUID) -> Delivery | None:
    return session.get(Delivery, delivery_id, populate_existing=True)


def of_outcome(session: Session, outcome_id: UUID, most: int = 100) -> list[Delivery]:
    """What was written, or is to be, of one call: at most so many, the newest first."""
    mine = select(Delivery).where(Delivery.outcome_id == outcome_id)
    return list(session.scalars(mine.order_by(Delivery.id.desc()).limit(most)))


def calls_of(session: Session, deliveries: Sequence[Delivery]) -> dict[UUID, AnyRow]:
    """Of the calls that they are about what a person knows them by; by the outcome's id."""
    columns = (CallOutcome.id, CallOutcome.customer_number, CallOutcome.customer_number_raw, CallOutcome.customer_name)
    wanted = {one.outcome_id for one in deliveries}
    return {row.id: row for row in session.execute(select(*columns).where(CallOutcome.id.in_(wanted)))}


def shown(row: Delivery) -> dict[str, Any]:
    """A delivery as the API shows it."""
    return {
        "id": str(row.id),
        "destination": row.destination,
        "outcome_id": str(row.outcome_id),
        "revision": row.revision,
        "operation": row.operation,
        "state": row.state,
        "reason": row.reason,
        "remote_id": row.remote_id,
        "remote_url": row.remote_url,
        "attempts": row.attempts,
        "sent_at": iso(row.sent_at),
        "answer": row.answer,
        "record_id": row.record_id,
        "candidates": row.candidates,
        "due_at": iso(row.due_at),
        "occurred_at": iso(row.occurred_at),
        "created_at": iso(row.created_at),
        "settled_at": iso(row.settled_at),
        "before": row.before,
        "after": row.after,
    }


def several(count: int) -> str:
    """A number of them: ``1 delivery``, ``2,000 deliveries``."""
    return f"{count:,} {'delivery' if count == 1 else 'deliveries'}"


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _words(several: Sequence[str]) -> list[str]:
    return [texts.clean(one) for one in several]
