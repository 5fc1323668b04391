"""What calls can be grouped by, and how a group's calls are found again: one definition for rows and for opened figures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, literal, select, union_all
from sqlalchemy.sql.selectable import FromClause

from dialers.vocabulary import FLAGS
from models import CallOutcome
from models.database import AnyColumn
from queries.days import day_number, day_text, week_number, week_text
from queries.expressions import Local, has_member
from queries.reports.base import Asked, WrongQuestion
from queries.reports.clocks import of_customers
from queries.summary import GROUPS as SIMPLE

FLAG = union_all(*(select(literal(flag).label("flag")) for flag in FLAGS)).subquery("told_flags")
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Group:
    """``fields`` are what a row shows of it: the key first, and a name where the key is an id. ``read`` turns what is shown into
    what is stored, and raises ValueError."""

    fields: tuple[str, ...]
    keys: Callable[[Asked], Sequence[AnyColumn]]
    names: tuple[AnyColumn, ...] = ()
    show: Callable[[Any], Any] = lambda key: key
    read: Callable[[str], Any] = lambda text: text
    joined: bool = False  # with FLAG: a call is in as many groups as it has flags


def local(asked: Asked) -> Local:
    """The calls' times as the clocks show them by which the question goes."""
    return of_customers(asked) if asked.by_customer else Local(CallOutcome.occurred_at, asked.tz, asked.span)


def _clock(read: Callable[[Local], AnyColumn]) -> Callable[[Asked], Sequence[AnyColumn]]:
    return lambda asked: (read(local(asked)),)


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not low <= int(text) <= high:
            raise ValueError(text)
        return int(text)

    return read


def _fixed(name: str) -> Group:
    found = SIMPLE[name]
    return Group(found.fields, lambda _: found.keys, found.names)


def _plain(name: str) -> Group:
    return Group((name,), lambda _: (getattr(CallOutcome, name),))


GROUPS: Mapping[str, Group] = {
    "day": Group(("day",), _clock(Local.day), show=day_text, read=day_number),
    "hour": Group(("hour",), _clock(Local.hour), read=_whole(0, 23)),
    "weekday": Group(("weekday",), _clock(Local.weekday), read=_whole(1, 7)),
    "week": Group(("week",), _clock(Local.week), show=week_text, read=week_number),
    "month": Group(("month",), _clock(Local.month)),
    "flag": Group(("flag",), lambda _: (FLAG.c.flag,), joined=True),
    "disposition_parent": _plain("disposition_parent"),
    "caller_number": _plain("caller_number"),
} | {name: _fixed(name) for name in SIMPLE if name != "day"}

# By what a figure is opened besides: the calls without a lead's id, for a lead that its number alone tells.
OPENED_BY: Mapping[str, Group] = {**GROUPS, "lead_id": _plain("lead_id")}


def calls(groups: Sequence[Group]) -> FromClause:
    """What is grouped: the calls, each as often as it is in a group."""
    table: FromClause = CallOutcome.__table__
    if any(group.joined for group in groups):
        table = table.outerjoin(FLAG, has_member(CallOutcome.flags, FLAG.c.flag))
    return table


def of_group(asked: Asked, name: str, shown: str | None, groups: Mapping[str, Group] = GROUPS) -> ColumnElement[bool]:
    """The calls of a group, by what its rows show; none, or an empty text, for the row that shows null."""
    group = groups[name]
    if group.joined:
        given = [has_member(CallOutcome.flags, flag) for flag in FLAGS]
        return has_member(CallOutcome.flags, shown) if shown else and_(*(~one for one in given))
    keys = group.keys(asked)
    if not shown:
        return and_(*(key.is_(None) for key in keys))
    try:
        value = group.read(shown)
    except ValueError:
        raise WrongQuestion(name, "Not a value that the report shows.") from None
    first, *rest = keys
    found: ColumnElement[bool] = first == value
    for other in rest:  # an id, or where there is none the name
        found = found | (first.is_(None) & (other == value))
    return found


def order(key: Key) -> tuple[tuple[bool, Any], ...]:
    """Rows by their groups' values, nulls last."""
    return tuple((value is None, 0 if value is None else value) for value in key)
