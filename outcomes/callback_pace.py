"""The usual pace of a connection's callbacks is learned: how many came in each hour of the last weeks. ``queries.silence`` judges
a silence by it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from dialers.base import Connection
from dialers.registry import DIALERS
from lib import clock
from models import CallbackHour, CallbackPace, Receipt
from models.database import AnySelect, Database, changed, insert_into
from models.receipts import CALLBACK

Asked = TypeVar("Asked", bound=AnySelect)

WEEKS = 4  # looked back to
KEPT = timedelta(weeks=WEEKS, days=1)
LATE = timedelta(seconds=10)  # what came may become visible so much later
HOUR = timedelta(hours=1)


def hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def learn(database: Database, connections: Mapping[str, Connection], now: datetime | None = None) -> bool:
    """Count what came since it was counted last, an hour at most of each connection. Whether more is left to be counted.
    Several workers may do so at once: who moves ``counted_to`` has counted."""
    now = now or clock.now()
    more = False
    for connection in connections.values():
        kinds = DIALERS[connection.dialer].callback_kinds
        if kinds:
            more |= _count(database, connection.name, kinds, now)
    return more


def _count(database: Database, name: str, kinds: tuple[str, ...], now: datetime) -> bool:
    with database.read() as session:
        pace = session.get(CallbackPace, name)
        since = pace.since if pace else _first(session, name, kinds, now)
        if since is None or (pace and now - LATE <= pace.counted_to):
            return False
        begin = pace.counted_to if pace else hour_of(since)
        end = min(hour_of(begin) + HOUR, now - LATE)
        if end <= begin:
            return False
        came = sum(_between(session, name, kind, begin, end) for kind in kinds)
    with database.write() as session:
        if pace is None:
            row = {"connection": name, "since": since, "counted_to": begin}
            session.execute(insert_into(session, CallbackPace.__table__).on_conflict_do_nothing(), [row])
        mine = (CallbackPace.connection == name, CallbackPace.counted_to == begin)
        moved = update(CallbackPace).where(*mine).values(counted_to=end)
        if changed(session, moved) == 1 and came:
            _add(session, name, hour_of(begin), came)
            if end == hour_of(begin) + HOUR:
                _forget(session, name, now)
    return end < now - LATE


def _add(session: Session, name: str, hour: datetime, came: int) -> None:
    insert = insert_into(session, CallbackHour.__table__)
    added = {"callbacks": CallbackHour.callbacks + insert.excluded.callbacks}
    statement = insert.on_conflict_do_update(index_elements=["connection", "hour"], set_=added)
    session.execute(statement, [{"connection": name, "hour": hour, "callbacks": came}])


def _forget(session: Session, name: str, now: datetime) -> None:
    """What is older than is looked back to from the last callback: a silence is judged by what was usual before it, however long
    it lasts."""
    own = CallbackHour.connection == name
    newest = session.scalar(select(func.max(CallbackHour.hour)).where(own))
    if newest is not None:
        changed(session, delete(CallbackHour).where(own, CallbackHour.hour < min(newest, now) - KEPT))


def _first(session: Session, name: str, kinds: tuple[str, ...], now: datetime) -> datetime | None:
    """When the first callback came that teaches anything."""
    found = [
        session.scalar(
            _rightful(select(Receipt.received_at), name, kind)
            .where(Receipt.received_at >= now - KEPT)
            .order_by(Receipt.received_at)
            .limit(1)
        )
        for kind in kinds
    ]
    return min((moment for moment in found if moment is not None), default=None)


def _between(session: Session, name: str, kind: str, begin: datetime, end: datetime) -> int:
    within = (Receipt.received_at >= begin, Receipt.received_at < end)
    return session.scalar(_rightful(select(func.count()), name, kind).where(*within)) or 0


def _rightful(statement: Asked, name: str, kind: str) -> Asked:
    """Of one kind of callback that had a right to come: one walk on ``ix_receipts_connection``."""
    own = (Receipt.connection == name, Receipt.source == CALLBACK, Receipt.kind == kind, Receipt.stranger.is_(False))
    return statement.where(*own)
