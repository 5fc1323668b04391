"""Where a lead that was loaded and the outcomes of its calls meet: the one definition, for reports and readers alike.

Within one connection, a call is a loaded lead's where the outcome's ``lead_id`` is

1. the id that the dialer told for the lead when it took it, in the lead's campaign: JAICP's campaigns count on their own, or
2. the lead's own id: the mark under which the dialer got it, where the dialer carries it through; or else,
3. for a lead of which the dialer told no id, where the call was to the lead's number (E.164; no incoming one) and began
   in or after the second in which the request with the lead left.

The third is as much as can be known there: a lead that is loaded twice shares its calls. What a call takes over from its lead
is decided by the same rules, asked the other way round: ``outcomes.lead_match.matched`` is their twin. ``polling.tasks._jobs``
asks by the first alone, because it asks dialers about their own ids.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, and_, cast, exists, func, not_, select, union_all
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement

from dialers.vocabulary import CANCELED, PENDING
from models import CallOutcome, LeadLoad, LoadedLead
from models.base import UtcDateTime
from models.database import AnyRow
from outcomes.lead_facts import candidates, has_leads, leads_of
from outcomes.lead_match import LEAD, ambiguous, matched
from queries.selection import NOT_MERGED, OPENED, matching_in_order


class whole_second(FunctionElement[datetime]):
    """The second in which a time lies, as the time is stored: dialers state whole seconds, and a call that began in the second
    in which its lead was sent would else have begun before."""

    type = UtcDateTime()
    inherit_cache = True


@compiles(whole_second, "postgresql")
def _in_postgresql(element: whole_second, compiler: SQLCompiler, **options: Any) -> str:
    return f"date_trunc('second', {compiler.process(element.clauses, **options)})"


@compiles(whole_second, "sqlite")
def _in_sqlite(element: whole_second, compiler: SQLCompiler, **options: Any) -> str:
    return f"(substr({compiler.process(element.clauses, **options)}, 1, 19) || '.000000')"


MOST_SHOWN = 20

_OF_ITS_CONNECTION = (CallOutcome.connection == LoadedLead.connection, NOT_MERGED)


def in_its_campaign(campaign: Any) -> ColumnElement[bool]:
    """Whether a call may be one of this campaign: it is, or one of the two is not known."""
    return func.coalesce(CallOutcome.campaign_id, campaign, "") == func.coalesce(campaign, CallOutcome.campaign_id, "")


_campaign = select(LeadLoad.campaign).where(LeadLoad.id == LoadedLead.load_id).correlate(LoadedLead).scalar_subquery()
IN_ITS_CAMPAIGN = in_its_campaign(_campaign)

BY_DIALER_ID = and_(CallOutcome.lead_id == LoadedLead.dialer_id, IN_ITS_CAMPAIGN)
BY_MARK = CallOutcome.lead_id == cast(LoadedLead.id, Text)
BY_NUMBER = and_(
    LoadedLead.dialer_id.is_(None),
    CallOutcome.customer_number == LoadedLead.number,
    CallOutcome.occurred_at >= whole_second(LoadedLead.sent_at),
    func.coalesce(CallOutcome.direction, "outbound") == "outbound",
)


# An outcome that says what the dialer means to do, or did not come to do, is no call yet.
A_CALL = not_(
    (CallOutcome.connect_outcome == PENDING)
    | ((CallOutcome.connect_outcome == CANCELED) & CallOutcome.started_at.is_(None))
)


def produced_no_call() -> ColumnElement[bool]:
    """Whether a ``LoadedLead`` has no call, not even an open one. Three questions, none of them with alternatives: each
    finds its rows by an index of its own, and PostgreSQL joins all of them."""
    ways = (BY_DIALER_ID, BY_MARK, BY_NUMBER)
    return and_(*(~exists().where(*_OF_ITS_CONNECTION, A_CALL, way).correlate(LoadedLead) for way in ways))


def calls_of(columns: Sequence[Any], *wanted: ColumnElement[bool]) -> Any:
    """(the lead's id, the columns) of leads for which something holds, said of ``LoadedLead`` and ``LeadLoad``, and each of their
    calls; way by way, for joins of very many. A call that is a lead's in two ways is there twice."""
    by_dialer_id = and_(CallOutcome.lead_id == LoadedLead.dialer_id, in_its_campaign(LeadLoad.campaign))
    found = [
        select(LoadedLead.id.label("lead"), *columns)
        .select_from(LoadedLead)
        .join(LeadLoad, LeadLoad.id == LoadedLead.load_id)
        .join(CallOutcome, and_(*_OF_ITS_CONNECTION, way))
        .where(*wanted, A_CALL)
        for way in (by_dialer_id, BY_MARK, BY_NUMBER)
    ]
    return union_all(*found)


def calls(session: Session, lead_id: UUID, limit: int) -> list[AnyRow]:
    """The first calls of a loaded lead, the oldest first: rows of ``selection.COLUMNS`` and ``sort_key``."""
    its = calls_of((CallOutcome.id.label("call"),), LoadedLead.id == lead_id).subquery("its_calls")
    return list(
        session.execute(
            matching_in_order({OPENED: [CallOutcome.id.in_(select(its.c.call))]}, "started_at").limit(limit)
        )
    )


def of_outcome(session: Session, row: CallOutcome) -> dict[str, Any] | None:
    """Of which loaded leads the outcome may be a call, as the API shows it; None where of none."""
    names = ("lead_id", "campaign_id", "campaign_name", "customer_number", "direction", "occurred_at")
    told_by_lead = [name for name in names if str(row.set_by.get(name, "")).startswith(f"{LEAD}:")]
    values = {name: getattr(row, name) for name in names} | dict.fromkeys(told_by_lead)
    if not has_leads(session, row.connection):
        return None
    by, leads = matched(values, candidates(values, *leads_of(session, row.connection, row.dialer, [values])))
    if not leads:
        return None
    shown = sorted(leads, key=lambda lead: lead.id, reverse=True)[:MOST_SHOWN]
    return {
        "matched_by": by,
        "ambiguous": ambiguous(leads),
        "leads": [
            {"id": str(one.id), "load_id": str(one.load_id), "row": one.row}
            | {"number": one.number, "reference": one.reference, "state": one.state}
            for one in shown
        ],
    }
