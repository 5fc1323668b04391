"""The change feed as it is read: what changed after a place, and the cursors that name places. How places are given, and what
becomes of them when a database is restored: ``outcomes.feed``."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import CallOutcome, FeedStart
from outcomes.feed import BEGINNING, FIRST_EPOCH, Place, State
from queries import keyset

_ORDER = "feed"
_DIGITS = 19  # of 2**63 - 1


def changes(session: Session, after: int, limit: int, to: int | None = None) -> list[CallOutcome]:
    """Outcomes that changed after the position, up to and with the position ``to``, in feed order, merged ones included. At
    most ``limit``."""
    statement = select(CallOutcome).where(CallOutcome.position > after).order_by(CallOutcome.position).limit(limit)
    if to is not None:
        statement = statement.where(CallOutcome.position <= to)
    return list(session.scalars(statement))


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
