"""What a picture of a report's rows shows: which figure, the rows as bars, and the sentence that states the finding. Pages draw
it as SVG, mails as the cells of a table."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from queries.reports.base import Figure, Report
from queries.reports.written import BEFORE, DAYS, NAMES, amount, figure_of, flat, label, plain

MOST_BARS = 30
STEPS = 6  # of colour
HOURS = {"weekday", "hour"}
_LONG_ID = 10  # characters of it that stand in a picture
# Rows that are drawn as they come, and not the highest first.
_IN_ORDER = ({"day"}, {"hour"}, {"weekday"}, {"week"}, {"month"}, {"never", "attempt"})


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


def of(report: Report, rows: Sequence[Mapping[str, Any]]) -> Bars | Hours | None:
    """Of the rows as a report answers them. None where bars would say nothing: of a single row, of calls, of numbers."""
    if report.paged is not None or len(rows) < 2:
        return None
    own = [flat(row) for row in rows]
    groups = {name for name in own[0] if name not in NAMES and figure_of(report, name)[0] is None}
    drawn = figure(report, own, 0 if groups == HOURS else len(own) / 2)
    if drawn is None:
        return None
    if groups == HOURS:
        return hours(drawn, own)
    return bars(report, drawn, own, groups in _IN_ORDER)


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
