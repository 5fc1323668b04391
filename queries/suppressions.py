"""Numbers that must not be called, as they are listed and shown: what holds, what is over, and what was taken off."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal_column, not_, or_, select, text
from sqlalchemy.orm import Session

from dialers.vocabulary import DNC
from lib.clock import iso
from models import CallOutcome, DestinationState, Suppression, TakeOut
from models.database import stand_ins
from models.searching import has_flag
from models.suppressions import CRM, OUTCOME, standing, stands
from models.take_outs import TO_BE_DONE
from queries import keyset
from queries.keyset import Page
from queries.selection import NOT_MERGED

STANDING, EXPIRED, TAKEN_OFF = "standing", "expired", "taken_off"
STATES = (STANDING, EXPIRED, TAKEN_OFF)
FILTERS = ("number", "state", "source")

MOST_COUNTED = 10_000  # whoever looks waits for it

_ORDER = "-suppressions"


def conditions(filters: Mapping[str, Any], at: datetime) -> list[ColumnElement[bool]]:
    """The filters as conditions: a list of texts for each of ``FILTERS``, of which any may match."""
    open_ones = Suppression.taken_off_at.is_(None)
    states = {
        STANDING: standing(at),
        EXPIRED: and_(open_ones, not_(standing(at))),
        TAKEN_OFF: Suppression.taken_off_at.is_not(None),
    }
    found: list[ColumnElement[bool]] = []
    if numbers := filters.get("number"):
        found.append(Suppression.number.in_(numbers))
    if wanted := filters.get("state"):
        found.append(or_(*(states[one] for one in wanted)))
    if sources := filters.get("source"):
        found.append(Suppression.source.in_(sources))
    return found


def page(
    session: Session, filters: Mapping[str, Any], at: datetime, cursor: str | None = None, limit: int = 100
) -> Page[Suppression]:
    """One page, newest first. Raises BadCursor."""
    own = stand_ins(session)
    numbers = [written for number in filters.get("number") or () for written in (number, own.number(number))]
    wanted = conditions({**filters, "number": numbers}, at)
    if cursor:
        wanted.append(Suppression.id < keyset.row(_ORDER, cursor))
    statement = select(Suppression).where(*wanted).order_by(Suppression.id.desc()).limit(limit + 1)
    return keyset.page(list(session.scalars(statement)), limit, lambda last: keyset.encode(_ORDER, str(last.id)))


def counted(session: Session, at: datetime) -> tuple[int, bool]:
    """How many numbers must not be called now, and whether that are all of them: no more than ``MOST_COUNTED`` rows are read."""
    some = select(Suppression.number).where(standing(at)).limit(MOST_COUNTED + 1).subquery()
    rows, numbers = session.execute(select(func.count(), func.count(some.c.number.distinct()))).one()
    return numbers, rows <= MOST_COUNTED


def unreadable(session: Session) -> int:
    """Calls with the flag dnc of which the number cannot be read, so that it is not on the list; no more than
    ``MOST_COUNTED``."""
    flagged = has_flag(CallOutcome.flags, literal_column(f"'{DNC}'"))
    # Not "IS NULL": SQLite would read all calls without a number, of which there may be many more than have the flag.
    unread = func.coalesce(CallOutcome.customer_number, "") == ""
    which = (flagged, unread, NOT_MERGED)
    some = select(CallOutcome.id).where(*which).limit(MOST_COUNTED).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


@dataclass(frozen=True)
class Asked:
    """A destination that is asked whom not to call: when all were read last, how many of their numbers cannot be read, and why
    the last reading failed. ``waits_since``: when all were read last, else when it was started. Where ``is_over`` the settings
    do not ask for it any more."""

    name: str
    at: datetime | None = None
    unread: int = 0
    error: str | None = None
    waits_since: datetime | None = None
    is_over: bool = False


def destinations_asked(session: Session, wanted: Collection[str]) -> list[Asked]:
    """Every destination that is asked, or was, by name. ``wanted``: those of which the settings say so."""
    columns = DestinationState
    known = or_(columns.refusals_due.is_not(None), columns.name.in_(wanted))
    found = {
        row.name: Asked(
            row.name,
            row.refusals_at,
            row.refusals_unread or 0,
            row.refusals_error,
            row.refusals_at or row.started_at,
            row.name not in wanted,
        )
        for row in session.scalars(select(columns).where(known))
    }
    return [found.get(name, Asked(name)) for name in sorted({*found, *wanted})]


def waiting_since(session: Session, at: datetime) -> datetime | None:
    """Since when a worker should have looked for leads within dialers, or taken one out; None where nothing waits."""
    new = select(Suppression.added_at).where(Suppression.spread_at.is_(None)).order_by(Suppression.id).limit(1)
    due = select(func.min(TakeOut.due_at)).where(text(TO_BE_DONE), TakeOut.due_at <= at)
    return min(filter(None, (session.scalar(new), session.scalar(due))), default=None)


def shown(row: Suppression, at: datetime) -> dict[str, Any]:
    """One, as the API shows it."""
    state = STANDING if stands(row, at) else TAKEN_OFF if row.taken_off_at else EXPIRED
    return {
        "id": str(row.id),
        "number": row.number,
        "number_raw": row.number_raw,
        "state": state,
        "reason": row.reason,
        "until": iso(row.until),
        "source": row.source,
        "outcome_id": row.origin if row.source == OUTCOME else None,
        "record_id": row.origin.partition(":")[2] if row.source == CRM else None,
        "added_at": iso(row.added_at),
        "added_by": row.added_by,
        "taken_off_at": iso(row.taken_off_at),
        "taken_off_by": row.taken_off_by,
    }
