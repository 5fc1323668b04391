"""Reading what stands beside the events of calls (``besides``): loaded leads, and the campaigns that dialers have listed.

Folding is a hot path: a batch of calls asks once for each connection, and for leads only where any were loaded.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from dialers.registry import DIALERS
from lib import ids
from models import CallOutcome, CampaignName, LeadLoad, LoadedLead, bulk
from outcomes import besides
from outcomes.besides import LeadFact
from outcomes.fold import Draft

MOST_SHOWN = 20

_LEADS = LoadedLead.__table__
_LOADS = LeadLoad.__table__
_COLUMNS = (
    *(_LEADS.c[name] for name in ("id", "load_id", "ordinal", "state", "sent_at", "dialer_id", "number", "reference")),
    _LEADS.c.given,
    _LOADS.c.campaign,
    _LOADS.c.name.label("campaign_name"),
    _LOADS.c.makes_campaign,
)


def complete(session: Session, drafts: dict[UUID, list[Draft]], names: Mapping[UUID, tuple[str, str]]) -> None:
    """Replace the drafts of groups that a loaded lead or a list of campaigns completes. ``names``: group -> (connection,
    dialer)."""
    by_connection: dict[tuple[str, str], list[UUID]] = {}
    for group in drafts:
        by_connection.setdefault(names[group], []).append(group)
    for (connection, dialer), groups in by_connection.items():
        _campaigns(session, connection, drafts, groups)
        if has_leads(session, connection):
            _leads(session, connection, dialer, drafts, groups)


def has_leads(session: Session, connection: str) -> bool:
    return session.scalar(select(_LEADS.c.id).where(_LEADS.c.connection == connection).limit(1)) is not None


def _campaigns(session: Session, connection: str, drafts: dict[UUID, list[Draft]], groups: list[UUID]) -> None:
    wanted = {
        draft.values["campaign_name"]
        for group in groups
        for draft in drafts[group]
        if draft.values["campaign_name"] is not None and draft.values["campaign_id"] is None
    }
    if wanted and (known := campaign_ids(session, connection, wanted)):
        for group in groups:
            drafts[group] = [besides.with_campaign(draft, known) for draft in drafts[group]]


def campaign_ids(session: Session, connection: str, wanted: Iterable[str]) -> dict[str, tuple[str, UUID]]:
    """name -> (id, the receipt that told it), of those names that one campaign alone has ever had."""
    columns = (CampaignName.name, CampaignName.campaign_id, CampaignName.receipt_id)
    statement = select(*columns).where(CampaignName.connection == connection)
    found: dict[str, list[tuple[str, UUID]]] = {}
    for name, *told in session.execute(statement.where(bulk.among(session, CampaignName.name, sorted(wanted)))):
        found.setdefault(name, []).append(tuple(told))
    return {name: told[0] for name, told in found.items() if len(told) == 1}


def _leads(session: Session, connection: str, dialer: str, drafts: dict[UUID, list[Draft]], groups: list[UUID]) -> None:
    every = [draft.values for group in groups for draft in drafts[group]]
    found = leads_of(session, connection, dialer, every)
    if not any(found):
        return
    by_id, by_number = found
    for group in groups:
        drafts[group] = [
            besides.with_leads(draft, _candidates(draft.values, by_id, by_number)) for draft in drafts[group]
        ]


Found = tuple[dict[str, list[LeadFact]], dict[str, list[LeadFact]]]


def leads_of(session: Session, connection: str, dialer: str, every: Iterable[Mapping[str, Any]]) -> Found:
    """(by mark or by the dialer's id, by number) the loaded leads that these outcomes may be calls of."""
    named = sorted({values["lead_id"] for values in every if values["lead_id"] is not None})
    marks = [mark for mark in map(ids.parse, named) if mark is not None]
    numbers = sorted({values["customer_number"] for values in every if values["customer_number"] is not None})
    by_id: dict[str, list[LeadFact]] = {}
    by_number: dict[str, list[LeadFact]] = {}
    for lead in _read(session, connection, dialer, bulk.among(session, _LEADS.c.dialer_id, named) if named else None):
        by_id.setdefault(lead.dialer_id, []).append(lead)
    for lead in _read(session, connection, dialer, bulk.among(session, _LEADS.c.id, marks) if marks else None):
        by_id.setdefault(str(lead.id), []).append(lead)
    unnamed = [
        bulk.among(session, _LEADS.c.number, numbers),
        _LEADS.c.dialer_id.is_(None),
        _LEADS.c.sent_at.is_not(None),
    ]
    for lead in _read(session, connection, dialer, *(unnamed if numbers else [None])):
        by_number.setdefault(lead.number, []).append(lead)
    return by_id, by_number


def _candidates(values: Mapping[str, Any], by_id, by_number) -> list[LeadFact]:
    return by_id.get(values["lead_id"], []) + by_number.get(values["customer_number"], [])


def _read(session: Session, connection: str, dialer: str, *which: ColumnElement[bool] | None) -> list[LeadFact]:
    if which[0] is None:
        return []
    statement = select(*_COLUMNS).join_from(_LEADS, _LOADS, _LOADS.c.id == _LEADS.c.load_id)
    offered = DIALERS[dialer].leads
    return [
        LeadFact(
            id=row.id,
            load_id=row.load_id,
            row=row.ordinal,
            state=row.state,
            sent_at=row.sent_at,
            dialer_id=row.dialer_id,
            number=row.number,
            campaign=row.campaign,
            named=offered.named(row.campaign) if offered and row.campaign is not None else None,
            campaign_name=row.campaign_name if row.makes_campaign else None,
            reference=row.reference,
            customer_name=_name(row.given),
            fields=row.given.get("fields") or {},
        )
        for row in session.execute(statement.where(_LEADS.c.connection == connection, *which))
    ]


def _name(given: Mapping[str, Any]) -> str | None:
    parts = (given.get("first_name"), given.get("last_name"))
    return given.get("name") or " ".join(filter(None, parts)) or None


def of_outcome(session: Session, row: CallOutcome) -> dict[str, Any] | None:
    """Of which loaded leads the outcome may be a call, as the API shows it; None where of none."""
    names = ("lead_id", "campaign_id", "campaign_name", "customer_number", "direction", "occurred_at")
    told_by_lead = [name for name in names if str(row.set_by.get(name, "")).startswith(f"{besides.SOURCE}:")]
    values = {name: getattr(row, name) for name in names} | dict.fromkeys(told_by_lead)
    if not has_leads(session, row.connection):
        return None
    by, leads = besides.matched(values, _candidates(values, *leads_of(session, row.connection, row.dialer, [values])))
    if not leads:
        return None
    shown = sorted(leads, key=lambda lead: lead.id, reverse=True)[:MOST_SHOWN]
    return {
        "matched_by": by,
        "ambiguous": besides.ambiguous(leads),
        "leads": [
            {"id": str(one.id), "load_id": str(one.load_id), "row": one.row}
            | {"number": one.number, "reference": one.reference, "state": one.state}
            for one in shown
        ],
    }
