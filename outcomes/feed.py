"""The change feed: outcomes in the order in which their changes became visible.

A sequence is numbered before commit, so its order is not the order in which rows become visible, and a reader at
``position > last`` would step over a row that commits late. Here the number comes from one row that stays locked until
the commit: a later position can only be taken after every earlier one is visible. The price is that transactions which
change outcomes commit one after the other; each carries hundreds of changes (bench/RESULTS.md has the figure). The
position is an ordinary number that survives dump and restore, which a transaction id would not.
"""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import CallOutcome, ChangeFeed


def take_positions(session: Session, count: int) -> range:
    """``count`` new places, in order. Everything else of the transaction must be done: whoever asks next waits for it."""
    statement = update(ChangeFeed).values(last_position=ChangeFeed.last_position + count)
    last = session.execute(statement.returning(ChangeFeed.last_position)).scalar_one()
    return range(last - count + 1, last + 1)


def changes(session: Session, after: int, limit: int) -> list[CallOutcome]:
    """Outcomes that changed after the position, in feed order, merged ones included. At most ``limit``."""
    statement = select(CallOutcome).where(CallOutcome.position > after).order_by(CallOutcome.position).limit(limit)
    return list(session.scalars(statement))
