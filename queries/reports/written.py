"""Rows, labels and figures of reports as people read them, on pages and in mails."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from queries.reports.base import Figure, Report

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NAMES = {"campaign_name": "campaign_id", "queue_name": "queue_id", "agent_name": "agent"}  # shown beside their ids
BEFORE, CHANGE = "_before", "_change"
_LONG = 600  # seconds, from which on hours are easier to read


def plain(word: str | None) -> str:
    """One of our words as people write it: ``no_answer`` is "no answer"."""
    return (word or "–").replace("_", " ")


def percent(rate: float | None) -> str:
    """A rate between 0 and 1; a dash where there is nothing to take it of."""
    return "–" if rate is None else f"{rate * 100:.1f} %"


def hms(seconds: int | None) -> str:
    """A sum of seconds as hours, minutes and seconds: ``1:02:05``."""
    if seconds is None:
        return "–"
    return f"{seconds // 3600}:{seconds % 3600 // 60:02}:{seconds % 60:02}"


def amount(value: Any, unit: str) -> str:
    """A figure as people read it."""
    if isinstance(value, str):
        return plain(value)
    if unit == "share":
        return percent(value)
    if unit == "seconds":
        return hms(round(value)) if abs(value) >= _LONG else f"{value:,.4g} s"
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"


def changed(value: Any, unit: str) -> str:
    """A difference, with its sign; of shares in points."""
    sign = "+" if value > 0 else "−" if value < 0 else "±"
    if unit == "share":
        return f"{sign}{abs(value) * 100:.1f} points"
    return sign + amount(abs(value), unit)


def label(name: str, value: Any) -> str:
    """A group's value as people write it."""
    if value is None:
        return "none"
    if name == "weekday":
        return DAYS[value - 1]
    if name == "hour":
        return f"{value} h"
    if name == "never":
        return "never reached" if value else "reached"
    of_ours = name in ("connect_outcome", "answered_by", "settling", "flag", "state", "rule", "last_outcome")
    return plain(value) if of_ours else str(value)


def flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row without its reasons, and with what it shows as an object under names of their own: ``now_contacts``."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if not isinstance(value, Mapping):
            found[name] = value
        elif name != "reasons":
            stem, part = next(
                ((name.removesuffix(one), one) for one in (BEFORE, CHANGE) if name.endswith(one)), (name, "")
            )
            found |= {f"{stem}_{inner}{part}": one for inner, one in value.items()}
    return found


def figure_of(report: Report, name: str, of_all: bool = False) -> tuple[Figure | None, str]:
    """Which figure a row shows under the name, or the totals ``of_all``, and whether that is its value or another part of it;
    None for a label, which may be called as a figure of the totals alone is."""
    shown = (figure for figure in report.figures if not figure.hidden and (of_all or not figure.of_totals))
    figures = {figure.name: figure for figure in shown}
    for part in ("", BEFORE, CHANGE):
        if name.endswith(part) and (found := figures.get(name.removesuffix(part))):
            return found, part
    return None, ""


def said(report: Report, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Rows of ``files.table`` as people read them, but for times, days, and what is not known."""
    totals = all(figure_of(report, name, True)[0] for name in names)  # which stand where there are no rows
    of = [figure_of(report, name, totals) for name in names]
    return [
        [_said(name, figure, part, value) for name, (figure, part), value in zip(names, of, row, strict=True)]
        for row in rows
    ]


def _said(name: str, figure: Figure | None, part: str, value: Any) -> Any:
    if value is None or isinstance(value, date):
        return value
    if figure is None:
        return label(name, value)
    return changed(value, figure.unit) if part == CHANGE else amount(value, figure.unit)
