"""Leads in doubt: their request left, and nobody can tell whether the dialer took them. Counted until somebody decides."""

from typing import Any

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import Session

from lib.clock import iso
from models import LoadedLead
from models.loads import UNKNOWN

MOST_LOADS = 10
NO_DOUBT: dict[str, Any] = {"unknown_leads": 0, "oldest_unknown_at": None, "unknown_load_ids": []}

# A word and no parameter, as in the index: SQLite takes a partial index only where a query repeats its condition.
IN_DOUBT = LoadedLead.state == literal_column(f"'{UNKNOWN}'")


def unknown_leads(session: Session) -> dict[str, dict[str, Any]]:
    """Connection -> ``{"unknown_leads", "oldest_unknown_at", "unknown_load_ids"}``, for those with any; of the loads the first
    ten."""
    since = func.min(func.coalesce(LoadedLead.settled_at, LoadedLead.sent_at))
    counted = select(LoadedLead.connection, func.count(), since).where(IN_DOUBT).group_by(LoadedLead.connection)
    return {
        name: {"unknown_leads": leads, "oldest_unknown_at": iso(oldest), "unknown_load_ids": _loads(session, name)}
        for name, leads, oldest in session.execute(counted)
    }


def _loads(session: Session, connection: str) -> list[str]:
    mine = select(LoadedLead.load_id).where(IN_DOUBT, LoadedLead.connection == connection).distinct()
    return [str(load) for load in session.scalars(mine.order_by(LoadedLead.load_id).limit(MOST_LOADS))]
