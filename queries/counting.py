"""Counting calls, for every report that is counted here: by a condition, and never into more groups than anybody reads."""

from sqlalchemy import ColumnElement, case, func

MOST_GROUPS = 10_000


class TooManyGroups(ValueError):
    """The report would have more rows than anybody reads; fewer groups or a narrower filter are needed."""


def count_if(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """Rows of a group for which it holds."""
    return func.sum(case((condition, 1), else_=0))
