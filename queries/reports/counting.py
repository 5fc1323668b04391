"""Reports that count calls: one statement for all counts, grouped, whose sums are the totals; and one each for leads and for
percentiles, which find the totals on the way."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, FromClause, Integer, case, func, literal_column, select

from dialers.vocabulary import AWAITING_DISPOSITION, PROVISIONAL
from models import CallOutcome
from models.database import AnyColumn, AnySelect
from queries.counting import MOST_GROUPS
from queries.reports import facts
from queries.reports.at_once import with_all
from queries.reports.base import Asked, Figure, Found, Report, Source, WrongQuestion
from queries.reports.distinct_leads import leads_of
from queries.reports.groups import GROUPS, Group, Key, calls, order
from queries.reports.percentiles import by_value, percentiles_of, sums_of
from queries.selection import conditions
from queries.summary import first_told

PLACES = 4  # of rates, shares and means
_MOVES: Mapping[str, ColumnElement[Any]] = {
    "that may move": func.count(),
    **{
        state: func.coalesce(func.sum(case((CallOutcome.settling == state, 1), else_=0)), 0)
        for state in (PROVISIONAL, AWAITING_DISPOSITION)
    },
}
TOO_FEW = "Fewer than {} calls say nothing about a rate."


def rows_and_totals(asked: Asked, report: Report) -> Found:
    """The report's rows and totals. Raises WrongQuestion."""
    groups = [source_of(report).groups[name] for name in asked.group_by]
    if groups and _once_each(report, groups):
        found, totals = _sums_by_group_and_of_all(asked, report, groups)
    else:
        found, _ = _sums_by_group_and_of_all(asked, report, groups) if groups else ([], None)
        ((_, totals),), _ = _sums_by_group_and_of_all(asked, report, [])
    rows = [labels | shown(asked, report, sums) for labels, sums in found]
    return Found(rows, shown(asked, report, totals, of_all=True), moving=_moving(totals) if _of_calls(report) else None)


def _of_calls(report: Report) -> bool:
    """Whether it goes through the calls as they are, rather than through what its source makes of them."""
    return report.source is None or report.leads_by is not None


def _once_each(report: Report, groups: Sequence[Group]) -> bool:
    """Whether each call is in one row, so that what the rows count can be added up."""
    return _of_calls(report) and not any(group.joined for group in groups)


_CALLS = Source(
    lambda asked, groups: calls(groups), lambda asked: conditions(asked.filters), GROUPS, lambda asked: facts.LEAD
)


def source_of(report: Report) -> Source:
    """What it counts: calls, where it does not say otherwise."""
    return report.source or _CALLS


Sums = dict[str, Any]
Labelled = list[tuple[dict[str, Any], Sums]]


def sums_by_group(asked: Asked, report: Report, groups: Sequence[Group]) -> Labelled:
    """(what says which group it is, the sums by name) of each group, in the order of the groups' values."""
    found, _ = _sums_by_group_and_of_all(asked, report, groups)
    return found


def _sums_by_group_and_of_all(asked: Asked, report: Report, groups: Sequence[Group]) -> tuple[Labelled, Sums]:
    """The same, and the sums of all: true where each call is in one group."""
    sums: dict[str, Any] = {}
    for figure in report.figures:
        sums |= {} if by_value(report.figures, figure) else _columns_to_sum(asked, figure)
    sums |= _MOVES if _of_calls(report) else {}
    own = [list(group.keys(asked)) for group in groups]
    keys = [key for some in own for key in some]
    widths = [len(some) for some in own]
    names = [func.max(name) for group in groups for name in group.names]
    source = source_of(report)
    wanted = [*source.conditions(asked), *([report.base(asked)] if report.base else [])]
    rows = calls(groups) if _of_calls(report) else source.rows(asked, groups)
    different = {figure.name: figure.distinct(asked) for figure in report.figures if figure.distinct is not None}
    counted_by = [*keys, *different.values()]
    statement = select(*counted_by, *names, *sums.values()).select_from(rows).where(*wanted)
    if counted_by:
        # By position: on PostgreSQL the same expression with a parameter in it counts as another one.
        places = (literal_column(str(at + 1), Integer) for at in range(len(counted_by)))
        statement = statement.group_by(*places)
    at_once = bool(keys) and _once_each(report, groups)
    found, of_all = _answered(asked, statement, len(keys), len(names), list(different), at_once)
    sums |= different
    found.sort(key=lambda row: order(tuple(row[: len(keys)])))
    if len(found) > MOST_GROUPS:
        raise WrongQuestion(
            "group_by", f"That makes more than {MOST_GROUPS} rows; group by less or narrow the filters."
        )
    figures_at = len(keys) + len(names)
    leads = (report.leads_by or leads_of)(asked, report.figures, keys, rows, wanted)
    percentiles = percentiles_of(asked, report.figures, keys, rows, wanted)
    found_sums: Labelled = []
    totals: Sums = dict.fromkeys(sums, 0)
    for row in found:
        key = tuple(row[: len(keys)])
        counts = dict(zip(sums, row[figures_at:], strict=True))
        totals = {name: totals[name] + (count or 0) for name, count in counts.items()}
        values = counts | leads.get(key, {}) | percentiles.get(key, {})
        found_sums.append((_labels(groups, widths, key, row[len(keys) : figures_at]), values))
    if of_all is not None:
        totals = dict(zip(sums, of_all[figures_at:], strict=True))
    return found_sums, totals | leads.get((), {}) | percentiles.get((), {})


def _answered(
    asked: Asked, statement: AnySelect, keys: int, names: int, different: Sequence[str], at_once: bool
) -> tuple[list[Sequence[Any]], Sequence[Any] | None]:
    """(a row of each group, the row of all where that is counted ``at_once``)"""
    if different and at_once:
        answered = list(asked.session.execute(_of_different_at_once(statement, keys, names, different)))
        (of_all,) = (row[1:] for row in answered if row[0])
        return [row[1:] for row in answered if not row[0]], of_all
    if different:
        statement = _of_different(statement, keys, names, different)
    return list(asked.session.execute(statement.limit(MOST_GROUPS + 1) if keys else statement)), None


def _of_different(by_value: AnySelect, keys: int, names: int, different: Sequence[str]) -> AnySelect:
    """Counted by a column's values first, which are few, then these: several times as fast as counting different ones among all
    calls. ``by_value``: so many keys, the column, so many names, and sums."""
    own, value, shown, sums = _columns_of(by_value.subquery(), keys, names, different)
    return select(*own, *map(func.max, shown), *map(_sum_or_zero, sums), func.count(value)).group_by(*own)


def _of_different_at_once(by_value: AnySelect, keys: int, names: int, different: Sequence[str]) -> CompoundSelect[Any]:
    """The same, and the row of all: where each call is in one group. The calls are gone through once for both."""
    own, value, shown, sums = _columns_of(by_value.cte("by_value"), keys, names, different)
    labels = [f"k{at}" for at in range(keys + names)]
    labelled = (one.label(label) for one, label in zip([*own, *map(func.max, shown)], labels, strict=True))
    rows = select(*labelled, *map(_sum_or_zero, sums), func.count(value)).group_by(*own).limit(MOST_GROUPS + 1)
    return with_all(labels, rows, select(*map(_sum_or_zero, sums), func.count(value.distinct())))


def _sum_or_zero(column: AnyColumn) -> ColumnElement[Any]:
    return func.coalesce(func.sum(column), 0)


def _columns_of(by_value: FromClause, keys: int, names: int, different: Sequence[str]) -> tuple[Any, Any, Any, Any]:
    """(the keys, the column whose values are counted, the names, the sums)"""
    (_,) = different  # of two columns, one's values would be counted once for each of the other's
    each = list(by_value.c)
    return each[:keys], each[keys], each[keys + 1 : keys + 1 + names], each[keys + 1 + names :]


def _moving(sums: Sums) -> Mapping[str, Any]:
    """How many of the calls may still change, and their share: not over yet, or a disposition awaited."""
    of_all, provisional, awaiting = (int(sums[name]) for name in _MOVES)
    share = ratio(provisional + awaiting, of_all)
    return {"provisional": provisional, "awaiting": awaiting, "share": share}


def may_still_move(asked: Asked, report: Report) -> Mapping[str, Any]:
    """The same for reports that do not count calls one by one."""
    wanted = conditions(asked.filters) + ([report.base(asked)] if report.base else [])
    (found,) = asked.session.execute(select(*_MOVES.values()).where(*wanted))
    return _moving(dict(zip(_MOVES, found, strict=True)))


def _labels(groups: Sequence[Group], widths: Sequence[int], key: Key, names: Sequence[Any]) -> dict[str, Any]:
    keys, rest, found = iter(key), iter(names), {}
    for group, width in zip(groups, widths, strict=True):
        first, *_ = [next(keys) for _ in range(width)]
        found[group.fields[0]] = group.show(first)
        if group.names:
            found[group.fields[1]] = first_told([next(rest) for _ in group.names])
    return found


def _columns_to_sum(asked: Asked, figure: Figure) -> Mapping[str, ColumnElement[Any]]:
    """The columns that the figure is worked out of."""
    if figure.calls is not None:
        return {figure.name: func.coalesce(func.sum(case((figure.calls(asked), 1), else_=0)), 0)}
    if figure.total is not None:
        return {figure.name: func.coalesce(func.sum(figure.total(asked)), 0)}
    if figure.mean is not None:
        column = figure.mean(asked)
        return dict(zip(sums_of(figure), (func.sum(column), func.count(column)), strict=True))
    return {}


def shown(asked: Asked, report: Report, sums: Mapping[str, Any], of_all: bool = False) -> dict[str, Any]:
    """The figures of a row, or of all calls; ``reasons`` says of those that are null, where there is more to say than that there
    is nothing."""
    known: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    for figure in report.figures:
        if figure.ratio is not None:
            part, whole = (known[name] for name in figure.ratio)
            known[figure.name] = ratio(part, whole)
            if figure.least and known[report.least_of] < asked.limits.min_calls:
                known[figure.name] = None
                reasons[figure.name] = TOO_FEW.format(asked.limits.min_calls)
        elif figure.mean is not None:
            known[figure.name] = ratio(*(sums.get(name) for name in sums_of(figure)))
        elif figure.leads is not None:
            known[figure.name] = sums.get(figure.name, 0)
        elif figure.name in sums or figure.nth is not None:
            value = sums.get(figure.name)
            known[figure.name] = None if value is None else int(value)
    if report.reasons is not None:
        for name, why in report.reasons(asked, known).items():
            known[name] = None
            reasons[name] = why
    more = report.finish(asked, known) if report.finish else {}
    hidden = {figure.name for figure in report.figures if figure.hidden or (figure.of_totals and not of_all)}
    found = {name: value for name, value in known.items() if name not in hidden} | more
    for figure in report.figures:
        if figure.inside is not None:
            inner = figure.name.removeprefix(f"{figure.inside}_")
            found.setdefault(figure.inside, {})[inner] = found.pop(figure.name)
    return found | ({"reasons": reasons} if reasons else {})


def ratio(part: Any, whole: Any) -> float | None:
    """A rate; null where there is nothing to divide by."""
    return round(int(part) / int(whole), PLACES) if whole else None
