"""All rows of a report, whatever its pages: a file that ended at a hundred would be taken for the whole."""

from typing import Any

from queries.reports import answering
from queries.reports.base import Asked, Report, Rows, WrongQuestion

MOST, MOST_ROWS = 1_000, 100_000  # of a page, and of all


def rows(question: Asked, report: Report, compare: str | None = None, cursor: str | None = None) -> Rows:
    """The rows from the cursor on, or the totals as one where there are none. Raises WrongQuestion, also beyond MOST_ROWS."""
    found, totals = answered(question, report, compare, cursor)
    return found or [totals]


def answered(
    question: Asked, report: Report, compare: str | None = None, cursor: str | None = None
) -> tuple[Rows, dict[str, Any]]:
    """The rows from the cursor on, and the totals. Raises WrongQuestion, also beyond MOST_ROWS."""
    found: Rows = []
    while True:
        told = answering.answer(question, report, compare, MOST, cursor)
        found += told["rows"]
        cursor = told.get("next")
        if cursor is None:
            return found, told["totals"]
        if len(found) >= MOST_ROWS:
            raise WrongQuestion("format", f"That makes more than {MOST_ROWS:,} rows; narrow the filters.")
