"""The list of calls as a file: what the page lists, by the same filters and columns, on the same clocks."""

from urllib.parse import urlencode

from flask import Blueprint, Response, request

from web.errors import invalid
from web.outcomes import ExportQuery, exported
from web.pages import filters, sentences, session

# What people call a file, and how the API does.
FORMS = {
    "CSV": {"format": "csv"},
    "CSV for spreadsheets": {"format": "csv", "for": "spreadsheet"},
    "XLSX": {"format": "xlsx"},
}
_OF_THE_PAGE = ("order", "limit", "cursor")  # a file has everything, the oldest call first


def add_routes(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/calls/export", view_func=export_calls)


def links(pairs: filters.Pairs, zone: str) -> dict[str, str]:
    """What people call each file -> the query that gives it."""
    kept = [pair for pair in pairs if pair[0] not in _OF_THE_PAGE]
    # The clocks of a figure's row are those of its report, and UTC where the address says none.
    kept += [] if any(name in ("tz", "figure") for name, _ in kept) else [("tz", zone)]
    return {text: urlencode([*kept, *form.items()]) for text, form in FORMS.items()}


@session.limited
def export_calls() -> Response:
    """The file, streamed; as ``GET /api/v1/outcomes/export`` does it."""
    wanted, rest, wrong = filters.read(request, ExportQuery)
    for name, told in wrong.items():
        invalid(name, f"{sentences.plain(name)}: {' '.join(told)}")
    return exported(wanted | rest)
