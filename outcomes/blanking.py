"""Blanking receipts: what is left of what they told stands in them instead of their bytes."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from dialers.base import Event
from lib.stand_ins import StandIns
from models import Receipt, bulk
from outcomes import erased
from outcomes.erased import Reducer
from outcomes.taken import Taken

RECEIPTS = Receipt.__table__


def blank(session: Session, stand: StandIns, told: Iterable[tuple[Taken, Sequence[Event]]], at: datetime) -> int:
    """Blank receipts, in place: each keeps the events given. How many."""
    told = list(told)
    if not told:
        return 0
    keys = select(RECEIPTS.c.id, RECEIPTS.c.record_key, RECEIPTS.c.content_hash, RECEIPTS.c.query)
    mine = bulk.among(session, RECEIPTS.c.id, [receipt.id for receipt, _ in told])
    known = {row.id: row for row in session.execute(keys.where(mine))}
    values = []
    for receipt, events in told:
        before, own, left = known[receipt.id], Reducer(stand, receipt.connection), erased.body(events, at)
        values.append(
            {
                "the_id": receipt.id,
                "the_body": left,
                "the_size": len(left),
                "the_key": own.record_key(before.record_key),
                "the_hash": own.content_hash(before.content_hash, before.query),
            }
        )
    statement = update(RECEIPTS).where(RECEIPTS.c.id == bindparam("the_id"))
    session.connection().execute(
        statement.values(
            body=bindparam("the_body"),
            body_size=bindparam("the_size"),
            record_key=bindparam("the_key"),
            content_hash=bindparam("the_hash"),
            **{"query": None, "headers": None, "context": None, "truncated": False, "detail": None, "erased_at": at},
        ),
        values,
    )
    return len(values)
