"""Calls that were promised to customers: whether somebody called back, and when."""

from collections import Counter
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, case, func, literal, or_, select

from lib import clock
from models import CallOutcome
from models.base import SQLITE, UtcDateTime
from models.database import AnySelect
from queries import keyset
from queries.expressions import micros
from queries.reports import facts, pages
from queries.reports.base import Asked, Figure, Found, Report
from queries.reports.counting import ratio
from queries.selection import NOT_MERGED, conditions

DUE, OVERDUE, KEPT, MISSED = "due", "overdue", "kept", "missed"
STATES = (DUE, OVERDUE, KEPT, MISSED)
EITHER_SIDE = timedelta(minutes=15)
_MARGIN = EITHER_SIDE // timedelta(microseconds=1)
_ORDER = "callbacks"


def _promised(asked: Asked) -> AnySelect:
    columns = (column.label(name) for name, column in pages.SHOWN.items())
    more = (facts.LEAD.label("lead"), CallOutcome.occurred_at.label("at"), CallOutcome.callback_at.label("due"))
    return select(*columns, *more).where(*conditions(asked.filters), CallOutcome.callback_at.is_not(None))


def _with_state(asked: Asked, promised: Subquery) -> AnySelect:
    """(state, the columns of ``promised``): by all later attempts to the lead, whatever the filters."""
    # SQLite can only look a lead up in rows that have it as a column: by an expression it would go through all calls each time.
    named = (facts.LEAD.label("lead"), CallOutcome.occurred_at.label("at"), CallOutcome.id.label("id"))
    calls = (
        select(*named)
        .where(NOT_MERGED, facts.HAS_LEAD)
        .cte("calls_of_leads")
        .prefix_with("MATERIALIZED", dialect=SQLITE)
    )
    moment, due = micros(calls.c.at), micros(promised.c.due)
    later = or_(calls.c.at > promised.c.at, and_(calls.c.at == promised.c.at, calls.c.id > promised.c.id))
    attempts = (
        select(
            promised.c.id,
            func.max(case((moment.between(due - _MARGIN, due + _MARGIN), 1), else_=0)).label("in_time"),
            func.max(case((moment > due + _MARGIN, 1), else_=0)).label("too_late"),
        )
        .select_from(promised)
        .join(calls, and_(calls.c.lead == promised.c.lead, later))
        .group_by(promised.c.id)
        .subquery("attempts_since")
    )
    now = micros(literal(asked.now, UtcDateTime()))
    state = case(
        (attempts.c.in_time == 1, literal(KEPT)),
        (now < due + _MARGIN, literal(DUE)),
        (attempts.c.too_late == 1, literal(MISSED)),
        else_=literal(OVERDUE),
    )
    of_promise = promised.outerjoin(attempts, attempts.c.id == promised.c.id)
    return select(state.label("state"), *promised.c).select_from(of_promise)


def _page(asked: Asked, report: Report, limit: int, cursor: str | None) -> Found:
    after = pages.place(*keyset.decode(_ORDER, cursor, 2)) if cursor else None
    of_calls = _promised(asked).where(*pages.behind(CallOutcome.callback_at, CallOutcome.id, after))
    first = of_calls.order_by(CallOutcome.callback_at, CallOutcome.id).limit(limit + 1).subquery("promised")
    statement = _with_state(asked, first).order_by(first.c.due, first.c.id)
    found = [
        pages.row(*shown, state=state, callback_at=clock.iso(due))
        for state, *shown, _, _, due in asked.session.execute(statement)
    ]
    page = keyset.page(found, limit, lambda last: keyset.encode(_ORDER, last["callback_at"], last["id"]))
    return Found(page.rows, _totals(asked), page.next)


def _totals(asked: Asked) -> dict[str, Any]:
    states = _with_state(asked, _promised(asked).subquery("promised")).subquery("states")
    counts = Counter(dict(map(tuple, asked.session.execute(_counted(states)))))
    found: dict[str, Any] = {state: counts[state] for state in STATES}
    return found | {"kept_rate": ratio(counts[KEPT], counts.total() - counts[DUE])}


def _counted(states: Subquery) -> AnySelect:
    return select(states.c.state, func.count()).group_by(states.c.state)


def _in(*wanted: str) -> Any:
    def opened(asked: Asked) -> ColumnElement[bool]:
        states = _with_state(asked, _promised(asked).subquery("promised")).subquery("states")
        return CallOutcome.id.in_(select(states.c.id).where(states.c.state.in_(wanted)).correlate(None))

    return opened


_SAID = "Calls with a `callback_at` (promised calls)"
_EXCLUDES = (
    "Merged rows. Attempts are all calls of the lead, whatever the filters; where a call names neither a lead nor a number, none "
    "is known to be one."
)


def _state(name: str, numerator: str, **more: Any) -> Figure:
    return Figure(name, numerator, excludes=_EXCLUDES, opens=_in(name), of_totals=True, **more)


CALLBACKS = Report(
    "callbacks",
    "Were the calls made that had been promised?",
    (
        _state(DUE, f"{_SAID} not kept, whose `callback_at` is ahead or less than 15 minutes ago."),
        _state(OVERDUE, f"{_SAID} neither kept nor due, with no attempt to the lead later than 15 minutes after."),
        _state(
            KEPT,
            f"{_SAID} with a later attempt to the lead within 15 minutes either side of `callback_at`.",
        ),
        _state(
            MISSED,
            f"{_SAID} neither kept nor due, with an attempt to the lead later than 15 minutes after `callback_at`.",
        ),
        Figure("past", "", opens=_in(KEPT, MISSED, OVERDUE), hidden=True),
        Figure(
            "kept_rate",
            "Promised calls that were kept.",
            "Promised calls that were kept, missed or are overdue.",
            "Those that are due; merged rows.",
            unit="share",
            ratio=(KEPT, "past"),
            of_totals=True,
        ),
    ),
    base=lambda asked: CallOutcome.callback_at.is_not(None),
    own_rows="one for each promised call, the earliest `callback_at` first",
    paged=_page,
    counted_by=STATES,
)
