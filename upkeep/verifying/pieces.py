"""Which rows are looked at: all of a table, some at a time, or a sample of it, spread over the time in which they came."""

import random
from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import bulk
from models.database import AnyColumn, Database, chunks

PIECE = 2_000
RUN = 10  # rows that follow each other, of each place of a sample


def pieces(database: Database, column: AnyColumn, sample: int | None) -> Iterator[Sequence[UUID]]:
    """Ids of a table, UUIDv7 as all of ours are, in pieces; each is read at a moment of its own."""
    if sample is not None:
        with database.read() as session:
            found = _sampled(session, column, sample)
        yield from chunks(found, PIECE)
        return
    after: UUID | None = None
    while True:
        statement = select(column).order_by(column).limit(PIECE)
        with database.read() as session:
            some = list(session.scalars(statement if after is None else statement.where(column > after)))
        if not some:
            return
        yield some
        after = some[-1]


def _sampled(session: Session, column: AnyColumn, sample: int) -> list[UUID]:
    """About so many, by steps on the index, however large the table is: an id begins with the time at which it was made. Where
    there are no more than that, all of them."""
    all_there_are = session.scalars(select(column).order_by(column).limit(sample + 1)).all()
    if len(all_there_are) <= sample:
        return list(all_there_are)
    ends = [session.scalar(select(column).order_by(order).limit(1)) for order in (column, column.desc())]
    first, last = (end.int for end in ends if end is not None)
    found: set[UUID] = set()
    places = [first, *(random.randint(first, last) for _ in range(-(-sample // RUN) - 1))]
    for place in places:
        from_here = select(column).where(column >= UUID(int=place))
        found.update(session.scalars(from_here.order_by(column).limit(RUN)))
    # Most came within moments, between which there is nothing: more of those that follow one of them.
    if len(found) < sample:
        more = select(column).where(column > random.choice(sorted(found))).order_by(column).limit(sample - len(found))
        found.update(session.scalars(more))
    return sorted(found)


def without(session: Session, ids: Sequence[UUID], column: AnyColumn) -> set[UUID]:
    """Of these ids those that the column of another table never names."""
    named = session.scalars(select(column).where(bulk.among(session, column, list(ids))).distinct())
    return set(ids) - set(named)
