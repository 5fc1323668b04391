"""Many deliveries changed in lots, each in a transaction of its own: whoever has a million changed holds up nobody."""

from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

from sqlalchemy import ColumnElement, select, update

from crm import sharing
from models import Delivery
from models.database import Database, changed, chunks

LOT = 500
READ = 50_000  # ids that are read at once, while nobody waits for it: each time all that are wanted may be gone through

Condition = ColumnElement[bool]


def change(database: Database, wanted: Iterable[Condition], values: Mapping[str, object]) -> int:
    """Change every such delivery; how many. What is not as it was wanted any more when its lot's turn has come stays as it is."""
    conditions, done = list(wanted), 0
    for some in _found(database, conditions):
        with sharing.write(database) as session:
            done += changed(session, update(Delivery).where(Delivery.id.in_(some), *conditions).values(values))
    return done


def _found(database: Database, conditions: list[Condition]) -> Iterator[list[UUID]]:
    """Walks up the ids, so that what comes back meanwhile is not taken twice."""
    further: list[Condition] = []
    while True:
        with database.read() as session:
            wanted = select(Delivery.id).where(*conditions, *further).order_by(Delivery.id).limit(READ)
            found = list(session.scalars(wanted))
        for some in chunks(found, LOT):
            yield list(some)
        if len(found) < READ:
            return
        further = [Delivery.id > found[-1]]
