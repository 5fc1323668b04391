"""Reading outcomes: the one definition of every filter and order, for list, report, export and page.

Filters are a mapping from the names in ``FILTERS`` to values that were checked before: a list of texts for each of
``WORD_FILTERS`` (any of them may match), a bool for ``is_final``, aware times for ``TIME_FILTERS``. What is absent,
None or an empty list does not filter.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, literal, or_, select, tuple_, union
from sqlalchemy.orm import InstrumentedAttribute, Session

from lib import clock, ids
from lib import text as texts
from models import CallEvent, CallOutcome
from models.database import AnyColumn, AnyRow, AnySelect
from models.searching import AGENT_FIELDS
from models.shown import COLUMNS as SHOWN
from outcomes import undecided
from queries import branches, keyset, unread_values
from queries.keyset import Page

WORD_FILTERS = (
    "connection",
    "dialer",
    "campaign_id",
    "campaign_name",
    "agent",
    "number",
    "lead_id",
    "crm_reference",
    "connect_outcome",
    "answered_by",
    "disposition",
    "flag",
    "settling",
    "unmapped",
    "unread",
)
TIME_FILTERS = ("since", "until", "changed_since")
OPENED = "opened"  # the calls of an opened figure, as conditions: ``queries.reports.opened``
FILTERS = (*WORD_FILTERS, "is_final", *TIME_FILTERS)

# A call's time is ``occurred_at``: not every dialer says when a call started, and a list must not lose those calls.
ORDERS = {
    "-started_at": (CallOutcome.occurred_at, True),
    "started_at": (CallOutcome.occurred_at, False),
    "-changed_at": (CallOutcome.changed_at, True),
    "changed_at": (CallOutcome.changed_at, False),
}
DEFAULT_ORDER = "-started_at"

COLUMNS: tuple[AnyColumn, ...] = tuple(getattr(CallOutcome, name) for name in SHOWN)
AGENT = tuple(getattr(CallOutcome, name) for name in AGENT_FIELDS)


class NotAllowed(Exception):
    """A connection that whoever asks may not see. The message is a sentence."""


def within(asked: Sequence[str] | None, allowed: Collection[str] | None) -> list[str]:
    """The filter ``connection`` of whoever may see the allowed connections alone (None: all): what is asked for, or all that is
    allowed. Never empty where there is a limit, since nothing would be filtered then. Raises NotAllowed."""
    if allowed is None:
        return list(asked or ())
    if not allowed:
        raise NotAllowed("This key may see no connection.")
    if other := [name for name in asked or () if name not in allowed]:
        raise NotAllowed(f"This key may not see the connection {other[0][:100]!r}.")
    return list(asked or allowed)


NOT_MERGED = CallOutcome.merged_into.is_(None)


def conditions(filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """The filters as conditions on ``CallOutcome``, all of which must hold. Merged rows are never among the calls.
    Raises KeyError for a name that is no filter: an overlooked filter would answer with numbers that are too large."""
    found: list[ColumnElement[bool]] = [NOT_MERGED]
    for name, value in filters.items():
        if name not in FILTERS and name != OPENED:
            raise KeyError(name)
        if value is not None and value != []:
            found.append(_condition(name, value))
    return found


def _condition(name: str, value: Any) -> ColumnElement[bool]:
    if name == OPENED:
        return and_(*value)
    if name == "is_final":
        return CallOutcome.is_final.is_(value)
    if name in TIME_FILTERS:
        return _by_time(name, value)
    # Facts are cleaned of what PostgreSQL cannot store, so a filter must be too: the same text finds the same fact.
    words: list[str] = [texts.clean(word) for word in value]
    if name == "flag":
        return or_(*(branches.flagged(word) for word in words))
    if name == "agent":
        return or_(*(column.in_(words) for column in AGENT))
    if name == "number":
        return or_(*(_number(word) for word in words))
    if name == "unmapped":
        return or_(*(undecided.condition(word) for word in words))
    if name == "unread":
        return unread_values.condition(words)
    column: InstrumentedAttribute[Any] = getattr(CallOutcome, name)
    return column.in_(words)


def _by_time(name: str, moment: datetime) -> ColumnElement[bool]:
    if name == "since":
        return CallOutcome.occurred_at >= moment
    if name == "until":
        return CallOutcome.occurred_at < moment
    return CallOutcome.changed_at >= moment


def _number(text: str) -> ColumnElement[bool]:
    normal, written = branches.spellings(text)
    return or_(CallOutcome.customer_number.in_(normal), CallOutcome.customer_number_raw.in_(written))


def page(
    session: Session,
    filters: Mapping[str, Any],
    order: str = DEFAULT_ORDER,
    cursor: str | None = None,
    limit: int = 100,
) -> Page[AnyRow]:
    """One page of outcomes, rows of ``COLUMNS``. Raises BadCursor."""
    after = place(order, cursor) if cursor else None
    rows = list(session.execute(first_matching(session, filters, order, after, limit + 1)))
    return keyset.page(rows, limit, lambda last: keyset.encode(order, last.sort_key.isoformat(), str(last.id)))


def first_matching(
    session: Session,
    filters: Mapping[str, Any],
    order: str = DEFAULT_ORDER,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 100,
) -> AnySelect:
    """The first rows of ``matching_in_order``, the same ones, found by the alternatives of ``branches`` where there are any."""
    column, descending = ORDERS[order]
    ways = branches.alternatives(session, filters) if column is CallOutcome.occurred_at else None
    if ways is None:
        return matching_in_order(filters, order, after).limit(limit)
    said, alternatives = ways
    rest = conditions({name: value for name, value in filters.items() if name not in said})
    key = tuple_(column, CallOutcome.id)
    if after is not None:
        rest.append(key < after if descending else key > after)
    order_by = [part.desc() if descending else part.asc() for part in (column, CallOutcome.id)]
    # To be seen where plans are kept for whatever is asked: they would be made for a tenth of all rows, and sort them.
    few = literal(limit, literal_execute=True)
    firsts = [
        select(CallOutcome.id, column).where(way, *rest).order_by(*order_by).limit(few).subquery()
        for way in alternatives
    ]
    together = union(*(select(first) for first in firsts)).subquery()  # a call may be found by two ways
    by = [together.c.occurred_at, together.c.id]
    first = select(together.c.id).order_by(*(part.desc() if descending else part.asc() for part in by)).limit(few)
    page_of = first.subquery()
    statement = select(*COLUMNS, column.label("sort_key")).join(page_of, page_of.c.id == CallOutcome.id)
    return statement.order_by(*order_by)


def place(order: str, cursor: str) -> tuple[datetime, UUID]:
    """Where a page ended. Raises BadCursor."""
    at, row_id = keyset.decode(order, cursor, 2)
    moment, last = clock.read(at), ids.parse(row_id)
    if moment is None or last is None:
        raise keyset.BadCursor("This is not a cursor of ours.")
    return moment, last


def matching_in_order(
    filters: Mapping[str, Any], order: str = DEFAULT_ORDER, after: tuple[datetime, UUID] | None = None
) -> AnySelect:
    """The rows of ``COLUMNS`` and, last, ``sort_key``, that match, in order, those after the place only."""
    column, descending = ORDERS[order]
    statement = select(*COLUMNS, column.label("sort_key")).where(*conditions(filters))
    key = tuple_(column, CallOutcome.id)
    if after is not None:
        statement = statement.where(key < after if descending else key > after)
    return statement.order_by(*((part.desc() if descending else part.asc()) for part in (column, CallOutcome.id)))


def find(session: Session, outcome_id: UUID) -> CallOutcome | None:
    """The outcome, also a merged one."""
    return session.get(CallOutcome, outcome_id)


def events(session: Session, outcome_id: UUID) -> list[CallEvent]:
    """The events that are counted into the outcome, as a timeline: the dialer's time where it gave one, else ours."""
    found = session.scalars(select(CallEvent).where(CallEvent.outcome_id == outcome_id))
    return sorted(found, key=lambda event: (event.happened_at or event.seen_at, str(event.receipt_id), event.ordinal))
