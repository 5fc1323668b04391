"""What the clock showed where the customer was. A number tells its country, and where that has one clock, the hour; where it has
several, or the number is not known, nobody can say."""

from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, Integer, case, cast, func, literal, null, select

from lib import phone_plans, zones
from models import CallOutcome
from queries.expressions import Local, shifted
from queries.reports.base import Asked
from queries.selection import conditions

_BEGINNING = 4  # characters of a number that hold its country's code: the sign and at most three digits
_KEPT = "customers' clocks"


def of_customers(asked: Asked) -> Local:
    """The times of the calls that match, as clocks showed them at their customers'; null where that is not known."""
    if _KEPT not in asked.kept:
        asked.kept[_KEPT] = Local.of(_seconds(asked))
    found: Local = asked.kept[_KEPT]
    return found


def unknown(asked: Asked) -> ColumnElement[bool]:
    """Whether nobody can say what the clock showed at the customer."""
    return of_customers(asked).day().is_(None)


def _seconds(asked: Asked) -> ColumnElement[int]:
    """By the countries that were called, which are mostly one or two: a condition for each of the world's would take longer than
    all the rest."""
    begins = func.substr(CallOutcome.customer_number, 1, literal(_BEGINNING, Integer, literal_execute=True))
    by_clock: dict[tuple[tuple[datetime, int], ...], list[str]] = {}
    for (begin,) in asked.session.execute(select(begins).where(*conditions(asked.filters)).distinct()):
        countries = phone_plans.countries(begin[1:]) if begin else ()
        if clock := zones.shared(countries, *asked.span):
            by_clock.setdefault(clock, []).append(begin)
    moment = CallOutcome.occurred_at
    known = [(begins.in_(sorted(some)), shifted(moment, clock)) for clock, some in by_clock.items()]
    return case(*known) if known else cast(null(), BigInteger)
