"""The reconciliation: what callbacks, reports and our own loads know of, side by side. What one side alone knows shows what
the other side loses."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Text,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
)
from sqlalchemy.orm import Session

from dialers.base import Dialer
from dialers.registry import DIALERS
from lib import text as texts
from models import CallOutcome, LeadLoad, LoadedLead
from models.database import AnyColumn, AnySelect
from models.loads import ACCEPTED
from queries import counting
from queries.asks import Asks
from queries.counting import TooManyGroups, count_if
from queries.days import Span, day_text, span
from queries.expressions import Local
from queries.loaded import produced_no_call
from queries.reports import gone
from queries.selection import conditions

_SOURCES = cast(CallOutcome.sources, Text)
CALLED, REPORTED = _SOURCES.like('%"callback:%'), _SOURCES.like('%"report:%')
REPORTS_ONLY = REPORTED & ~CALLED
OF_CALLS: Mapping[str, ColumnElement[int]] = {
    "calls": func.count(),
    "callbacks_only": count_if(CALLED & ~REPORTED),
    "reports_only": count_if(REPORTS_ONLY),
    "both": count_if(CALLED & REPORTED),
    "neither": count_if(~or_(CALLED, REPORTED)),
}
FIGURES = (*OF_CALLS, "leads_without_call", "callbacks_missed")
_BY_FIRST_TWO = (literal_column("1", Integer), literal_column("2", Integer))


def reconciliation(
    session: Session, filters: Mapping[str, Any], tz: str = "UTC", calls: Asks | None = None
) -> dict[str, Any]:
    """``{"tz", "rows", "totals"}``: per connection and day, how many calls callbacks alone told of, reports alone, both or
    (imported) neither. Besides, null where that cannot be said:

    - ``leads_without_call``: leads that the dialer has accepted, by the day on which their request left, and that have
      produced no call so far (``queries.loaded``). Null with a filter that leads cannot be asked about; without those whose calls
      would have been deleted for their age by now.
    - ``callbacks_missed``: calls that are over and that the report found, but whose callback never came. Null but for
      dialers that offer both callbacks and reports: with the others nothing is missed.

    ``calls``: who is asked about calls, where that is not the session. Raises TooManyGroups.
    """
    asked = calls or session
    found: dict[tuple[str, int], dict[str, int | None]] = {}
    _add(found, asked.execute(_calls(filters, tz, span(asked))))
    leads = _leads(filters, tz, span(session, LoadedLead.sent_at), gone.calls_before(session))
    if leads is not None:
        _add(found, session.execute(leads))
    rows: list[dict[str, Any]] = []
    for (connection, day), figures in sorted(found.items()):
        row: dict[str, Any] = {name: figures.get(name) for name in FIGURES}
        if leads is not None:
            row["leads_without_call"] = row["leads_without_call"] or 0
        rows.append({"connection": connection, "day": day_text(day)} | row)
    return {"tz": tz, "rows": rows, "totals": {name: _total(rows, name, leads is not None) for name in FIGURES}}


def _add(found: dict[tuple[str, int], dict[str, int | None]], rows: Iterable[Any]) -> None:
    for connection, day, *figures in rows:
        own = found.setdefault((connection, day), dict.fromkeys(OF_CALLS, 0))
        for name, figure in zip(FIGURES, figures, strict=True):
            if figure is not None:
                own[name] = (own.get(name) or 0) + int(figure)
        if len(found) > counting.MOST_GROUPS:
            raise TooManyGroups(f"That makes more than {counting.MOST_GROUPS} rows; narrow the filters.")


def _calls(filters: Mapping[str, Any], tz: str, times: Span) -> AnySelect:
    tells_twice = CallOutcome.dialer.in_([name for name, one in DIALERS.items() if _tells_twice(one)])
    missed = case((tells_twice & CallOutcome.is_final & REPORTS_ONLY, 1), (tells_twice, 0))
    besides = {"leads_without_call": cast(null(), Integer), "callbacks_missed": func.sum(missed)}
    figures = {**OF_CALLS, **besides}
    return _per_day(CallOutcome.connection, Local(CallOutcome.occurred_at, tz, times), figures).where(
        *conditions(filters)
    )


def _tells_twice(dialer: Dialer) -> bool:
    """Whether every call is told of by a callback and by a report. A report behind a switch is kept as it comes: nobody knows
    how its records read."""
    return bool(dialer.callback_kinds) and any(report.switch is None for report in dialer.reports)


def _leads(filters: Mapping[str, Any], tz: str, times: Span, kept_since: datetime | None = None) -> AnySelect | None:
    """Leads without a call; None where a filter is about something that only calls have. Of leads that were sent before
    ``kept_since`` nobody knows it: their calls are deleted."""
    asked = {name: value for name, value in filters.items() if value is not None and value != []}
    asking: dict[str, Callable[[Any], ColumnElement[bool]]] = {
        "connection": lambda names: LoadedLead.connection.in_([texts.clean(name) for name in names]),
        "campaign_id": lambda ids: LeadLoad.campaign.in_([texts.clean(one) for one in ids]),
        "since": lambda moment: LoadedLead.sent_at >= moment,
        "until": lambda moment: LoadedLead.sent_at < moment,
    }
    if set(asked) - set(asking):
        return None
    figures = dict.fromkeys(OF_CALLS, literal(0)) | {
        "leads_without_call": func.count(),
        "callbacks_missed": cast(null(), Integer),
    }
    sent = (LoadedLead.state == literal_column(f"'{ACCEPTED}'"), LoadedLead.sent_at.is_not(None))
    statement = _per_day(LoadedLead.connection, Local(LoadedLead.sent_at, tz, times), figures)
    if "campaign_id" in asked:
        statement = statement.join(LeadLoad, LeadLoad.id == LoadedLead.load_id)
    wanted = [asking[name](value) for name, value in asked.items()]
    if kept_since is not None:
        wanted.append(LoadedLead.sent_at >= kept_since)
    return statement.where(*sent, *wanted, produced_no_call())


def _per_day(connection: AnyColumn, local: Local, figures: Mapping[str, ColumnElement[Any]]) -> AnySelect:
    # Grouped by position: on PostgreSQL the same expression with a parameter in it counts as another one.
    shown = (figures[name].label(name) for name in FIGURES)
    return select(connection.label("connection"), local.day().label("day"), *shown).group_by(*_BY_FIRST_TWO)


def _total(rows: list[dict[str, Any]], name: str, with_leads: bool) -> int | None:
    known: list[int] = [row[name] for row in rows if row[name] is not None]
    if name in OF_CALLS or (name == "leads_without_call" and with_leads):
        return sum(known)
    return sum(known) if known else None
