"""The whole history of leads and of numbers: an attempt is the first, or a contact was one before, whatever the filters say.

Each is worked out by adding up once over all calls, with a place in their order as a text (``queries.expressions.in_order``):
numbering the calls of each lead would sort all of them.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import CTE, and_, case, func, select

from models import CallOutcome
from models.database import AnySelect
from queries.expressions import in_order
from queries.reports import facts
from queries.reports.base import Asked
from queries.selection import NOT_MERGED, conditions

PLACE = in_order(CallOutcome.occurred_at, CallOutcome.id)
# Filters that every call of a lead answers alike, so that its history may be looked for by them.
OF_THE_LEAD = ("connection", "dialer")


def of_leads(asked: Asked) -> CTE:
    """Of each lead with a call that matches: ``lead``, ``attempts``, ``first`` and ``contact``: the places of its first
    attempt and of its first contact, which is null where there was none."""
    return _once(asked, "history", _of_leads)


def first_contacts(asked: Asked) -> CTE:
    """Of each lead with a call that matches and a contact that was not its first attempt: ``lead``, and ``attempt``: which of its
    attempts that was."""
    return _once(asked, "first_contacts", _first_contacts)


def _once(asked: Asked, name: str, made: Callable[[Asked], AnySelect]) -> CTE:
    """One and the same within a question, so that whatever names its columns means it."""
    if name not in asked.kept:
        asked.kept[name] = made(asked).cte(name)
    found: CTE = asked.kept[name]
    return found


def _of_leads(asked: Asked) -> AnySelect:
    alike, others = _filters(asked)
    matches = case((and_(*conditions(others)), 1), else_=0)
    calls = select(
        facts.LEAD.label("lead"), PLACE.label("place"), facts.CONTACT.label("contact"), matches.label("matches")
    ).where(*conditions(alike), facts.HAS_LEAD)
    # A time is matched by many leads: noted while all are added up, it takes a fourth of the time, and of the memory. Of what few
    # match, only those few are added up.
    by_time = bool(others) and others.keys() <= {"since", "until"}
    if others and not by_time:
        matching = select(facts.LEAD).where(*conditions(asked.filters), facts.HAS_LEAD).distinct()
        calls = calls.where(facts.LEAD.in_(matching.correlate(None)))
    rows = calls.subquery("calls_of_leads")
    figures = (
        func.count().label("attempts"),
        func.min(rows.c.place).label("first"),
        func.min(case((rows.c.contact, rows.c.place))).label("contact"),
    )
    found = select(rows.c.lead, *figures).group_by(rows.c.lead)
    return found.having(func.max(rows.c.matches) == 1) if by_time else found


def _first_contacts(asked: Asked) -> AnySelect:
    leads = of_leads(asked)
    calls = select(leads.c.lead.label("lead")).select_from(CallOutcome).join(leads, leads.c.lead == facts.LEAD)
    rows = calls.where(NOT_MERGED, leads.c.contact != leads.c.first, PLACE <= leads.c.contact).subquery(
        "calls_until_contact"
    )
    return select(rows.c.lead, func.count().label("attempt")).group_by(rows.c.lead)


def _filters(asked: Asked) -> tuple[dict[str, Any], dict[str, Any]]:
    """(those that all calls of a lead answer alike, the others), without those that ask for nothing"""
    given = {name: value for name, value in asked.filters.items() if value is not None and value != []}
    alike = {name: value for name, value in given.items() if name in OF_THE_LEAD}
    return alike, {name: value for name, value in given.items() if name not in alike}


def numbers_with_contact() -> AnySelect:
    """The numbers that a contact was ever made with."""
    found = select(CallOutcome.customer_number).where(
        NOT_MERGED, CallOutcome.customer_number.is_not(None), facts.CONTACT
    )
    return found.correlate(None)
