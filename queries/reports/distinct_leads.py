"""How many different leads have a call of some kind: each lead once first, with the kinds of calls that it has, then counted. One
pass for all figures, however many there are."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, case, func, literal_column, select
from sqlalchemy.sql.selectable import FromClause

from models.database import AnyColumn
from queries.reports.base import Asked, Figure
from queries.reports.facts import LEAD

Key = tuple[Any, ...]


def leads_of(
    asked: Asked,
    figures: Sequence[Figure],
    keys: Sequence[AnyColumn],
    calls: FromClause,
    wanted: Sequence[ColumnElement[bool]],
) -> Mapping[Key, dict[str, int]]:
    """Group's keys -> the counts by the figures' names, of the groups that have any lead."""
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
        .subquery()
    )
    own = [each.c[name] for name in names]
    statement = select(*own, *(func.sum(each.c[f"f{at}"]) for at in range(len(kinds)))).group_by(*own)
    found: dict[Key, dict[str, int]] = {}
    for row in asked.session.execute(statement):
        counts = (int(count or 0) for count in row[len(keys) :])
        found[tuple(row[: len(keys)])] = dict(zip(kinds, counts, strict=True))
    return found
