"""What an older state of the database knows as not sent may have been sent since: a lead that is sent twice is a person who is
called twice. So each is one of which nobody can tell, until somebody decides, whoever put that state there: ``wrapup restore``,
PostgreSQL's own programs, or a standby that took over without the last commits."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from lib.text import many
from models import LoadedLead
from models.database import changed
from models.loads import PENDING, SENDING, UNKNOWN

REASON = "An older state of the database was put back: it may have been sent since."
TOLD = (
    "{} that had not been sent then may have been sent since: nobody sends them before you have decided "
    "(`wrapup leads decide`, or the pages of their loads)."
)


def doubt(session: Session, at: datetime) -> int:
    """Have nobody send what was not sent then; how many leads that are."""
    open_ones = update(LoadedLead).where(LoadedLead.state.in_((PENDING, SENDING)))
    return changed(session, open_ones.values(state=UNKNOWN, reason=REASON, settled_at=at))


def count(session: Session) -> int:
    """Of how many leads that is so, and undecided."""
    doubted = (LoadedLead.state == UNKNOWN, LoadedLead.reason == REASON)
    return session.scalar(select(func.count()).select_from(LoadedLead).where(*doubted)) or 0


def told(doubted: int) -> list[str]:
    """Sentences about them."""
    return [TOLD.format(many(doubted, "lead"))] if doubted else []
