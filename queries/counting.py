"""Counting calls, for every report that is counted here: by the day, by a condition, and never into more groups than anybody
reads."""

from typing import Any

from sqlalchemy import ColumnElement, Text, case, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement

MOST_GROUPS = 10_000


class TooManyGroups(ValueError):
    """The report would have more rows than anybody reads; fewer groups or a narrower filter are needed."""


class day_in_zone(FunctionElement[str]):
    """The calendar day of a time in an IANA zone, as ``2026-11-18``: ``day_in_zone(column, "Asia/Kolkata")``.
    On SQLite it is the function ``models.database.local_day``, its twin."""

    type = Text()
    inherit_cache = True


@compiles(day_in_zone, "postgresql")
def _day_postgresql(element: day_in_zone, compiler: SQLCompiler, **options: Any) -> str:
    moment, zone = (compiler.process(clause, **options) for clause in element.clauses)
    return f"to_char(timezone(CAST({zone} AS TEXT), {moment}), 'YYYY-MM-DD')"


@compiles(day_in_zone, "sqlite")
def _day_sqlite(element: day_in_zone, compiler: SQLCompiler, **options: Any) -> str:
    moment, zone = (compiler.process(clause, **options) for clause in element.clauses)
    return f"local_day({moment}, {zone})"


def count_if(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """Rows of a group for which it holds."""
    return func.sum(case((condition, 1), else_=0))
