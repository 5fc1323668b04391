"""Percentiles that occurred: the smallest value that at least such a share of the values does not exceed. Counted by value first,
because the values are few (seconds) and the calls are many; the same in every engine, in whole numbers. What is counted so has
its mean from there, too."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Integer, case, func, literal, literal_column, select

from models.database import AnyColumn, AnySelect
from queries.reports.at_once import of_row, with_all
from queries.reports.base import Asked, Column, Figure, Share

MEDIAN: Share = (1, 2)
P90: Share = (9, 10)
Key = tuple[Any, ...]


def percentiles_of(
    asked: Asked,
    figures: Sequence[Figure],
    keys: Sequence[AnyColumn],
    calls: FromClause,
    wanted: Sequence[ColumnElement[bool]],
) -> Mapping[Key, dict[str, int]]:
    """Group's keys -> the percentiles by the figures' names, and the sums that their means are made of, of the groups that have
    any value; without keys, of all calls."""
    columns: dict[Column, dict[str, Share]] = {}
    for figure in figures:
        if figure.nth is not None:
            share, column = figure.nth
            columns.setdefault(column, {})[figure.name] = share
    means = [figure for figure in figures if by_value(figures, figure)]
    found: dict[Key, dict[str, int]] = {}
    for column, shares in columns.items():
        names = [*shares, *(name for figure in means if figure.mean is column for name in sums_of(figure))]
        for row in asked.session.execute(_statement(column(asked), shares.values(), keys, calls, wanted)):
            # Of the sums, which are last, as many as are asked for.
            told = zip(names, row[len(row) - len(shares) - 2 :], strict=False)
            found.setdefault(of_row(row, keys), {}).update(
                {name: int(value) for name, value in told if value is not None}
            )
    return found


def sums_of(figure: Figure) -> tuple[str, str]:
    """What the parts of a mean are called among sums."""
    return f"{figure.name} sum", f"{figure.name} count"


def by_value(figures: Sequence[Figure], figure: Figure) -> bool:
    """Whether it is a mean of a column that is counted by value anyway."""
    return figure.mean is not None and any(one.nth is not None and one.nth[1] is figure.mean for one in figures)


def _statement(
    column: AnyColumn,
    shares: Collection[Share],
    keys: Sequence[AnyColumn],
    calls: FromClause,
    wanted: Sequence[ColumnElement[bool]],
) -> Any:
    names = [f"k{at}" for at in range(len(keys))]
    # By position: on PostgreSQL the same expression with a parameter in it counts as another one.
    places = (literal_column(str(at + 1), Integer) for at in range(len(keys) + 1))
    labelled = (key.label(name) for key, name in zip(keys, names, strict=True))
    values = (
        select(*labelled, column.label("value"), func.count().label("calls"))
        .select_from(calls)
        .where(*wanted, column.is_not(None))
        .group_by(*places)
        .cte("told_values")
    )
    if not names:
        return _least(values, shares, names)
    of_all = select(values.c.value, func.sum(values.c.calls).label("calls")).group_by(values.c.value).subquery()
    return with_all(names, _least(values, shares, names), _least(of_all, shares, ()))


def _least(values: FromClause, shares: Collection[Share], names: Sequence[str]) -> AnySelect:
    """Of each group of ``values``, whose calls are counted by value, the least value of each share, then the sum of all values
    and how many there are."""
    own = [values.c[name] for name in names]
    so_far = func.sum(values.c.calls).over(partition_by=own or None, order_by=values.c.value)
    of_all = func.sum(values.c.calls).over(partition_by=own or None)
    counted = select(*own, values.c.value, values.c.calls, so_far.label("so_far"), of_all.label("of_all")).subquery()
    least = [
        func.min(case((counted.c.so_far * literal(below) >= counted.c.of_all * literal(share), counted.c.value)))
        for share, below in shares
    ]
    sums = func.sum(counted.c.value * counted.c.calls), func.sum(counted.c.calls)
    keys = [counted.c[name] for name in names]
    return select(*keys, *least, *sums).group_by(*keys)
