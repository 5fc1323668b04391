"""The leads that a figure counts, in pages: what ``opened`` is for calls. What is shown of each is of its whole history."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select, tuple_

from lib import clock, ids
from models import CallOutcome, LoadedLead
from queries import keyset, loaded
from queries.expressions import of_last
from queries.keyset import BadCursor, Page
from queries.reports import facts, of_loads, opened
from queries.reports.base import OUTCOMES, Asked, Figure, Report, Source, WrongQuestion
from queries.reports.counting import source_of
from queries.reports.groups import of_group
from queries.reports.meaning import undecided
from queries.selection import NOT_MERGED, OPENED
from queries.summary import unstated

Row = dict[str, Any]
FIELDS = ("connection", "lead_id", "number", "attempts", "first_at", "last_at", "contacted") + (
    "loaded_lead",
    "load_id",
    "reference",
    "sent_at",
)


def page(asked: Asked, figure: str, groups: Mapping[str, str], limit: int, cursor: str | None) -> Page[Row]:
    """A page of the leads that the figure counts in the group whose values are given. Raises WrongQuestion and BadCursor."""
    report, named = opened.report_and_figure(figure)
    counted = _condition(asked, report, named)
    source = source_of(report)
    if unknown := [name for name in groups if name not in source.groups]:
        raise WrongQuestion(unknown[0], "The report's leads are not grouped by that.")
    lead = source.lead(asked)
    wanted = [*source.conditions(asked), *([report.base(asked)] if report.base else []), counted, lead.is_not(None)]
    wanted += [of_group(asked, name, shown, source.groups) for name, shown in groups.items()]
    if cursor is not None:
        wanted.append(lead > _place(source, *keyset.decode(figure, cursor, 1)))
    statement = select(lead.label("lead")).select_from(source.rows(asked, [])).where(*wanted).distinct()
    found = [key for (key,) in asked.session.execute(statement.order_by("lead").limit(limit + 1))]
    keys = keyset.page(found, limit, lambda last: keyset.encode(figure, str(last)))
    told = _of_loads(asked, keys.rows) if source is of_loads.SOURCE else _of_calls(asked, keys.rows)
    return Page([dict.fromkeys(FIELDS) | told[key] for key in keys.rows], keys.next)


def _condition(asked: Asked, report: Report, figure: Figure) -> ColumnElement[bool]:
    if report.opens(figure) == OUTCOMES:
        raise WrongQuestion("figure", f"{report.name}.{figure.name} counts calls: ask /api/v1/outcomes.")
    if figure.ratio is not None:
        return _condition(asked, report, report.numerator(figure))
    for counted in (figure.leads, figure.calls):
        if counted is not None:
            return counted(asked)
    found = opened.with_value(asked, figure)
    if found is None:
        raise WrongQuestion("figure", f"{report.name}.{figure.name} counts no leads that could be listed.")
    return found


def _place(source: Source, told: str) -> Any:
    if source is not of_loads.SOURCE:
        return told
    found = ids.parse(told)
    if found is None:
        raise BadCursor("This is not a cursor of ours.")
    return found


def _of_calls(asked: Asked, keys: Sequence[str]) -> Mapping[str, Row]:
    """By the indexes of lead ids and numbers, which the key of a lead tells."""
    known = [key.split("/", 2) for key in keys]
    with_id = [(connection, value) for connection, kind, value in known if kind == "lead"]
    by_number = [(connection, value) for connection, kind, value in known if kind == "number"]
    number = CallOutcome.customer_number
    of_lead = or_(
        tuple_(CallOutcome.connection, CallOutcome.lead_id).in_(with_id),
        and_(CallOutcome.lead_id.is_(None), tuple_(CallOutcome.connection, number).in_(by_number)),
    )
    calls = (
        select(
            facts.LEAD.label("lead"),
            CallOutcome.occurred_at.label("at"),
            case((facts.CONTACT, 1), else_=0).label("contact"),
            CallOutcome.id,
            number.label("number"),
            *(case((kind, 1), else_=0).label(name) for name, kind in _kinds(asked, of_lead).items()),
        )
        .where(NOT_MERGED, of_lead)
        .subquery("calls_of_leads")
    )
    at = calls.c.at
    figures = (
        func.count(),
        func.min(at),
        func.max(at),
        func.max(calls.c.contact),
        *(func.sum(calls.c[name]) for name in _KINDS),
        of_last(calls.c.number, at, calls.c.id),
    )
    found = {}
    for key, attempts, first, last, contact, *kinds, last_number in asked.session.execute(
        select(calls.c.lead, *figures).group_by(calls.c.lead)
    ):
        connection, kind, value = key.split("/", 2)
        found[key] = _shown(attempts, first, last, _contacted(bool(contact), attempts, *kinds)) | {
            "connection": connection,
            "lead_id": value if kind == "lead" else None,
            "number": last_number,
        }
    return found


_KINDS = ("unstated", "undecided", "told")


def _kinds(asked: Asked, of_leads: ColumnElement[bool]) -> Mapping[str, ColumnElement[bool]]:
    """What is known of what a call's disposition means."""
    of_them = replace(asked, filters={OPENED: [of_leads]})
    return dict(zip(_KINDS, (unstated(asked.configured), undecided(of_them), facts.DISPOSED), strict=True))


def _contacted(contact: bool, calls: int, unstated: int, undecided: int, told: int) -> bool | None:
    """Null where it is not known: nobody has decided what any disposition of the lead's means, or none is ever stated."""
    if not contact and calls and (calls == unstated or (undecided and undecided == told)):
        return None
    return contact


def _of_loads(asked: Asked, keys: Sequence[UUID]) -> Mapping[UUID, Row]:
    leads = LoadedLead.id.in_(keys)
    kinds = _kinds(asked, CallOutcome.connection.in_(select(LoadedLead.connection).where(leads).correlate(None)))
    conditions = (facts.CONTACT, *kinds.values())
    told_of = (case((one, 1), else_=0).label(f"kind{at}") for at, one in enumerate(conditions))
    columns = (CallOutcome.id.label("call"), CallOutcome.occurred_at, *told_of)
    calls: dict[UUID, dict[UUID, Sequence[Any]]] = {key: {} for key in keys}
    for lead, call, *told in asked.session.execute(loaded.calls_of(columns, leads)):
        calls[lead][call] = told
    names = ("id", "connection", "dialer_id", "number", "load_id", "reference", "sent_at")
    found = {}
    for row in asked.session.execute(select(*(getattr(LoadedLead, name) for name in names)).where(leads)):
        own = list(calls[row.id].values())
        times = [at for at, *_ in own]
        contacts, *sums = (sum(one[at] for one in own) for at in range(1, 2 + len(kinds)))
        contacted = _contacted(bool(contacts), len(own), *sums)
        found[row.id] = _shown(len(own), min(times, default=None), max(times, default=None), contacted) | {
            "connection": row.connection,
            "lead_id": row.dialer_id,
            "number": row.number,
            "loaded_lead": str(row.id),
            "load_id": str(row.load_id),
            "reference": row.reference,
            "sent_at": clock.iso(row.sent_at),
        }
    return found


def _shown(attempts: int, first: Any, last: Any, contacted: bool | None) -> Row:
    times = {"first_at": clock.iso(first), "last_at": clock.iso(last)}
    return {"attempts": int(attempts), **times, "contacted": contacted}
