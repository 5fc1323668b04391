"""Which picture an answer has, by the shape of its rows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from queries.reports.base import Figure, Report
from web.pages import along, report_cells, sentences
from web.pages.report_cells import BEFORE, flat
from web.pictures import bars, columns, funnel, heat

MOST_BARS, MOST_COLUMNS = 30, 92
_LONG_ID = 10  # characters of it that stand in a picture
_RECURRING = ("hour", "weekday")
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
    axis, recurring = along.axis_of(groups, rows), len(groups) == 1 and groups[0] in _RECURRING
    if answer.get("compared_with") or not (axis or recurring):
        return [*found, _bars(report, figure, rows, axis is not None or recurring)]
    return [*found, _along(report, figure, rows, axis, answer["tz"])]


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


def _named(report: Report, row: Mapping[str, Any], whole: bool = False) -> str:
    """The row by its groups, without those that it has none of; ``whole``: with ids beside names."""
    said = []
    for name, value in row.items():
        if name in report_cells.NAMES or report_cells.figure_of(report, name)[0] is not None:
            continue
        beside = next((row[own] for own, key in report_cells.NAMES.items() if key == name and row.get(own)), None)
        if beside or value is not None:
            said.append(
                f"{beside} ({value})" if beside and whole and value else beside or report_cells.label(name, value)
            )
    return " · ".join(said) or "none"


def _short(key: str) -> str:
    return key if len(key) <= _LONG_ID else f"{key[:_LONG_ID]}…"


def _bars(report: Report, figure: Figure, rows: Sequence[Mapping[str, Any]], in_time: bool) -> Picture:
    own = [_bar(report, figure, row) for row in rows]
    twice = Counter(bar.label for bar in own)
    own = [
        bar if twice[bar.label] == 1 else replace(bar, label=_named(report, row, True))
        for bar, row in zip(own, rows, strict=True)
    ]
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


def _along(
    report: Report, figure: Figure, rows: Sequence[Mapping[str, Any]], axis: along.Axis | None, tz: str
) -> Picture:
    """Columns side by side. Along time days without a call are there, and empty, and a span of them can be chosen."""
    title, own, zoom = _title(figure), [_bar(report, figure, row) for row in rows], None
    if axis is not None:
        filled = axis.filled(rows)
        walls = [wall for wall, _ in filled]
        own = [
            replace(_bar(report, figure, row), label=axis.label(wall)) if row else bars.Bar(axis.label(wall), None, "")
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
    shown = [columns.Column(bar.label, bar.value, bar.text) for bar in own[-MOST_COLUMNS:]]
    cut = f" The last {MOST_COLUMNS} of {len(own)} are drawn." if len(own) > MOST_COLUMNS else ""
    known = [bar for bar in own if bar.text]
    return Picture(title, columns.drawn(title, shown), bars.finding(known) + cut, zoom if len(own) > 1 else None)


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
