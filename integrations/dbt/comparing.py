"""Each day beside the same weekday of the week before, as ``compare=week`` has it: for any report that is counted by day."""

from queries.reports.base import Figure, Report
from queries.reports.counting import PLACES

WEEK = 7

_MODEL = """-- How does each day compare with the same weekday of the week before? Generated: python -m integrations.dbt.generate.
-- Of a day without calls a count is 0 and a rate is not known; before the first day nothing is known. The day that has not ended
-- is left out, because it would be compared with a whole one.
with by_day as (select * from {{{{ ref('wrapup_{name}') }}}}),
days as (select day from by_day union select day + {week} from by_day),
ends as (select min(day) as first_day, max(day) as last_day from by_day),
compared as (
    select
        days.day,
        {columns}
    from days
    cross join ends
    left join by_day on by_day.day = days.day
    left join by_day as earlier on earlier.day = days.day - {week}
    where days.day <= ends.last_day
        and days.day < {{{{ wrapup_today() }}}}
)
select
    *,
    {changes}
from compared
"""


def model(report: Report) -> str:
    figures = [figure for figure in report.figures if not (figure.hidden or figure.of_totals)]
    columns = [column for figure in figures for column in _columns(figure)]
    changes = (f"round({one.name} - {one.name}_before, {PLACES}) as {one.name}_change" for one in figures)
    named = {
        "name": report.name,
        "week": WEEK,
        "columns": ",\n        ".join(columns),
        "changes": ",\n    ".join(changes),
    }
    return _MODEL.format(**named)


def _columns(figure: Figure) -> tuple[str, str]:
    nothing = "0" if figure.calls or figure.leads or figure.total else "null"
    before = f"when earlier.day is null then {nothing} else earlier.{figure.name} end"
    return (
        f"case when by_day.day is null then {nothing} else by_day.{figure.name} end as {figure.name}",
        f"case when days.day - {WEEK} < ends.first_day then null {before} as {figure.name}_before",
    )


def described(report: Report) -> list[str]:
    """Its lines in the models' descriptions."""
    lines = [
        "  - name: wrapup_compared",
        f"    description: 'The report {report.name} by day, beside the same weekday of the week before.'",
        "    columns:",
        "      - name: day",
        "        description: 'The later of the two days.'",
        "        data_tests: [not_null, unique]",
    ]
    for figure in report.figures:
        if not (figure.hidden or figure.of_totals):
            for suffix, said in (
                ("", "of the day"),
                ("_before", "of the day a week before"),
                ("_change", "the difference"),
            ):
                lines += [
                    f"      - name: {figure.name}{suffix}",
                    f"        description: 'As in {report.name}, {said}.'",
                ]
    return lines
