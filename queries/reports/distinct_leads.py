"""How many different leads have a call of some kind: each lead once first, with the kinds of calls that it has, then counted. One
pass for all figures, however many there are, in groups and of all calls."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Executable, FromClause, Integer, and_, case, func, literal_column, select

from models import CallOutcome
from models.database import AnyColumn, AnySelect
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
    say, all of a lead's calls are looked through, once; a join with its history would read every call twice."""
    names = [f"k{at}" for at in range(len(keys))]
    places = (literal_column(str(at + 1), Integer) for at in range(len(keys) + 1))
    labelled = (key.label(name) for key, name in zip(keys, names, strict=True))
    place = in_order(CallOutcome.occurred_at, CallOutcome.id)
    alike = {name: value for name, value in asked.filters.items() if name in OF_THE_LEAD}
    each = (
        select(
            *labelled,
            LEAD.label("lead"),
            func.max(case((and_(*wanted), 1), else_=0)).label("shown"),
            func.min(place).label("first"),
            func.min(case((CONTACT, place))).label("contact"),
        )
        .select_from(calls)
        .where(*conditions(alike), LEAD.is_not(None))
        .group_by(*places)
        .cte("each_lead")
    )
    statement: Executable = _contacted_first(each, each.c.first, each.c.contact)
    if keys:  # a lead may be in several groups; what was its first call is asked of all of them
        first, contact = (func.min(column).over(partition_by=each.c.lead) for column in (each.c.first, each.c.contact))
        parts = (("shown", func.max), ("first", func.min), ("contact", func.min))
        once = select(*(of(each.c[name]).label(name) for name, of in parts)).group_by(each.c.lead).subquery()
        of_all = _contacted_first(once, once.c.first, once.c.contact)
        statement = with_all(names, _contacted_first(each, first, contact, names), of_all)
    return {
        of_row(row, keys): {"leads": int(row[-2]), "contacted_first": int(row[-1] or 0)}
        for row in asked.session.execute(statement)
    }


def _contacted_first(
    leads: FromClause, first: ColumnElement[Any], contact: ColumnElement[Any], names: Sequence[str] = ()
) -> AnySelect:
    keys = (leads.c[name] for name in names)
    each = select(*keys, leads.c.shown, case((first == contact, 1), else_=0).label("at_once")).subquery()
    own = [each.c[name] for name in names]
    return select(*own, func.count(), func.sum(each.c.at_once)).where(each.c.shown == 1).group_by(*own)
