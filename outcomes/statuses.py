"""Statuses: what reports show of leads, campaigns and queues is kept, the version seen last and each change on the way there.
Read by ``queries.statuses``."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dialers.base import Reading
from lib import ids
from models import Base, CampaignName, CampaignStatus, Lead, LeadStatus, QueueStatus
from models.database import insert_into
from models.leads import LONGEST_CAMPAIGN_NAME
from outcomes import suppressions
from outcomes.taken import Taken


def keep(session: Session, read: Sequence[tuple[Taken, Reading]]) -> None:
    """Write the leads and snapshots of these receipts. Repeating it changes nothing; order does not matter."""
    leads = [(receipt, lead) for receipt, reading in read for lead in reading.leads]
    if leads:
        _leads(session, leads)
    _snapshots(session, CampaignStatus, ((receipt, item) for receipt, reading in read for item in reading.campaigns))
    _names(session, read)
    _snapshots(session, QueueStatus, ((receipt, item) for receipt, reading in read for item in reading.queues))


def _leads(session: Session, seen: list[tuple[Taken, Any]]) -> None:
    newest: dict[tuple[str, str], tuple[Taken, Any]] = {}
    first: dict[tuple[str, str], Any] = {}
    for receipt, lead in seen:
        key = (receipt.connection, lead.lead_id)
        first[key] = min(receipt.received_at, first.get(key, receipt.received_at))
        if key not in newest or (receipt.seen_at, receipt.id) > (newest[key][0].seen_at, newest[key][0].id):
            newest[key] = (receipt, lead)
    rows = [
        {
            "id": ids.new(),
            "connection": receipt.connection,
            **asdict(lead),
            "first_seen_at": first[key],
            "seen_at": receipt.seen_at,
            "receipt_id": receipt.id,
        }
        for key, (receipt, lead) in sorted(newest.items())  # everybody locks in this order
    ]
    statement = insert_into(session, Lead)
    updated = {
        name: statement.excluded[name]
        for name in rows[0]
        if name not in ("id", "connection", "lead_id", "first_seen_at")
    }
    statement = statement.on_conflict_do_update(
        index_elements=["connection", "lead_id"], set_=updated, where=Lead.seen_at <= statement.excluded.seen_at
    )
    session.execute(statement, rows)
    there = select(Lead.connection, Lead.lead_id, Lead.id, Lead.number, Lead.first_seen_at).where(
        Lead.lead_id.in_({lead.lead_id for _, lead in seen})
    )
    rows_now = session.execute(there).all()
    known = {(row.connection, row.lead_id): row.id for row in rows_now}
    fresh = [row for row in rows_now if row.first_seen_at == first.get((row.connection, row.lead_id))]
    suppressions.look_again(session, {row.number for row in fresh if row.number is not None})
    statuses = [
        {
            "id": ids.new(),
            "lead_id": known[receipt.connection, lead.lead_id],
            "status": lead.status,
            "seen_at": receipt.seen_at,
            "receipt_id": receipt.id,
        }
        for receipt, lead in seen
    ]
    session.execute(insert_into(session, LeadStatus).on_conflict_do_nothing(), statuses)


def _snapshots(session: Session, table: type[Base], seen: Iterable[tuple[Taken, Any]]) -> None:
    rows = [
        {
            "id": ids.new(),
            "connection": receipt.connection,
            **{name: list(value) if isinstance(value, tuple) else value for name, value in asdict(item).items()},
            "seen_at": receipt.seen_at,
            "receipt_id": receipt.id,
        }
        for receipt, item in seen
    ]
    if rows:
        session.execute(insert_into(session, table).on_conflict_do_nothing(), rows)


def _names(session: Session, read: Sequence[tuple[Taken, Reading]]) -> None:
    """By which names the campaigns have been listed. A new one is news to calls that state a name only (``meeting``)."""
    told = {
        (receipt.connection, campaign.name, campaign.campaign_id): receipt
        for receipt, reading in reversed(read)
        for campaign in reading.campaigns
        if campaign.name is not None and len(campaign.name.encode()) <= LONGEST_CAMPAIGN_NAME
    }
    rows = [
        {"connection": connection, "name": name, "campaign_id": campaign_id}
        | {"receipt_id": receipt.id, "news_at": receipt.seen_at}
        for (connection, name, campaign_id), receipt in sorted(told.items(), key=lambda item: item[0])
    ]
    if rows:
        session.execute(insert_into(session, CampaignName).on_conflict_do_nothing(), rows)
