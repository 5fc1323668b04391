"""Which picture an answer has, by the shape of its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from queries.reports import shown
from queries.reports.base import Figure, Report
from queries.reports.written import BEFORE, flat
from web.pages import along, sentences
from web.pictures import bars, columns, funnel, heat

MOST_COLUMNS = 92
_RECURRING = ("hour", "weekday")


@dataclass(frozen=True)
class Picture:
    """``finding`` is what it shows, as a sentence. ``zoom``: what a script draws it of, where a span of its time can be chosen:
    when each part ``begins`` and the last one ends, in seconds since 1970; its ``values``, ``texts`` and ``labels``."""

    title: str
    svg: Markup
    finding: str
    zoom: Mapping[str, Any] | None = None


def drawn(report: Report, answer: Mapping[str, Any]) -> list[Picture]:
    """The pictures of the answer; none where there is nothing to draw."""
    rows, groups = [flat(row) for row in answer["rows"]], answer["group_by"]
    found = []
    if steps := shown.steps(report, answer["totals"]):
        title = shown.FROM_LIST_TO_SALE
        found.append(Picture(title, funnel.drawn(title, steps), shown.steps_found(steps)))
    if report.paged is not None or not rows:
        return found + _of_totals(report, answer)
    if list(groups) == ["never", "attempt"]:
        return [*found, _attempts(rows)]
    hours = set(groups) == shown.HOURS
    figure = shown.figure(report, rows, 0 if hours else len(rows) / 2)
    if figure is None:
        return found
    if hours:
        week = shown.hours(figure, rows)
        few = " They are striped." if any(cell.value is None for cell in week.cells.values()) else ""
        return [*found, Picture(week.title, heat.drawn(week.title, week.cells), week.finding + few)]
    axis, recurring = along.axis_of(groups, rows), len(groups) == 1 and groups[0] in _RECURRING
    if answer.get("compared_with") or not (axis or recurring):
        return [*found, _bars(report, figure, rows, axis is not None or recurring)]
    return [*found, _along(report, figure, rows, axis, answer["tz"])]


def _bars(report: Report, figure: Figure, rows: Sequence[Mapping[str, Any]], in_time: bool) -> Picture:
    own = shown.bars(report, figure, rows, in_time)
    other = " Striped: the other period." if any(row.get(f"{figure.name}{BEFORE}") is not None for row in rows) else ""
    return Picture(own.title, bars.drawn(own.title, own.rows), own.finding + other)


def _along(
    report: Report, figure: Figure, rows: Sequence[Mapping[str, Any]], axis: along.Axis | None, tz: str
) -> Picture:
    """Columns side by side. Along time days without a call are there, and empty, and a span of them can be chosen."""
    title, own, zoom = shown.title(figure), [shown.bar(report, figure, row) for row in rows], None
    if axis is not None:
        filled = axis.filled(rows)
        walls = [wall for wall, _ in filled]
        own = [
            replace(shown.bar(report, figure, row), label=axis.label(wall))
            if row
            else shown.Bar(axis.label(wall), None, "")
            for wall, row in filled
        ]
        zoom = {
            "name": sentences.plain(figure.name),
            "unit": figure.unit,
            "tz": tz,
            "begins": along.begins(axis, walls, tz),
            "labels": [bar.label for bar in own],
            "values": [bar.value for bar in own],
            "texts": [bar.text for bar in own],
        }
    drawn = [columns.Column(bar.label, bar.value, bar.text) for bar in own[-MOST_COLUMNS:]]
    cut = f" The last {MOST_COLUMNS} of {len(own)} are drawn." if len(own) > MOST_COLUMNS else ""
    known = [bar for bar in own if bar.text]
    return Picture(title, columns.drawn(title, drawn), shown.finding(known) + cut, zoom if len(own) > 1 else None)


def _attempts(rows: Sequence[Mapping[str, Any]]) -> Picture:
    leads = {(row["never"], row["attempt"]): row["leads"] for row in rows}
    last = max(attempt for _, attempt in leads)
    own = [
        columns.Column(str(at), leads.get((False, at), 0), _both(leads.get((False, at)), leads.get((True, at))))
        for at in range(1, last + 1)
    ]
    own = [replace(one, striped=leads.get((True, at), 0)) for at, one in enumerate(own, 1)][:MOST_COLUMNS]
    title = "Leads by the attempt that first reached them; striped, those never reached, by the attempts made"
    return Picture(title, columns.drawn(title, own), columns.attempts_found(own))


def _both(reached: int | None, never: int | None) -> str:
    return " + ".join(f"{one:,}" for one in (reached, never) if one)


def _of_totals(report: Report, answer: Mapping[str, Any]) -> list[Picture]:
    own = shown.of_totals(report, answer["totals"])
    return [] if own is None else [Picture(own.title, bars.drawn(own.title, own.rows), own.finding)]
