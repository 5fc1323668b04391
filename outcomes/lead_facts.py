"""Loaded leads, read as far as their calls may be asked about them (``lead_match``)."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from dialers.registry import DIALERS
from lib import ids
from models import LeadLoad, LoadedLead, bulk
from outcomes.lead_match import LeadFact

_LEADS = LoadedLead.__table__
_LOADS = LeadLoad.__table__
_COLUMNS = (
    *(_LEADS.c[name] for name in ("id", "load_id", "ordinal", "state", "sent_at", "dialer_id", "number", "reference")),
    _LEADS.c.given,
    _LOADS.c.campaign,
    _LOADS.c.name.label("campaign_name"),
    _LOADS.c.makes_campaign,
)


def has_leads(session: Session, connection: str) -> bool:
    return session.scalar(select(_LEADS.c.id).where(_LEADS.c.connection == connection).limit(1)) is not None


Found = tuple[dict[str, list[LeadFact]], dict[str, list[LeadFact]]]


def leads_of(session: Session, connection: str, dialer: str, every: Iterable[Mapping[str, Any]]) -> Found:
    """(by mark or by the dialer's id, by number) the loaded leads that these outcomes may be calls of."""
    named = sorted({values["lead_id"] for values in every if values["lead_id"] is not None})
    marks = [mark for mark in map(ids.parse, named) if mark is not None]
    numbers = sorted({values["customer_number"] for values in every if values["customer_number"] is not None})
    by_id: dict[str, list[LeadFact]] = {}
    by_number: dict[str, list[LeadFact]] = {}
    if named:
        for lead in _read(session, connection, dialer, bulk.among(session, _LEADS.c.dialer_id, named)):
            by_id.setdefault(str(lead.dialer_id), []).append(lead)
    if marks:
        for lead in _read(session, connection, dialer, bulk.among(session, _LEADS.c.id, marks)):
            by_id.setdefault(str(lead.id), []).append(lead)
    if numbers:
        unnamed = (_LEADS.c.dialer_id.is_(None), _LEADS.c.sent_at.is_not(None))
        for lead in _read(session, connection, dialer, bulk.among(session, _LEADS.c.number, numbers), *unnamed):
            by_number.setdefault(lead.number, []).append(lead)
    return by_id, by_number


def candidates(
    values: Mapping[str, Any], by_id: Mapping[str, list[LeadFact]], by_number: Mapping[str, list[LeadFact]]
) -> list[LeadFact]:
    return by_id.get(values["lead_id"], []) + by_number.get(values["customer_number"], [])


def _read(session: Session, connection: str, dialer: str, *which: ColumnElement[bool]) -> list[LeadFact]:
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
