"""The change feed as it is read: what changed after a place, and the cursors that name places. How places are given, and what
becomes of them when a database is restored: ``outcomes.feed``."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import CallOutcome, FeedStart
from outcomes.feed import BEGINNING, FIRST_EPOCH, Place, State
from queries import keyset

_ORDER = "feed"
_DIGITS = 19  # of 2**63 - 1
LOOKED_AT = 20_000  # rows, for one answer: of a connection that is seldom heard of, all others' may lie between


@dataclass(frozen=True)
class Page:
    """One answer. ``last`` is the position from which to go on; ``more``: whether there are rows beyond it, which with a filter
    may turn out to be none of those that are wanted."""

    rows: Sequence[CallOutcome]
    last: int
    more: bool


def changes(
    session: Session, after: int, limit: int, to: int | None = None, connections: Collection[str] = ()
) -> list[CallOutcome]:
    """Outcomes that changed after the position, up to and with the position ``to``, in feed order, merged ones included. At
    most ``limit``; of these connections, or of all."""
    statement = select(CallOutcome).where(CallOutcome.position > after).order_by(CallOutcome.position).limit(limit)
    if to is not None:
        statement = statement.where(CallOutcome.position <= to)
    if connections:
        statement = statement.where(CallOutcome.connection.in_(connections))
    return list(session.scalars(statement))


def page(session: Session, found: State, after: int, limit: int, connections: Collection[str] = ()) -> Page:
    """What changed after the position, as far as the state reaches. With ``connections`` its end moves past the rows of others:
    a row never changes its connection, so what was passed over stays nobody's business."""
    to, further = found.last_position, None
    if connections:
        place = select(CallOutcome.position).where(CallOutcome.position > after, CallOutcome.position <= to)
        further = session.scalar(place.order_by(CallOutcome.position).offset(LOOKED_AT).limit(1))
        to = to if further is None else further - 1
    rows = changes(session, after, limit + 1, to, connections)
    if len(rows) > limit:
        return Page(rows[:limit], rows[limit - 1].position, True)
    last = max(after, to) if connections else rows[-1].position if rows else after
    return Page(rows, last, further is not None)


def since(session: Session, found: State, moment: datetime) -> Place:
    """The place after which every outcome is whose last change is of the moment or later, and as few others as possible.

    Times do not follow each other as places do: a batch that began earlier may be visible later, and clocks differ. So it is the
    lowest place of all those outcomes that counts, not the place of the first of them. What is not visible yet takes a place
    above those that are. It costs a look at what the reader is about to read.
    """
    oldest = session.scalar(select(func.min(CallOutcome.changed_at)))
    if oldest is None or moment <= oldest:
        return Place(0, found.epoch, found.start)
    # The sum keeps PostgreSQL from walking along the places until one fits: most of them lie before the moment.
    lowest = session.scalar(select(func.min(CallOutcome.position + 0)).where(CallOutcome.changed_at >= moment))
    last = found.last_position if lowest is None else min(found.last_position, lowest - 1)
    return Place(last, found.epoch, found.start)


def knows(session: Session, found: State, place: Place) -> bool:
    """Whether a reader at the place can go on: as ``State.has_given``, and by the starts that the database knows."""
    if not found.has_given(place):
        return False
    if place.start is None or place.start == found.start:
        return True
    number = select(FeedStart.number).where(FeedStart.id == place.start).scalar_subquery()
    following = select(FeedStart.position).where(FeedStart.number > number).order_by(FeedStart.number).limit(1)
    highest = session.scalar(following)  # None where the start is not known, since nothing is above NULL
    return highest is not None and place.position <= highest


def cursor(position: int, epoch: int, start: str) -> str:
    """The ``Place`` as readers keep it."""
    return keyset.encode(_ORDER, str(position), str(epoch), start)


def place(after: str) -> Place:
    """The place that a cursor, or a plain position, names; the beginning where it is empty. Raises BadCursor."""
    if not after:
        return BEGINNING
    if _is_count(after):
        return Place(_count(after))
    start: str | None
    try:
        position, epoch, start = keyset.decode(_ORDER, after, 3)
    except keyset.BadCursor:
        (position,) = keyset.decode(_ORDER, after, 1)  # as they were given out before there were epochs and starts
        epoch, start = str(FIRST_EPOCH), None
    if not _is_count(position) or not _is_count(epoch):
        raise keyset.BadCursor("This is not a cursor of ours.")
    return Place(_count(position), _count(epoch), start)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _count(digits: str) -> int:
    """The number; one that is larger than any place can be is as large as that."""
    return int(digits) if len(digits) <= _DIGITS else 10**_DIGITS
