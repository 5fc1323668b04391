"""What is asked over many calls says in headers what the figures lack: receipts that wait to be read, callbacks that wait in this
machine's spool. Where nothing has waited for long, nothing is said."""

from datetime import datetime

from flask import Flask, Response, g, request

from lib import clock
from queries import receipt_counts
from web import spooled
from web.context import context

RECEIPTS, SPOOL = "Wrapup-Unread-Seconds", "Wrapup-Spooled-Bytes"
NOT_KNOWN = "unknown"
OVER_CALLS = {
    "outcomes.list_outcomes",
    "outcomes.export_outcomes",
    "reports.summary",
    "reports.reconciliation",
    "catalogue.report",
    "catalogue.counted_leads",
    "links.follow",
}


def register(app: Flask) -> None:
    app.before_request(_look)
    app.after_request(_tell)


def _look() -> None:
    """Before the question: what is taken in or read meanwhile is said to be missing once too often, never too seldom."""
    if request.endpoint not in OVER_CALLS:
        return
    waiting = spooled.waiting()
    with context().database.read() as session:
        oldest = receipt_counts.oldest_pending(session)
    g.not_read = dict(_said(oldest, waiting, clock.now()))


def _said(oldest: datetime | None, waiting: int | None, now: datetime) -> list[tuple[str, str]]:
    said = []
    if receipt_counts.waits_long(oldest, now, receipt_counts.READ):
        since_when = NOT_KNOWN if clock.is_ahead(oldest, now) else f"{clock.waited(oldest, now):.0f}"
        said.append((RECEIPTS, since_when))
    if waiting != 0:
        said.append((SPOOL, NOT_KNOWN if waiting is None else str(waiting)))
    return said


def _tell(response: Response) -> Response:
    response.headers.update(g.get("not_read", {}))
    return response
