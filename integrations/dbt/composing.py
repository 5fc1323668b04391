"""A report as one SELECT over the staging models, for each of dbt's two engines: of the figures and conditions of
``queries.reports``, compiled. What the API finds in several questions and puts together in Python is put together in SQL here.

What the calls do not say, the staging models have as columns, and the questions are given those: the clocks of the reader
(``local_seconds``) and of the customer, and what is known by the settings (``is_undecided`` and the like).
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    Boolean,
    FromClause,
    Integer,
    case,
    column,
    distinct,
    func,
    literal_column,
    select,
    table,
)
from sqlalchemy.dialects import postgresql

from integrations.dbt import before
from models import CallOutcome
from queries.expressions import Local
from queries.mirror.dialect import Dialect as DuckDb
from queries.reports import clocks, compliance, counting, of_calls, of_loads, of_numbers, pages, promised
from queries.reports.base import DEFAULTS, Asked, Figure, Report
from queries.reports.groups import Group, calls
from queries.reports.meaning import KNOWN_BY, meaning_unknown
from queries.selection import conditions

ENGINES = ("postgres", "duckdb")  # as dbt calls its targets


class _OfViews(DuckDb):
    """What ``call_outcomes_v1`` has, and no more."""

    has_made = False


_DIALECTS = {"postgres": postgresql.dialect(paramstyle="named"), "duckdb": _OfViews(paramstyle="named")}
# Stands for the moment at which dbt runs, until it is written as such.
NOW = datetime(2199, 1, 1, tzinfo=UTC)
MONTH_BEFORE = NOW - timedelta(days=of_calls.ABANDON_DAYS)
DAY_KEYS = ("day", "week")  # shown as the date of the day, and of the week's Monday
# What a report is asked by where it takes any group and has none of its own.
BY_DAY, BY_CAMPAIGN = ("day",), ("connection", "campaign")
LEFT_OUT = {
    "may_still_move": {"first_shown_connected", "first_shown_contacts"},  # not in the view
}


def groups_of(report: Report) -> tuple[str, ...]:
    return report.own_groups or report.default_groups or (BY_CAMPAIGN if report.tables else BY_DAY)


def asked(report: Report, by_customer: bool = False) -> Asked:
    """The question without filters. ``by_customer``: where the clock is meant to be the customers'."""
    question = Asked(cast(Any, None), {}, groups_of(report), "UTC", (NOW, NOW), NOW, DEFAULTS, {}, by_customer=True)
    seconds = "customer_seconds" if by_customer else "local_seconds"
    question.kept[clocks._KEPT] = Local.of(_own(seconds, BigInteger))
    question.kept["undecided"] = _own("is_undecided", Boolean)
    question.kept[of_loads._KEPT] = _met()
    return question


def _own(name: str, kind: Any) -> Any:
    return literal_column(f"call_outcomes.{name}", kind)


def _met() -> Any:
    """``of_loads.calls_of_leads``, of the columns that ``leads_v1`` has of a lead's calls."""
    own = ("id", "first_attempt_at", "closed", "reached", "sold", "attempts", "disposed_attempts")
    leads = table("loaded_leads", *map(column, own))
    silent = literal_column("loaded_leads.unstated_attempts", Integer).label("unstated")
    unflagged = literal_column("loaded_leads.unflagged_attempts", Integer).label("undecided")
    names = {"id": "lead", "first_attempt_at": "first_at", "attempts": "calls", "disposed_attempts": "told"}
    columns = (leads.c[name].label(names.get(name, name)) for name in leads.c.keys())
    return select(*columns, silent, unflagged).where(leads.c.attempts > 0).cte("met")


# Figures by which it is known what is not: what they ask of the settings stands in a column.
_BY_SETTINGS = {
    ("untold", "abandon_rate"): "is_untold_abandoned",
    ("untold", "machine_rate"): "is_untold_voicemail",
}


def _by_settings(report: Report, figure: Figure) -> str | None:
    known = "is_unstated" if figure.name == "unstated" else _BY_SETTINGS.get((figure.name, report.name))
    return None if report.tables else known


# Why figures are null: what is counted then, by which a report's own reasons are asked which figures it makes null; and the
# same as a condition. Each of the first is the least with which the reason holds.
_REASONS: Sequence[tuple[Mapping[str, int], str]] = (
    ({"all calls": 1, "unstated": 1}, '"all calls" > 0 and "unstated" = "all calls"'),
    ({"unmapped": 1, "disposed": 1}, '"unmapped" > 0 and "unmapped" = "disposed"'),
    ({"undecided": 1, "told": 1}, '"undecided" > 0 and "undecided" = "told"'),
    ({"answered": 1}, '"answered" > 0 and "talk known" = 0'),
    ({"all calls": 1, "untold": 1}, '"{count}" = 0 and "all calls" > 0 and "untold" = "all calls"'),
    ({"not kept": 1}, '"not kept" > 0'),
)


def _nulls(report: Report, figures: Sequence[Figure]) -> dict[str, list[str]]:
    """Figure -> the conditions with which it is null."""
    found: dict[str, list[str]] = defaultdict(list)
    names = {figure.name for figure in figures}
    for counts, condition in _REASONS:
        if (
            report.reasons is None
            or not set(counts) <= names
            or ('"talk known"' in condition and "talk known" not in names)
        ):
            continue
        known: Any = defaultdict(int, counts)
        for name in report.reasons(asked(report), known):
            found[name].append(condition.format(count=figures[0].name))
    return found


def _columns(report: Report, question: Asked, figures: Sequence[Figure]) -> Iterator[tuple[str, Any]]:
    """What is counted in each group, by name."""
    source = counting.source_of(report)
    for figure in figures:
        own = _by_settings(report, figure)
        if own is not None:
            yield figure.name, func.coalesce(func.sum(case((_own(own, Boolean), 1), else_=0)), 0)
        elif figure.leads is not None:
            yield figure.name, func.count(distinct(case((figure.leads(question), source.lead(question)))))
        elif figure.nth is not None:
            (part, whole), values = figure.nth
            share = literal_column(str(part / whole))
            yield figure.name, func.percentile_disc(share).within_group(values(question))
        elif figure.distinct is not None:
            yield figure.name, func.count(distinct(figure.distinct(question)))
        else:
            yield from counting._columns_to_sum(question, figure).items()


def _shown(report: Report, figure: Figure) -> str | None:
    """A figure as it is made of what was counted; None where it needs more than that."""
    if figure.ratio is not None:
        part, whole = figure.ratio
        rate = f'round(cast("{part}" as numeric) / nullif("{whole}", 0), {counting.PLACES})'
        return f'case when "{report.least_of}" >= {DEFAULTS.min_calls} then {rate} end' if figure.least else rate
    if figure.mean is not None:
        return f'round(cast("{figure.name} sum" as numeric) / nullif("{figure.name} count", 0), {counting.PLACES})'
    known = (figure.calls, figure.leads, figure.total, figure.nth, figure.distinct)
    return f'"{figure.name}"' if any(one is not None for one in known) else None


def _key(group: Group, key: str) -> str:
    return f"date '1970-01-01' + cast(\"{key}\" as integer)" if group.fields[0] in DAY_KEYS else f'"{key}"'


def counted(engine: str, report: Report) -> str:
    """A report whose figures are counts and rates of counts, in groups."""
    question, source = asked(report), counting.source_of(report)
    groups = [source.groups[name] for name in question.group_by]
    figures = [one for one in report.figures if not one.of_totals and one.name not in LEFT_OUT.get(report.name, ())]
    keys = [key.label(f"k{at}_{n}") for at, group in enumerate(groups) for n, key in enumerate(group.keys(question))]
    names = [
        func.max(name).label(f"n{at}_{n}") for at, group in enumerate(groups) for n, name in enumerate(group.names)
    ]
    rows: FromClause = calls(groups) if counting._of_calls(report) else source.rows(question, groups)
    if report.leads_by is not None and report.source is not None:
        rows = report.source.rows(question, groups)
    wanted = [*source.conditions(question), *([report.base(question)] if report.base else [])]
    sums = [one.label(name) for name, one in _columns(report, question, figures)]
    places = (literal_column(str(at + 1), Integer) for at in range(len(keys)))
    inner = written(engine, select(*keys, *names, *sums).select_from(rows).where(*wanted).group_by(*places))
    shown = [f"{_key(group, f'k{at}_0')} as {group.fields[0]}" for at, group in enumerate(groups)]
    for at, group in enumerate(groups):
        if group.names:
            told = ", ".join(f'"n{at}_{n}"' for n in range(len(group.names)))
            shown.append(f"coalesce({told}) as {group.fields[1]}")
    nulls = _nulls(report, figures)
    for figure in figures:
        value = None if figure.hidden else _shown(report, figure)
        if value is not None:
            unknown = " or ".join(nulls.get(figure.name, ()))
            shown.append(f"{f'case when not ({unknown}) then {value} end' if unknown else value} as {figure.name}")
    return f"counted as (\n{inner}\n)\nselect\n    " + ",\n    ".join(shown) + "\nfrom counted"


def _abandon_rate(engine: str, report: Report) -> str:
    limit = DEFAULTS.abandon_limit
    people, near = f"{limit} * (humans + abandoned)", of_calls.NEAR
    near_it = f"{near.denominator} * abandoned >= {near.numerator} * {people}"
    state = f"when abandoned > {people} then 'over' when {near_it} then 'near'"
    head, _, last = counted(engine, report).rpartition("\nselect\n")
    return (
        f'{head},\nrates as (\nselect\n{last}\n)\nselect\n    *, {limit} as "limit",\n'
        f"    case when abandon_rate is null then null {state} else 'ok' end as state\nfrom rates"
    )


def _dispositions(engine: str, report: Report) -> str:
    head, _, last = counted(engine, report).rpartition("\nselect\n")
    keys = last.partition(",\n    calls")[0].partition(',\n    "calls"')[0]
    share = f"round(cast(calls as numeric) / nullif(sum(calls) over (), 0), {counting.PLACES}) as share"
    return (
        f'{head},\nshares as (\nselect\n{keys},\n    "calls" as calls\nfrom counted\n),\n'
        f"with_share as (\nselect *, {share}\nfrom shares\n)\nselect * from with_share where disposition is not null"
    )


def _attempts_to_contact(engine: str, report: Report) -> str:
    meaning, known = _meaning(engine)
    return f"{meaning},\n{counted(engine, report)}\nwhere {known}"


def _meaning(engine: str) -> tuple[str, str]:
    """What is counted of all calls, and the condition that it is known what any of their dispositions means."""
    report = Report("", "", KNOWN_BY, reasons=meaning_unknown("known"))
    question = asked(report)
    sums = (one.label(name) for name, one in _columns(report, question, KNOWN_BY))
    unknown = " or ".join(_nulls(report, KNOWN_BY)["known"])
    statement = written(engine, select(*sums).where(*conditions({})))
    return f"meaning as (\n{statement}\n)", f"not exists (select 1 from meaning where {unknown})"


def _compliance(engine: str, report: Report) -> str:
    question = asked(report, by_customer=True)
    found = []
    for name, broken in compliance.RULES.items():
        shown = (value.label(label) for label, value in pages.SHOWN.items())
        head = (literal_column(f"'{name}'").label("rule"), CallOutcome.occurred_at.label("occurred_at"))
        found.append(written(engine, select(*head, *shown).where(*compliance._wanted(question), broken(question))))
    return _only(
        "\nunion all\n".join(
            f"select * from (\n{one}\n) as {name}" for one, name in zip(found, compliance.RULES, strict=True)
        )
    )


def _callbacks(engine: str, report: Report) -> str:
    promises = promised._promised(asked(report)).subquery("promised")
    states = promised._with_state(asked(report), promises).subquery("states")
    shown = (states.c[name] for name in pages.SHOWN)
    return _only(written(engine, select(states.c.state, states.c.due.label("callback_at"), *shown)))


def _unreachable(engine: str, report: Report) -> str:
    found = of_numbers._unreachable(asked(report)).c
    meaning, known = _meaning(engine)
    shown = (found.number, found.attempts, found.last.label("last_outcome"), found.first_at, found.last_at)
    return f"{meaning},\n{_only(written(engine, select(*shown)))} where {known}"


def _only(statement: str) -> str:
    return f"found as (\n{statement}\n)\nselect * from found"


_OWN: Mapping[str, Callable[[str, Report], str]] = {
    "abandon_rate": _abandon_rate,
    "attempts_to_contact": _attempts_to_contact,
    "dispositions": _dispositions,
    "number_health": lambda engine, report: before.beside(counted(engine, report)),
    "compliance": _compliance,
    "callbacks": _callbacks,
    "unreachable_numbers": _unreachable,
}


def composed(engine: str, report: Report) -> str:
    """What stands behind the staging models in the report's model."""
    return _OWN.get(report.name, counted)(engine, report)


def written(engine: str, statement: Any) -> str:
    """The statement's text, whole, as the engine takes it; the moments for which something else stands as that."""
    dialect: Any = _DIALECTS[engine]
    compiled = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    for moment, stands in ((NOW, "{{ wrapup_now() }}"), (MONTH_BEFORE, "({{ wrapup_now() }} - interval '30 days')")):
        for text in {
            str(moment),
            str(moment.replace(tzinfo=None)),
            moment.isoformat(),
            moment.replace(tzinfo=None).isoformat(),
        }:
            compiled = compiled.replace(f"'{text}'", stands)
    return compiled
