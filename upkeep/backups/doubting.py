"""What a backup knows as not sent may have been sent since: a lead that is sent twice is a person who is called twice. So each is
one of which nobody can tell, until somebody decides."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from models import LoadedLead
from models.database import changed
from models.loads import PENDING, SENDING, UNKNOWN

REASON = "A backup was put back: it may have been sent since."


def doubt(session: Session, at: datetime) -> None:
    """Have nobody send what was not sent then."""
    open_ones = update(LoadedLead).where(LoadedLead.state.in_((PENDING, SENDING)))
    changed(session, open_ones.values(state=UNKNOWN, reason=REASON, settled_at=at))


def count(session: Session) -> int:
    """Of how many leads that is so, and undecided."""
    doubted = (LoadedLead.state == UNKNOWN, LoadedLead.reason == REASON)
    return session.scalar(select(func.count()).select_from(LoadedLead).where(*doubted)) or 0
