"""Which picture an answer has, by the shape of its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup

from queries.reports.base import Figure, Report
from web.pages import report_cells, sentences
from web.pages.report_cells import BEFORE, flat
from web.pictures import bars, columns, funnel, heat

MOST_BARS, MOST_COLUMNS = 30, 92
_TIMES = ("day", "hour", "weekday", "week", "month")
_FUNNELS: Mapping[str, Mapping[str, str]] = {
    "penetration": {
        "loaded": "Loaded leads",
        "attempted": "Attempted",
        "reached": "Reached",
        "sold": "Sale",
    }
}


@dataclass(frozen=True)
class Picture:
    """``finding`` is what it shows, as a sentence."""

    title: str
    svg: Markup
    finding: str


def drawn(report: Report, answer: Mapping[str, Any]) -> list[Picture]:
    """The pictures of the answer; none where there is nothing to draw."""
    rows, groups = [flat(row) for row in answer["rows"]], answer["group_by"]
    found = []
    if report.name in _FUNNELS and answer["totals"].get("loaded"):
        steps = [(said, answer["totals"][name]) for name, said in _FUNNELS[report.name].items()]
        title = "From the list to the sale"
        found.append(Picture(title, funnel.drawn(title, steps), funnel.finding(steps)))
    if report.paged is not None or not rows:
        return found + _of_totals(report, answer)
    if list(groups) == ["never", "attempt"]:
        return [*found, _attempts(rows)]
    hours = set(groups) == {"weekday", "hour"}
    figure = _shown(report, rows, 0 if hours else len(rows) / 2)
    if figure is None:
        return found
    if hours:
        return [*found, _hours(figure, rows)]
    in_time = len(groups) == 1 and groups[0] in _TIMES
    if in_time and not answer.get("compared_with"):
        return [*found, _along(report, figure, rows)]
    return [*found, _bars(report, figure, rows, in_time)]


def _shown(report: Report, rows: Sequence[Mapping[str, Any]], least: float) -> Figure | None:
    """The figure that is drawn: the first share that is known of so many rows at least, else the first that is a number."""
    of_rows = [
        one for one in report.figures if not one.hidden and not one.of_totals and one.unit not in ("word", "time")
    ]
    known = {one.name: sum(row.get(one.name) is not None for row in rows) for one in of_rows}
    shares = [one for one in of_rows if one.unit == "share" and one.ratio and known[one.name] >= least]
    return next(iter([*shares, *(one for one in of_rows if known[one.name])]), None)


def _title(figure: Figure) -> str:
    whole = f" / {figure.denominator}" if figure.denominator else ""
    return f"{sentences.plain(figure.name).capitalize()}: {figure.numerator}{whole}".replace("`", "").removesuffix(".")


def _text(figure: Figure, value: Any) -> str:
    return "not known" if value is None else report_cells.amount(value, figure.unit)


def _named(report: Report, row: Mapping[str, Any]) -> str:
    """The row by its groups."""
    said = []
    for name, value in row.items():
        if name in report_cells.NAMES or report_cells.figure_of(report, name)[0] is not None:
            continue
        beside = next((row[own] for own, key in report_cells.NAMES.items() if key == name and row.get(own)), None)
        said.append(beside or report_cells.label(name, value))
    return " · ".join(said) or "all"


def _bars(report: Report, figure: Figure, rows: Sequence[Mapping[str, Any]], in_time: bool) -> Picture:
    own = [_bar(report, figure, row) for row in rows]
    if not in_time:
        own.sort(key=lambda bar: -(bar.value or 0))
    cut = (
        f" The {'first' if in_time else 'highest'} {MOST_BARS} of {len(own)} are drawn." if len(own) > MOST_BARS else ""
    )
    cut += " Striped: the other period." if any(bar.before is not None for bar in own) else ""
    return Picture(_title(figure), bars.drawn(_title(figure), own[:MOST_BARS]), bars.finding(own) + cut)


def _bar(report: Report, figure: Figure, row: Mapping[str, Any]) -> bars.Bar:
    value = row.get(figure.name)
    return bars.Bar(_named(report, row), value, _text(figure, value), row.get(f"{figure.name}{BEFORE}"))


def _along(report: Report, figure: Figure, rows: Sequence[Mapping[str, Any]]) -> Picture:
    """Along time; days without a call are there, and empty."""
    own = [_bar(report, figure, row) for row in rows]
    by_label = {bar.label: bar for bar in own}
    labels = [bar.label for bar in own]
    if days := [date.fromisoformat(row["day"]) for row in rows if row.get("day")]:
        labels = [str(min(days) + timedelta(days=at)) for at in range((max(days) - min(days)).days + 1)]
    empty = bars.Bar("", None, "")
    shown = [(label, by_label.get(label, empty)) for label in labels[-MOST_COLUMNS:]]
    drawing = columns.drawn(_title(figure), [columns.Column(label, bar.value, bar.text) for label, bar in shown])
    cut = f" The last {MOST_COLUMNS} of {len(labels)} are drawn." if len(labels) > MOST_COLUMNS else ""
    return Picture(_title(figure), drawing, bars.finding(own) + cut)


def _hours(figure: Figure, rows: Sequence[Mapping[str, Any]]) -> Picture:
    cells = {}
    for row in rows:
        value = row.get(figure.name)
        text = "–" if value is None else f"{100 * value:.0f} %" if figure.unit == "share" else _text(figure, value)
        cells[row["weekday"], row["hour"]] = heat.Cell(value, text)
    return Picture(_title(figure), heat.drawn(_title(figure), cells), heat.finding(cells))


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
    """The counts of all calls as bars, where there are several."""
    counts = [one for one in report.figures if not one.hidden and one.unit in ("calls", "leads") and not one.inside]
    own = [
        bars.Bar(sentences.plain(one.name), answer["totals"][one.name], _text(one, answer["totals"][one.name]))
        for one in counts
        if one.name in answer["totals"]
    ]
    if len(own) < 2 or not any(bar.value for bar in own) or report.name in _FUNNELS:
        return []
    title = report.question.replace("`", "")
    return [Picture(title, bars.drawn(title, own), bars.finding(own))]
