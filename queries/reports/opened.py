"""Opening a figure: which calls it counts, as a condition for lists and exports. ``figure=connect_rate.connected`` with the
row's group values, ``day=2026-11-18&campaign=6541``, finds exactly as many calls as the row says; a rate
opens as its numerator."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement

from queries.reports.base import LEADS, Asked, Figure, Report, WrongQuestion
from queries.reports.catalogue import REPORTS
from queries.reports.groups import OPENED_BY, of_group


def report_and_figure(text: str) -> tuple[Report, Figure]:
    """The report and the figure that ``<report>.<figure>`` names. Raises WrongQuestion."""
    name, _, wanted = text.partition(".")
    report = REPORTS.get(name)
    figures = {figure.name: figure for figure in report.figures if not figure.hidden} if report else {}
    if report is None or wanted not in figures:
        raise WrongQuestion("figure", "Write it as REPORT.FIGURE, with names of /api/v1/reports/definitions.")
    return report, figures[wanted]


def condition(asked: Asked, figure: str, groups: Mapping[str, str]) -> list[ColumnElement[bool]]:
    """The calls that the figure counts in the group whose values are given. Raises WrongQuestion."""
    report, wanted = report_and_figure(figure)
    if report.opens(wanted) == LEADS:
        raise WrongQuestion("figure", f"{figure} counts leads: ask /api/v1/leads.")
    counted = _calls(asked, report, wanted)
    if counted is None:
        raise WrongQuestion("figure", f"{figure} counts no calls that could be listed.")
    for name in groups:
        if name not in OPENED_BY:
            raise WrongQuestion(name, "Nothing is grouped by that.")
    of_groups = [of_group(asked, name, shown, OPENED_BY) for name, shown in groups.items()]
    return [*([report.base(asked)] if report.base else []), counted, *of_groups]


def _calls(asked: Asked, report: Report, figure: Figure) -> Any:
    if figure.opens is not None:
        return figure.opens(asked)
    if figure.calls is not None:
        return figure.calls(asked)
    if figure.ratio is not None:
        return _calls(asked, report, report.numerator(figure))
    return with_value(asked, figure)


def with_value(asked: Asked, figure: Figure) -> ColumnElement[bool] | None:
    """Those of which it is known what a sum, a mean or a percentile is made of."""
    for column in (figure.total, figure.mean, figure.nth[1] if figure.nth else None):
        if column is not None:
            return column(asked).is_not(None)
    return None
