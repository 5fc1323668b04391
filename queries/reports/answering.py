"""A report's answer: its rows, its totals, what may still change of them, and the place in the feed at which they are true."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from dialers.base import Connection
from lib import clock
from outcomes.feed import state
from queries.asks import Asks
from queries.days import span
from queries.reports import compared, counting, gone
from queries.reports.base import DEFAULTS, Asked, Found, Limits, Report, WrongQuestion
from queries.reports.groups import GROUPS


def asked(
    session: Asks,
    filters: Mapping[str, Any],
    tz: str = "UTC",
    group_by: tuple[str, ...] = (),
    limits: Limits = DEFAULTS,
    configured: Mapping[str, Connection] | None = None,
    by_customer: bool = False,
) -> Asked:
    """The question, with the span of time that there are calls of."""
    groups, known = tuple(dict.fromkeys(group_by)), configured or {}
    return Asked(session, filters, groups, tz, span(session), moment(), limits, known, by_customer)


def moment() -> datetime:
    """Now, for a report: of the minute, so that a question that is put again is the same question."""
    return clock.now().replace(second=0, microsecond=0) + timedelta(minutes=1)


def answer(
    question: Asked, report: Report, compare: str | None = None, limit: int = 100, cursor: str | None = None
) -> dict[str, Any]:
    """``{"report","group_by","tz","as_of","note","may_still_move","rows","totals"}``, as docs/reports.md tells. Raises
    WrongQuestion and, of reports in pages, BadCursor."""
    question = grouped(question, report)
    if cursor is not None and report.paged is None:
        raise WrongQuestion("cursor", "This report is one answer, and has no pages.")
    before = gone.before(question, report)
    note = gone.note(question.filters, before, question.tz)
    found = _found(question, report, limit, cursor)
    moving = found.moving or (report.moving(question) if report.moving else counting.may_still_move(question, report))
    if note is not None and gone.is_all(question.filters, before):
        found = gone.withheld(report, found, note)
    more: dict[str, Any] = {}
    if compare:
        other = compared.before(question, compare)
        filters = {**question.filters, "since": other.since, "until": other.until}
        earlier = replace(question, filters=filters, span=(min(question.span[0], other.since), question.span[1]))
        first = compared.first_known(question, report)
        unknown = first is None or other.until <= first or gone.is_all(filters, before)
        found = compared.compared(report, found, _found(earlier, report, 1, None), other.days, unknown)
        times = {name: clock.iso(moment) for name, moment in other.shown().items()}
        told = gone.note(filters, before, question.tz) or compared.note(other, first, report, question.tz)
        more["compared_with"] = times | {"days": other.days, "note": told}
    if report.paged is not None:
        more["next"] = found.next
    return {
        "report": report.name,
        "group_by": list(question.group_by),
        "tz": question.tz,
        "as_of": place(question.session),
        "note": note,
        "may_still_move": moving,
        **found.more,
        **more,
        "rows": found.rows,
        "totals": found.totals,
    }


def grouped(question: Asked, report: Report) -> Asked:
    """The question by the report's own groups where it names none. Raises WrongQuestion."""
    if question.by_customer and not report.by_customer:
        raise WrongQuestion("zone", "This report goes by the clocks of `tz`; only best_time takes the customers'.")
    if report.own_rows is not None:
        if question.group_by:
            raise WrongQuestion("group_by", f"This report makes its own rows: {report.own_rows}.")
        return replace(question, group_by=report.own_groups)
    allowed = report.groups if report.groups is not None else tuple(report.source.groups if report.source else GROUPS)
    for name in question.group_by:
        if name not in allowed:
            raise WrongQuestion("group_by", f"This report takes {', '.join(allowed)}; {name} is none of them.")
    return replace(question, group_by=question.group_by or report.default_groups)


def _found(question: Asked, report: Report, limit: int, cursor: str | None) -> Found:
    if report.paged is not None:
        return report.paged(question, report, limit, cursor)
    return report.own(question, report) if report.own is not None else counting.rows_and_totals(question, report)


def place(session: Any) -> int:
    """The place in the feed at which the answer is true."""
    known: int | None = getattr(session, "place", None)
    return state(session).last_position if known is None else known
