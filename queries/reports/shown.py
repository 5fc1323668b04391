"""What a picture of a report's rows shows: which figure, the rows as bars, and the sentence that states the finding. Pages draw
it as SVG, mails as the cells of a table."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from queries.reports.base import Figure, Report
from queries.reports.written import BEFORE, DAYS, NAMES, amount, figure_of, flat, label, percent, plain

MOST_BARS = 30
STEPS = 6  # of colour
HOURS = {"weekday", "hour"}
_LONG_ID = 10  # characters of it that stand in a picture
# Of reports whose totals are steps, one after the other: what each is called.
_STEPS: Mapping[str, Mapping[str, str]] = {
    "penetration": {
        "loaded": "Loaded leads",
        "attempted": "Attempted",
        "reached": "Reached",
        "sold": "Sale",
    }
}
FROM_LIST_TO_SALE = "From the list to the sale"
# Rows that are drawn as they come, and not the highest first.
_IN_ORDER = ({"day"}, {"hour"}, {"weekday"}, {"week"}, {"month"}, {"never", "attempt"})


Step = tuple[str, int | None]  # what it is called, and how many came so far; None where that is not known


@dataclass(frozen=True)
class Bar:
    """``text``: the value as people read it. A value that is None is not known, and has no bar."""

    label: str
    value: float | None
    text: str
    before: float | None = None


@dataclass(frozen=True)
class Bars:
    """The bars that are drawn, and what all of them show."""

    title: str
    rows: Sequence[Bar]
    finding: str


@dataclass(frozen=True)
class Cell:
    """An hour of the week. None: too few calls for a rate, or it is not known."""

    value: float | None
    text: str

    def step(self, most: float) -> int | None:
        """How strong its colour is, from 0 to below ``STEPS``."""
        return None if self.value is None else min(STEPS - 1, int(STEPS * self.value / most))


@dataclass(frozen=True)
class Hours:
    """Cells by (weekday from 1, hour)."""

    title: str
    cells: Mapping[tuple[int, int], Cell]
    finding: str


def figure(report: Report, rows: Sequence[Mapping[str, Any]], least: float) -> Figure | None:
    """The figure that is drawn: the first share that is known of so many rows at least, else the first that is a number."""
    of_rows = [
        one for one in report.figures if not one.hidden and not one.of_totals and one.unit not in ("word", "time")
    ]
    known = {one.name: sum(row.get(one.name) is not None for row in rows) for one in of_rows}
    shares = [one for one in of_rows if one.unit == "share" and one.ratio and known[one.name] >= least]
    return next(iter([*shares, *(one for one in of_rows if known[one.name])]), None)


def title(figure: Figure) -> str:
    """What it counts, of what."""
    whole = f" / {figure.denominator}" if figure.denominator else ""
    return f"{plain(figure.name).capitalize()}: {figure.numerator.removesuffix('.')}{whole}".replace(
        "`", ""
    ).removesuffix(".")


def text(figure: Figure, value: Any) -> str:
    return "not known" if value is None else amount(value, figure.unit)


def named(report: Report, row: Mapping[str, Any], whole: bool = False) -> str:
    """The row by its groups, without those that it has none of; ``whole``: with ids beside names."""
    said = []
    for name, value in row.items():
        if name in NAMES or figure_of(report, name)[0] is not None:
            continue
        beside = next((row[own] for own, key in NAMES.items() if key == name and row.get(own)), None)
        if beside and whole and value:
            beside = f"{beside} ({value if len(value) <= _LONG_ID else value[:_LONG_ID] + '…'})"
        if beside or value is not None:
            said.append(beside or label(name, value))
    return " · ".join(said) or "none"


def bar(report: Report, figure: Figure, row: Mapping[str, Any]) -> Bar:
    """Of one row."""
    value = row.get(figure.name)
    return Bar(named(report, row), value, text(figure, value), row.get(f"{figure.name}{BEFORE}"))


def bars(report: Report, figure: Figure, rows: Sequence[Mapping[str, Any]], in_time: bool) -> Bars:
    """The highest first, or ``in_time`` as they come; ``MOST_BARS`` of them."""
    own = [bar(report, figure, row) for row in rows]
    twice = Counter(one.label for one in own)
    own = [
        one if twice[one.label] == 1 else replace(one, label=named(report, row, True))
        for one, row in zip(own, rows, strict=True)
    ]
    if not in_time:
        own.sort(key=lambda one: -(one.value or 0))
    cut = (
        f" The {'first' if in_time else 'highest'} {MOST_BARS} of {len(own)} are drawn." if len(own) > MOST_BARS else ""
    )
    return Bars(title(figure), own[:MOST_BARS], finding(own) + cut)


def hours(figure: Figure, rows: Sequence[Mapping[str, Any]]) -> Hours:
    """Of rows by weekday and hour."""
    cells = {}
    for row in rows:
        value = row.get(figure.name)
        said = "–" if value is None else f"{100 * value:.0f} %" if figure.unit == "share" else text(figure, value)
        cells[row["weekday"], row["hour"]] = Cell(value, said)
    return Hours(title(figure), cells, hours_found(cells))


def of(
    report: Report, rows: Sequence[Mapping[str, Any]], totals: Mapping[str, Any] | None = None
) -> Sequence[Bars | Hours]:
    """Of a report's answer: how much came as far as each step, and the rows; of calls and numbers, and where there is no row, the
    counts of all. None where bars would say nothing, as of a single row."""
    own = steps(report, totals or {})
    of_all = report.paged is not None or not rows
    other = of_totals(report, totals or {}) if of_all else _of_rows(report, rows)
    return [one for one in (_funnel(own) if own else None, other) if one is not None]


def _of_rows(report: Report, rows: Sequence[Mapping[str, Any]]) -> Bars | Hours | None:
    if len(rows) < 2:
        return None
    own = [flat(row) for row in rows]
    groups = {name for name in own[0] if name not in NAMES and figure_of(report, name)[0] is None}
    drawn = figure(report, own, 0 if groups == HOURS else len(own) / 2)
    if drawn is None:
        return None
    if groups == HOURS:
        return hours(drawn, own)
    return bars(report, drawn, own, groups in _IN_ORDER)


def of_totals(report: Report, totals: Mapping[str, Any]) -> Bars | None:
    """The counts of all calls as bars, where there are several and no steps; of a report in pages those of its rows, and nothing
    beside them that is another matter."""
    counts = [one for one in report.figures if not one.hidden and one.unit in ("calls", "leads") and not one.inside]
    counts = [one for one in counts if not report.counted_by or one.name in report.counted_by]
    own = [Bar(plain(one.name), totals[one.name], text(one, totals[one.name])) for one in counts if one.name in totals]
    if len(own) < 2 or not any(bar.value for bar in own) or report.name in _STEPS:
        return None
    return Bars(report.question.replace("`", ""), own, finding(own))


def steps(report: Report, totals: Mapping[str, Any]) -> list[Step]:
    """What came in, and how much of it came as far as each step. None where nothing came in, or the report has no steps."""
    known = _STEPS.get(report.name, {})
    return [(said, totals[name]) for name, said in known.items()] if totals.get(next(iter(known), "")) else []


def _funnel(own: Sequence[Step]) -> Bars:
    first = own[0][1] or 1
    return Bars(FROM_LIST_TO_SALE, [Bar(name, count, of_first(count, first)) for name, count in own], steps_found(own))


def of_first(count: int | None, first: int) -> str:
    """How many came so far, of how many."""
    return "not known" if count is None else f"{count:,} · {percent(count / first)}"


def steps_found(own: Sequence[Step]) -> str:
    """How many came as far as each step, as a sentence."""
    (label, first), *rest = own
    if not first:
        return f"{label}: none."
    said = [f"{name.lower()} {'not known' if count is None else f'{count:,}'}" for name, count in rest]
    return f"Of {first:,} {label.lower()}: {', '.join(said)}."


def finding(rows: Sequence[Bar]) -> str:
    """Which row has most and which least; of how many it is not known."""
    known = [row for row in rows if row.value is not None]
    unknown = len(rows) - len(known)
    left = f" Not known: {unknown} of {len(rows)}." if unknown else ""
    if not known:
        return f"Nothing is known of any of {len(rows)}."
    most, least = max(known, key=_value), min(known, key=_value)
    if most.value == least.value:
        return f"{most.label}: {most.text}.{left}" if len(known) == 1 else f"All {len(known)} have {most.text}.{left}"
    return f"Most: {most.label}, {most.text}. Least: {least.label}, {least.text}.{left}"


def _value(row: Bar) -> float:
    return row.value or 0.0


def hours_found(cells: Mapping[tuple[int, int], Cell]) -> str:
    """The best hour of the week and the worst, and how many say nothing."""
    known = {key: cell for key, cell in cells.items() if cell.value is not None}
    few = len(cells) - len(known)
    left = f" {few} of {len(cells)} hours with calls are not known or have too few for a rate." if few else ""
    if not known:
        return f"No hour of the week has enough calls for a rate.{left}"
    best, worst = (which(known, key=lambda key: known[key].value or 0) for which in (max, min))
    return f"Best: {_said(best, known[best])}. Worst: {_said(worst, known[worst])}.{left}"


def _said(key: tuple[int, int], cell: Cell) -> str:
    return f"{DAYS[key[0] - 1]} {key[1]} to {key[1] + 1} h, {cell.text}"
