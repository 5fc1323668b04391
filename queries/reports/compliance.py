"""Calls that should not have been made: to a number after it had asked for no more, too early or too late in the customer's day,
too often. What happened before is looked up in all calls, of any connection."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, func, literal, select

from lib.clock import iso
from models import CallOutcome
from models.base import UtcDateTime
from queries import keyset
from queries.expressions import micros
from queries.reports import clocks, facts, pages
from queries.reports.base import Asked, Condition, Figure, Found, Report, Rows
from queries.reports.history import PLACE
from queries.reports.meaning import Sentences, reasons_of
from queries.selection import NOT_MERGED, conditions

WITHIN = timedelta(days=7)
_WITHIN = WITHIN // timedelta(microseconds=1)
_ORDER = "compliance"
_TO_A_NUMBER = (NOT_MERGED, facts.OUTBOUND, facts.HAS_NUMBER)


def _to_a_number(asked: Asked) -> ColumnElement[bool]:
    return facts.OUTBOUND & facts.HAS_NUMBER


def _after_dnc(asked: Asked) -> ColumnElement[bool]:
    number = CallOutcome.customer_number
    asked_not_to = (
        select(number.label("number"), func.min(PLACE).label("first"))
        .where(NOT_MERGED, facts.HAS_NUMBER, facts.DNC)
        .group_by(number)
        .subquery("asked_not_to")
    )
    later = select(CallOutcome.id).join(asked_not_to, asked_not_to.c.number == number)
    return CallOutcome.id.in_(later.where(*_TO_A_NUMBER, PLACE > asked_not_to.c.first).correlate(None))


def _out_of_hours(asked: Asked) -> ColumnElement[bool]:
    hour = clocks.of_customers(asked).hour()
    return (hour < asked.limits.day_start) | (hour >= asked.limits.day_end)


def _too_often(asked: Asked) -> ColumnElement[bool]:
    """Of numbers that were called more often at all, the calls are numbered: the others are most."""
    number, at, most = CallOutcome.customer_number, CallOutcome.occurred_at, asked.limits.too_often
    since, until = asked.filters.get("since"), asked.filters.get("until")
    bounds = [at > since - WITHIN] if since else []
    bounds += [at < until] if until else []
    wanted = (*_TO_A_NUMBER, *bounds)
    often = select(number).where(*wanted).group_by(number).having(func.count() > most).correlate(None)
    earlier = func.lag(at, literal(most, Integer, literal_execute=True), type_=UtcDateTime())
    before = earlier.over(partition_by=number, order_by=(at, CallOutcome.id)).label("before")
    calls = select(CallOutcome.id, at.label("at"), before).where(*wanted, number.in_(often)).subquery("of_number")
    found = select(calls.c.id).where(micros(calls.c.at) - micros(calls.c.before) < _WITHIN)
    return CallOutcome.id.in_(found.correlate(None))


RULES: Mapping[str, Condition] = {
    "after_dnc": _after_dnc,
    "out_of_hours": _out_of_hours,
    "too_often": _too_often,
}


def _page(asked: Asked, report: Report, limit: int, cursor: str | None) -> Found:
    """Rule by rule, because each finds its calls in another way."""
    rule, after = None, None
    if cursor:
        rule, *told = keyset.decode(_ORDER, cursor, 3)
        after = pages.place(*told)
    found: Rows = []
    for name, broken in RULES.items():
        if (rule is not None and name < rule) or len(found) > limit:
            continue
        at = CallOutcome.occurred_at
        own = pages.behind(at, CallOutcome.id, after if name == rule else None)
        statement = select(*pages.SHOWN.values(), at).where(*_wanted(asked), broken(asked), *own)
        ordered = statement.order_by(at, CallOutcome.id).limit(limit + 1 - len(found))
        found += [pages.row(*shown, rule=name, occurred_at=moment) for *shown, moment in asked.session.execute(ordered)]
    page = keyset.page(found, limit, _cursor)
    return Found([_shown(row) for row in page.rows], _totals(asked), page.next)


def _cursor(row: dict[str, Any]) -> str:
    return keyset.encode(_ORDER, row["rule"], row["occurred_at"].isoformat(), row["id"])


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"occurred_at": iso(row["occurred_at"])}


def _wanted(asked: Asked) -> list[ColumnElement[bool]]:
    return [*conditions(asked.filters), _to_a_number(asked)]


def _totals(asked: Asked) -> dict[str, Any]:
    counts: dict[str, Any] = {}
    for name, condition in {**RULES, "zone_unknown": clocks.unknown}.items():
        ((counts[name],),) = asked.session.execute(select(func.count()).where(*_wanted(asked), condition(asked)))
    if counts["after_dnc"]:
        return counts
    # None that is known; whether that means none, all calls together say, because any of them may have been the first.
    reasons = reasons_of(replace(asked, filters={}), "after_dnc", sentences=_WHO_ASKED)
    return counts | dict.fromkeys(reasons) | ({"reasons": reasons} if reasons else {})


_WHO_ASKED = Sentences(
    "No dispositions are stated of any call, so whether a number had asked not to be called is not known.",
    "Nobody has decided what any disposition means, so whether a number had asked not to be called is not known.",
)
_EXCLUDES = "Incoming calls; calls to no known number; merged rows."


def _rule(name: str, numerator: str, opens: Callable[[Asked], Any], excludes: str = _EXCLUDES, **more: Any) -> Figure:
    return Figure(name, numerator, excludes=excludes, opens=opens, of_totals=True, **more)


COMPLIANCE = Report(
    "compliance",
    "Which calls should not have been made?",
    (
        _rule(
            "after_dnc",
            "Calls to a number later than the first call with it whose disposition has the flag `dnc`, on any connection.",
            _after_dnc,
            "Incoming calls; calls to no known number; merged rows; dispositions that nobody has mapped (null where that is "
            "all of them, or none is stated).",
            elsewhere="Do-not-call violations.",
        ),
        _rule(
            "out_of_hours",
            "Calls at an hour in the customer's zone before `day_start` or not before `day_end` (settings; 8 and 21).",
            _out_of_hours,
            elsewhere="US TSR and TCPA: before 8 or after 21 h at the called person's place.",
        ),
        _rule(
            "too_often",
            "Calls with which those to a number in the seven days up to them are more than `too_often` (setting; 7), on all "
            "connections.",
            _too_often,
            elsewhere="US Regulation F: more than seven calls within seven days.",
        ),
        _rule(
            "zone_unknown",
            "Calls of which the customer's hour is not known, because it is not known which country their number is of, or that "
            "has several clocks: they are not looked at for `out_of_hours`.",
            clocks.unknown,
        ),
    ),
    base=_to_a_number,
    own_rows="one for each rule and call that breaks it",
    paged=_page,
    counted_by=tuple(RULES),
    by_meaning=True,
)
