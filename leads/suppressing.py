"""Numbers put on the list of those that must not be called, and taken off it, by a person."""

from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy import select

from leads.numbers import Numbers
from lib import clock, phone
from models import Suppression, audit
from models.database import Database, chunks, stand_ins
from models.suppressions import PERSON, standing
from outcomes import suppressions
from outcomes.suppressions import Change

log = structlog.get_logger(__name__)

AT_ONCE = 1_000  # rows of one transaction; on SQLite whoever writes waits for it


@dataclass(frozen=True)
class TakenOff:
    """Rows that are off now, and whether nobody says of their number any more that it must not be called."""

    rows: list[Suppression]
    may_be_called: bool


def look(database: Database, numbers: Numbers) -> list[Change]:
    """What putting them would change; nothing is changed."""
    found: list[Change] = []
    with database.read() as session:
        for some in chunks(numbers.wanted, AT_ONCE):
            found += suppressions.compared(session, PERSON, some)
    return found


def put(database: Database, numbers: Numbers, by: str) -> list[Change]:
    """Put them on the list; what that changed. Of a long list some at a time: whoever is interrupted puts it again, and nothing
    is there twice."""
    found: list[Change] = []
    for some in chunks(numbers.wanted, AT_ONCE):
        with database.write() as session:
            found += suppressions.put(session, PERSON, some, by, clock.now())
            subject = phone.masked(some[0].number) if len(some) == 1 else None
            audit.note(session, "suppression.put", subject=subject, count=len(some))
    log.info("suppressions_put", numbers=len(found), key=by)
    return found


def take_off(database: Database, which: UUID | str, by: str) -> TakenOff | None:
    """Take off one row, or whatever holds of a number (E.164). None where there is none. A row that is off already stays as it
    is."""
    now = clock.now()
    with database.write() as session:
        if isinstance(which, UUID):
            rows = suppressions.take_off(session, [Suppression.id == which], by, now)
            rows = rows or list(session.scalars(select(Suppression).where(Suppression.id == which)))
        else:
            written = [which, stand_ins(session).number(which)]  # the second of a person who was erased
            rows = suppressions.take_off(session, [Suppression.number.in_(written), standing(now)], by, now)
        if not rows:
            return None
        still = suppressions.reasons(session, {rows[0].number}, now)
        audit.note(session, "suppression.take_off", subject=phone.masked(rows[0].number), count=len(rows))
    log.info("suppressions_taken_off", rows=len(rows), key=by)
    return TakenOff(rows, not still)
