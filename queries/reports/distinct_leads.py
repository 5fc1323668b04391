"""How many different leads have a call of some kind: each lead once first, with the kinds of calls that it has, then counted. One
pass for all figures, however many there are, in groups and of all calls."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Executable, FromClause, Integer, and_, case, func, literal_column, select

from models import CallOutcome
from models.database import AnyColumn
from queries.expressions import in_order
from queries.reports.at_once import of_row, with_all
from queries.reports.base import Asked, Figure
from queries.reports.facts import CONTACT, LEAD
from queries.reports.history import OF_THE_LEAD
from queries.selection import conditions

Key = tuple[Any, ...]


def leads_of(
    asked: Asked,
    figures: Sequence[Figure],
    keys: Sequence[AnyColumn],
    calls: FromClause,
    wanted: Sequence[ColumnElement[bool]],
) -> Mapping[Key, dict[str, int]]:
    """Group's keys -> the counts by the figures' names, of the groups that have any lead; without keys, of all calls."""
    kinds = {figure.name: figure.leads(asked) for figure in figures if figure.leads is not None}
    if not kinds:
        return {}
    names = [f"k{at}" for at in range(len(keys))]
    # By position: on PostgreSQL the same expression with a parameter in it counts as another one.
    places = (literal_column(str(at + 1), Integer) for at in range(len(keys) + 1))
    labelled = (key.label(name) for key, name in zip(keys, names, strict=True))
    has = [func.max(case((kind, 1), else_=0)).label(f"f{at}") for at, kind in enumerate(kinds.values())]
    each = (
        select(*labelled, LEAD.label("lead"), *has)
        .select_from(calls)
        .where(*wanted, LEAD.is_not(None))
        .group_by(*places)
        .cte("each_lead")
    )
    flags = [f"f{at}" for at in range(len(kinds))]
    sums = [func.sum(each.c[flag]) for flag in flags]
    statement: Executable = select(*sums)
    if keys:
        own = [each.c[name] for name in names]
        once = select(*(func.max(each.c[flag]).label(flag) for flag in flags)).group_by(each.c.lead).subquery()
        of_all = select(*(func.sum(once.c[flag]) for flag in flags))
        statement = with_all(names, select(*own, *sums).group_by(*own), of_all)
    found: dict[Key, dict[str, int]] = {}
    for row in asked.session.execute(statement):
        counts = (int(count or 0) for count in row[-len(kinds) :])
        found[of_row(row, keys)] = dict(zip(kinds, counts, strict=True))
    return found


def first_contacts_of(
    asked: Asked,
    figures: Sequence[Figure],
    keys: Sequence[AnyColumn],
    calls: FromClause,
    wanted: Sequence[ColumnElement[bool]],
) -> Mapping[Key, dict[str, int]]:
    """The same of ``leads``, and of ``contacted_first``: those whose first attempt of all was a contact. Whatever the filters
    say, all of a lead's calls are looked through."""
    place = in_order(CallOutcome.occurred_at, CallOutcome.id)
    first, contact = func.min(place), func.min(case((CONTACT, place)))
    alike = {name: value for name, value in asked.filters.items() if name in OF_THE_LEAD}
    leads = (
        select(
            LEAD.label("lead"),
            func.max(case((and_(*wanted), 1), else_=0)).label("shown"),
            case((first == contact, 1), else_=0).label("at_once"),
        )
        .where(*conditions(alike), LEAD.is_not(None))
        .group_by(literal_column("1", Integer))
        .cte("leads")
    )
    of_all = select(func.count(), func.sum(leads.c.at_once)).where(leads.c.shown == 1)
    statement: Executable = of_all
    if keys:  # a lead may be in several groups; what was its first call is asked of all of them
        names = [f"k{at}" for at in range(len(keys))]
        labelled = (key.label(name) for key, name in zip(keys, names, strict=True))
        once = select(*labelled, LEAD.label("lead")).select_from(calls).where(*wanted, LEAD.is_not(None)).distinct()
        each = once.subquery("each_lead")
        own = [each.c[name] for name in names]
        together = each.join(leads, leads.c.lead == each.c.lead)
        rows = select(*own, func.count(), func.sum(leads.c.at_once)).select_from(together).group_by(*own)
        statement = with_all(names, rows, of_all)
    return {
        of_row(row, keys): {"leads": int(row[-2]), "contacted_first": int(row[-1] or 0)}
        for row in asked.session.execute(statement)
    }
