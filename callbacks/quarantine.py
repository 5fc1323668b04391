"""What strangers can fill is capped: anybody can post to an unknown connection or guess at a token."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from models import StrangerQuota


def admit(session: Session, size: int, at: datetime, receipts: int, bytes_: int) -> bool:
    """Take a place for a stranger's receipt, in the transaction that keeps it. False: full; the overflow was counted.

    ``receipts`` and ``bytes_`` are the caps. One conditional update, so that no number of processes can overshoot.
    """
    taken = (
        update(StrangerQuota)
        .where(StrangerQuota.receipts < receipts, StrangerQuota.bytes + size <= bytes_)
        .values(receipts=StrangerQuota.receipts + 1, bytes=StrangerQuota.bytes + size)
    )
    if session.execute(taken).rowcount:
        return True
    session.execute(update(StrangerQuota).values(overflow=StrangerQuota.overflow + 1, last_overflow_at=at))
    return False
