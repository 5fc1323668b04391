"""What a figure of a report opens to: its address among the pages, and in words."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import url_for
from markupsafe import Markup, escape

from queries.reports import opened
from queries.reports.base import LEADS, Figure, Report, WrongQuestion
from queries.reports.counting import source_of
from queries.reports.groups import GROUPS
from queries.selection import FILTERS
from web.opening import TOTALS
from web.pages import sentences

Pairs = Sequence[tuple[str, str]]
_KEPT = (*FILTERS, "tz", "zone")


def address(
    report: Report, figure: Figure, values: Mapping[str, str] | None, pairs: Pairs, number: str | None
) -> str | None:
    """The page that lists what the figure counts in the row of these values, None for the totals; ``pairs`` are the report's own
    query, ``number`` stands instead of its filter. None where the figure counts nothing that could be listed."""
    opens = report.opens(figure)
    if opens is None:
        return None
    row = [("row", f"{name}:{value}") for name, value in (values or {}).items()] or [("row", TOTALS)]
    kept = [pair for pair in pairs if pair[0] in _KEPT and not (number and pair[0] == "number")]
    numbered = [("number", number)] if number else []
    query = urlencode([("figure", f"{report.name}.{figure.name}"), *row, *kept, *numbered])
    return f"{url_for('pages.counted_leads' if opens == LEADS else 'pages.calls')}?{query}"


def values(report: Report, group_by: Sequence[str], row: Mapping[str, Any]) -> dict[str, str]:
    """What the row shows of its groups: of each the id, or where there is none the name; an empty text for null."""
    groups = {**GROUPS, **source_of(report).groups}
    found = {}
    for name in group_by:
        shown = (row.get(field) for field in groups[name].fields)
        first = next((one for one in shown if one is not None), "")
        found[name] = str(first).lower() if isinstance(first, bool) else str(first)
    return found


def coded(text: str) -> Markup:
    """A sentence of the definitions with what stands in backticks as code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if at % 2 else escape(part) for at, part in enumerate(parts)
    )


def told(query: Mapping[str, Any], row: Mapping[str, str], pairs: Pairs) -> dict[str, Any] | None:
    """The opened figure in words: ``{"report", "back", "figure", "numerator", "excludes", "by_meaning", "row", "tz",
    "by_customer"}``; ``back`` is the query of the report, of those filters and in those groups. None where none is opened, or
    where there is no such figure."""
    try:
        report, figure = opened.report_and_figure(query.get("figure") or "")
    except WrongQuestion:
        return None
    # A report of numbers has put the row's there.
    kept = [pair for pair in pairs if pair[0] in _KEPT and not (report.paged and pair[0] == "number")]
    by = [name for name in row if name in GROUPS] if report.own_rows is None else []
    return {
        "report": report,
        "back": urlencode([*kept, *([("group_by", ",".join(by))] if by else [])]),
        "figure": figure,
        "numerator": figure.numerator,
        "excludes": figure.excludes,
        "by_meaning": (report.numerator(figure) if figure.ratio else figure).by_meaning,
        "row": [(sentences.plain(name), value or "none") for name, value in row.items()],
        "tz": query.get("tz", "UTC"),
        "by_customer": query.get("zone") == "customer",
    }
