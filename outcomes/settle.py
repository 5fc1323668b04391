"""Settling by time: outcomes whose window has passed are folded anew, with the evidence they have."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from dialers.base import Connection
from lib import clock
from models import CallOutcome, bulk
from models.database import Database
from outcomes.groups import Raced, lock_groups
from outcomes.refold import refold

BATCH = 500


def settle_due(
    database: Database, connections: Mapping[str, Connection], now: datetime | None = None, limit: int = BATCH
) -> int:
    """Fold groups with an outcome that has waited long enough. Returns how many outcomes changed; 0 when none is due."""
    now = now or clock.now()
    due = select(CallOutcome.group_id).where(CallOutcome.settle_by <= now, CallOutcome.merged_into.is_(None))
    with database.read() as session:
        groups = set(session.scalars(due.distinct().limit(limit)))
    if not groups:
        return 0
    try:
        with database.write() as session:
            bulk.expect_growth(session)
            refolded = refold(session, [], lock_groups(session, [], groups), connections, now)
            refolded.write(session)
    except Raced:
        return 0  # a worker united two of the groups meanwhile: they are found again at the next call
    return len(refolded.changed)
