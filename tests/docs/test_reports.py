"""docs/reports.md is what the definitions say. To write it anew: ``python -m tests.docs.test_reports``."""

from queries.reports.base import Figure, Report
from queries.reports.catalogue import REPORTS
from tests.docs.pages import ROOT, read

PAGE = "docs/reports.md"
HEAD = """# Reports

What each figure of each report means. `GET /api/v1/reports/definitions` serves the same text, and
[the guide](api.md#the-catalogue) says how reports are asked, compared and opened: the column *opens* says whether
`GET /api/v1/outcomes` or `GET /api/v1/leads` lists what a figure counts.

Merged rows are never counted. A call is *over* where `is_final` is true. A *lead* is a connection's `lead_id`, or where the
dialer names none its customer's number at that connection; it is shown where at least one of its calls matches the filters, in
each group in which it has such a call. An *attempt* is an outcome; incoming calls are among them, and the group `direction` parts
them. Which attempt was the first, what a number had asked for before, the seven days up to a call and whether a promise was
kept are looked up in all calls: filters choose which leads or calls are shown.
"""


def page() -> str:
    return "\n".join([HEAD, *(_section(report) for report in REPORTS.values())])


def _section(report: Report) -> str:
    figures = [figure for figure in report.figures if not figure.hidden]
    head = "| figure | counts | of | left out | elsewhere | unit | opens |\n|---|---|---|---|---|---|---|"
    return f"## {report.name}\n\n{report.question} {_rows(report)}\n\n{head}\n" + "".join(
        _row(report, figure) for figure in figures
    )


def _rows(report: Report) -> str:
    if report.own_rows is not None:
        return f"Its rows: {report.own_rows}." + (" In pages." if report.paged else "")
    groups = report.groups or (tuple(report.source.groups) if report.source and report.tables else None)
    default = f"By {', '.join(f'`{name}`' for name in report.default_groups)} where nothing else is asked for. "
    taken = f"It takes the groups {', '.join(f'`{name}`' for name in groups)}." if groups else "It takes every group."
    return (default if report.default_groups else "") + taken


def _row(report: Report, figure: Figure) -> str:
    where = " (in the totals)" if figure.of_totals else ""
    name = f"`{figure.name}`" + (f" (`{figure.inside}`)" if figure.inside else "") + where
    cells = (
        name,
        figure.numerator,
        figure.denominator or "",
        figure.excludes,
        figure.elsewhere,
        figure.unit,
        report.opens(figure) or "",
    )
    return "| " + " | ".join(cells) + " |\n"


def test_the_page_says_what_the_definitions_say():
    assert read(PAGE) == page(), "python -m tests.docs.test_reports writes it anew"


if __name__ == "__main__":
    (ROOT / PAGE).write_text(page(), encoding="utf-8")
