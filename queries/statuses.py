"""What dialers last reported of their campaigns and queues."""

from typing import Any, TypeVar

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session, aliased

from lib import text as texts
from lib.clock import iso
from models import CampaignStatus, QueueStatus
from queries import keyset
from queries.keyset import Page

Status = TypeVar("Status", CampaignStatus, QueueStatus)


def campaigns(
    session: Session, connections: list[str] | None = None, cursor: str | None = None, limit: int = 100
) -> Page[dict[str, Any]]:
    """The last snapshot of each campaign, by connection and the dialer's id. Raises BadCursor."""
    found = _latest(session, CampaignStatus, "campaign_id", connections, cursor, limit)
    return Page([_campaign(row) for row in found.rows], found.next)


def queues(
    session: Session, connections: list[str] | None = None, cursor: str | None = None, limit: int = 100
) -> Page[dict[str, Any]]:
    """The last snapshot of each queue, likewise. Raises BadCursor."""
    found = _latest(session, QueueStatus, "queue_id", connections, cursor, limit)
    return Page([_queue(row) for row in found.rows], found.next)


def _latest(
    session: Session, model: type[Status], key: str, connections: list[str] | None, cursor: str | None, limit: int
) -> Page[Status]:
    place = tuple_(model.connection, getattr(model, key))
    rank = func.row_number().over(partition_by=place.clauses, order_by=(model.seen_at.desc(), model.id.desc()))
    ranked = select(model, rank.label("rank"))
    if connections:
        ranked = ranked.where(model.connection.in_([texts.clean(name) for name in connections]))
    if cursor:
        ranked = ranked.where(place > tuple(keyset.decode(key, cursor, 2)))
    inner = ranked.subquery()
    last = aliased(model, inner)
    statement = select(last).where(inner.c.rank == 1).order_by(last.connection, getattr(last, key)).limit(limit + 1)
    rows = list(session.scalars(statement))
    return keyset.page(rows, limit, lambda shown: keyset.encode(key, shown.connection, getattr(shown, key)))


def _campaign(row: CampaignStatus) -> dict[str, Any]:
    return {
        "connection": row.connection,
        "campaign_id": row.campaign_id,
        "name": row.name,
        "status": row.status,
        "total_leads": row.total_leads,
        "leads_by_status": row.leads_by_status,
        "repeated_statuses": row.repeated_statuses,
        "seen_at": iso(row.seen_at),
        "receipt_id": str(row.receipt_id),
    }


def _queue(row: QueueStatus) -> dict[str, Any]:
    return {
        "connection": row.connection,
        "queue_id": row.queue_id,
        "name": row.name,
        "extension": row.extension,
        "strategy": row.strategy,
        "counters": row.counters,
        "agents": row.agents,
        "seen_at": iso(row.seen_at),
        "receipt_id": str(row.receipt_id),
    }
