"""The rows of a report and what is said of all of them, in one statement: what both are made of is read once."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CompoundSelect, literal, null, select, union_all

from models.database import AnyColumn, AnySelect


def with_all(names: Sequence[str], rows: AnySelect, of_all: AnySelect) -> CompoundSelect[Any]:
    """``rows``, which begin with as many keys as there are ``names``, and the one row ``of_all``, which has none."""
    nothing = (null().label(name) for name in names)
    return union_all(select(literal(0), *rows.subquery().c), select(literal(1), *nothing, *of_all.subquery().c))


def of_row(row: Sequence[Any], keys: Sequence[AnyColumn]) -> tuple[Any, ...]:
    """Whose row it is: the group's keys, or none where it is of all."""
    return tuple(row[1 : 1 + len(keys)]) if keys and not row[0] else ()
