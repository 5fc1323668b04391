"""Settling: outcomes whose window has passed, and those that wait for what never comes, are folded anew with the evidence
they have."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select, tuple_

from dialers import vocabulary as ours
from dialers.base import Connection
from dialers.registry import DIALERS
from lib import clock
from models import CallOutcome, bulk
from models.database import AnyRow, Database
from outcomes.groups import Raced, lock_groups
from outcomes.refold import refold

BATCH = 500

_WAITING = (CallOutcome.settling == ours.AWAITING_DISPOSITION, CallOutcome.settle_by.is_not(None))
_FACTS = (CallOutcome.group_id, CallOutcome.connection, CallOutcome.settling, CallOutcome.status_raw)


def settle_due(database: Database, connections: Mapping[str, Connection], now: datetime | None = None) -> int:
    """Fold groups with an outcome that has waited long enough. Returns how many outcomes changed; 0 when none is due."""
    now = now or clock.now()
    with database.read() as session:
        groups = set(session.scalars(due(now).limit(BATCH)))
    try:
        return fold_again(database, connections, groups, now)
    except Raced:
        return 0  # they are found again at the next call


def due(now: datetime) -> Select[UUID]:
    """The groups of outcomes that have waited long enough, as often as they have such ones. In the order of their waiting, so
    that its index is gone through: for groups that are each there once SQLite goes through all outcomes."""
    waited = (CallOutcome.settle_by <= now, CallOutcome.merged_into.is_(None))
    return select(CallOutcome.group_id).where(*waited).order_by(CallOutcome.settle_by)


class Waiting:
    """Outcomes that wait for a disposition although, by the settings of today, none can come: each is looked at once, in the
    order in which their waiting ends. Settings change with a restart, and so does this."""

    def __init__(self, database: Database, connections: Mapping[str, Connection]):
        self._database = database
        self._connections = connections
        self._after: tuple[datetime, UUID] | None = None
        self._left = True

    def settle(self, now: datetime | None = None, limit: int = BATCH) -> int:
        """Look at some more of them. Returns how many were looked at; 0 when none is left."""
        if not self._left:
            return 0
        place = (CallOutcome.settle_by, CallOutcome.id)
        waiting = select(*place, CallOutcome.merged_into, *_FACTS).where(*_WAITING).order_by(*place).limit(limit)
        if self._after is not None:
            waiting = waiting.where(tuple_(*place) > self._after)
        with self._database.read() as session:
            found = session.execute(waiting).all()
        groups = {row.group_id for row in found if row.merged_into is None and not _awaits(row, self._connections)}
        try:
            fold_again(self._database, self._connections, groups, now or clock.now())
        except Raced:
            return len(found)  # looked at again at the next call
        self._left = len(found) == limit
        self._after = (found[-1].settle_by, found[-1].id) if found else None
        return len(found)


def fold_again(database: Database, connections: Mapping[str, Connection], groups: set[UUID], now: datetime) -> int:
    """Fold groups with the evidence that they have. How many outcomes changed. Raises Raced where another worker united two
    of them meanwhile."""
    if not groups:
        return 0
    with database.write() as session:
        bulk.expect_growth(session)
        refolded = refold(session, [], lock_groups(session, [], groups), connections, now)
        refolded.revisions.write(session)
    return len(refolded.revisions.changed)


def _awaits(row: AnyRow, connections: Mapping[str, Connection]) -> bool:
    connection = connections.get(row.connection)
    return connection is None or DIALERS[connection.dialer].awaits(connection, {"status_raw": row.status_raw})
