"""The change feed: outcomes in the order in which their changes became visible.

A sequence is numbered before commit, so its order is not the order in which rows become visible, and a reader at
``position > last`` would step over a row that commits late. Here the number comes from one row that stays locked until
the commit: a later position can only be taken after every earlier one is visible. The price is that transactions which
change outcomes commit one after the other; each carries hundreds of changes. The
position is an ordinary number that survives dump and restore, which a transaction id would not.

What does not survive a restore is what was given out after the backup: a reader may have seen places that the database
no longer knows, and would wait for those after them in silence. So places belong to an epoch, and every cursor names
its own; after a restore a new one begins (``begin_epoch``), by itself where ``outcomes.feed_place`` can tell. Its places
begin above every place that was ever given, so that a position names one place only, whatever became of the database:

    1 ......... stands_to  ......lost, or never given......  begins_above ......... last_position
    rows that were restored                                  what changed since the restore

Where nobody could tell, a cursor tells by itself. It names the latest start of a worker as well, and the database knows
its starts and the last place before each. A cursor that names a start that is not known, or a place above the one at which
the next start found the feed, was given by a database that has been lost.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from models import ChangeFeed, FeedStart

FIRST_EPOCH = 1
# At least so many places are left out where an epoch begins. The highest place that was given is known to a second or so,
# and nobody gives out a million in it.
GAP = 1_000_000


@dataclass(frozen=True)
class Place:
    """Where a reader is. A plain position names no epoch."""

    position: int
    epoch: int | None = None
    start: str | None = None  # the latest when it was given; None in cursors of before there were starts


BEGINNING = Place(0)


@dataclass(frozen=True)
class State:
    """The feed as it is: see above."""

    epoch: int
    last_position: int
    stands_to: int
    begins_above: int
    start: str

    def has_given(self, place: Place) -> bool:
        """Whether a reader at the place can go on: it has seen nothing that this database does not know.

        A plain position at or below ``stands_to`` looks the same in both epochs; only a cursor tells them apart.
        """
        if place.epoch is not None and place.epoch != self.epoch:
            return False
        lost = self.stands_to < place.position < self.begins_above
        return place.position <= self.last_position and not lost


_LATEST = select(FeedStart.id).order_by(FeedStart.number.desc()).limit(1).scalar_subquery()
# One statement, so that no cursor names a start and a place that was taken after the next one.
_STATE = (ChangeFeed.epoch, ChangeFeed.last_position, ChangeFeed.stands_to, ChangeFeed.begins_above, _LATEST)


def take_positions(session: Session, count: int) -> range:
    """``count`` new places, in order. Everything else of the transaction must be done: whoever asks next waits for it."""
    statement = update(ChangeFeed).values(last_position=ChangeFeed.last_position + count)
    last = session.execute(statement.returning(ChangeFeed.last_position)).scalar_one()
    return range(last - count + 1, last + 1)


def state(session: Session) -> State:
    """The feed's state. Read it before the outcomes, and give none beyond its last position: then what a cursor names was
    true of its place."""
    return State(*session.execute(select(*_STATE)).one())


def begin_start(session: Session) -> None:
    """A worker starts. Nobody takes a place between this and the end of the transaction."""
    before = _locked(session)
    number = session.scalar(select(func.max(FeedStart.number))) or 0
    session.add(FeedStart(number=number + 1, id=secrets.token_hex(8), position=before.last_position))


def begin_epoch(session: Session, now: datetime, known: Place = BEGINNING) -> State:
    """Begin a new epoch. ``known``: a place that was given, if perhaps not by this database."""
    before = _locked(session)
    # By the clock, so that it is another one than the epoch that the backup does not know of; and always a later one.
    epoch = max(before.epoch + 1, (known.epoch or 0) + 1, int(now.timestamp()))
    above = (max(before.last_position, known.position) // GAP + 2) * GAP
    session.execute(
        update(ChangeFeed).values(epoch=epoch, stands_to=before.last_position, begins_above=above, last_position=above)
    )
    return State(epoch, above, before.last_position, above, before.start)


def follow(session: Session, now: datetime, known: Place) -> State:
    """Begin a new epoch where the database is behind a place that is known to have been given; the state."""
    found = _locked(session)
    return begin_epoch(session, now, known) if behind(found, known) else found


def behind(found: State, known: Place) -> bool:
    """Whether the database is an older one than that which gave the place. A later epoch than the place's was begun by
    somebody who knew."""
    epoch = FIRST_EPOCH if known.epoch is None else known.epoch
    return found.epoch < epoch or (found.epoch == epoch and found.last_position < known.position)


def _locked(session: Session) -> State:
    """The state; nobody takes a place until this transaction ends."""
    session.execute(select(ChangeFeed.id).with_for_update())
    return state(session)
