"""The list of numbers that must not be called: put on it and taken off, by whoever says so, and asked. Each says it once."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, exists, select, text, update
from sqlalchemy.orm import Session

from lib import ids
from lib.stand_ins import is_stand_in
from models import Suppression, TakeOut
from models.bulk import among, insert_new
from models.database import stand_ins
from models.suppressions import standing
from models.take_outs import LEFT, WAITS_FOR_PERSON

TABLE = Suppression.__table__
ADDED, REPLACED, UNCHANGED = "added", "replaced", "unchanged"
CHANGES = (ADDED, REPLACED, UNCHANGED)
MAY_BE_CALLED = "The number may be called again."
ERASED = "Erased."


@dataclass(frozen=True)
class Wanted:
    """A number that is to be on the list. ``origin``: see ``models.suppressions``."""

    number: str
    number_raw: str
    reason: str | None = None
    until: datetime | None = None
    origin: str = ""


@dataclass(frozen=True)
class Change:
    """What putting it there means: one of CHANGES. ``id`` is the row's, which is there already where ``is_kept``; ``old``, of the
    row whose place it takes."""

    wanted: Wanted
    what: str
    id: UUID
    old: UUID | None = None
    is_kept: bool = True


def compared(session: Session, source: str, wanted: Iterable[Wanted]) -> list[Change]:
    """What would change, each number once. Another reason or another end is a row of its own, and the one before is kept."""
    sorted_out = {(one.number, one.origin): one for one in wanted}
    mine = (TABLE.c.source == source, TABLE.c.taken_off_at.is_(None))
    written = _as_written(session, {number for number, _ in sorted_out})
    found = session.execute(select(TABLE).where(*mine, among(session, TABLE.c.number, written)))
    known = {(written[row.number], row.origin): row for row in found}
    changes = []
    for place, one in sorted(sorted_out.items()):  # in an order, so that two who put the same never wait for each other
        row = known.get(place)
        if row is None:
            changes.append(Change(one, ADDED, ids.new(), is_kept=False))
        elif (row.reason, row.until) == (one.reason, one.until) or row.number != one.number:  # of one who was erased
            changes.append(Change(one, UNCHANGED, row.id))
        else:
            changes.append(Change(one, REPLACED, ids.new(), row.id, is_kept=False))
    return changes


def put(session: Session, source: str, wanted: Iterable[Wanted], by: str, at: datetime) -> list[Change]:
    """Put the numbers on the list; what that changed."""
    wanted = list(wanted)
    changes = compared(session, source, wanted)
    if old := [{"row_id": one.old} for one in changes if one.old is not None]:
        open_one = update(TABLE).where(TABLE.c.id == bindparam("row_id"), TABLE.c.taken_off_at.is_(None))
        session.connection().execute(open_one.values(taken_off_at=at, taken_off_by=by), old)
    rows = [
        {"id": one.id, **vars(one.wanted), "source": source, "added_at": at, "added_by": by}
        for one in changes
        if one.what != UNCHANGED
    ]
    if insert_new(session, TABLE, rows) < len(rows):
        # Somebody else has put some of them at this moment, with another reason or end perhaps: ours is said after theirs.
        said = {(one.wanted.number, one.wanted.origin): one for one in put(session, source, wanted, by, at)}
        theirs = ((one, said[one.wanted.number, one.wanted.origin]) for one in changes)
        changes = [one if one.id == now.id else now for one, now in theirs]
    return [replace(one, is_kept=True) for one in changes]


def take_off(session: Session, which: Sequence[ColumnElement[bool]], by: str, at: datetime) -> list[Suppression]:
    """Take off what holds of these; the rows. Who said it first that they are off stays named."""
    taken = update(Suppression).where(*which, Suppression.taken_off_at.is_(None))
    returning = taken.values(taken_off_at=at, taken_off_by=by).returning(Suppression)
    fresh = {"synchronize_session": False, "populate_existing": True}
    found = sorted(session.scalars(returning, execution_options=fresh), key=lambda row: row.id)
    if found:
        let_go(session, at)
    return found


def let_go(session: Session, at: datetime) -> None:
    """Nobody has to take out leads by hand any more whose number may be called again."""
    said = exists().where(Suppression.number == TakeOut.number, standing(at))
    over = update(TakeOut).where(text(WAITS_FOR_PERSON), ~said)
    session.execute(
        over.values(state=LEFT, reason=MAY_BE_CALLED, settled_at=at), execution_options={"synchronize_session": False}
    )


def look_again(session: Session, numbers: Collection[str]) -> None:
    """A dialer lists leads with these numbers that it did not list before: those on the list are looked for anew
    (``leads.spreading``)."""
    if numbers:
        looked_for = (
            among(session, TABLE.c.number, numbers),
            TABLE.c.taken_off_at.is_(None),
            TABLE.c.spread_at.is_not(None),
        )
        session.execute(update(TABLE).where(*looked_for).values(spread_at=None))


def reasons(session: Session, numbers: Collection[str], at: datetime) -> dict[str, str]:
    """Of these numbers (E.164) those that must not be called now, each with the sentence that says so: of several who say it the
    first."""
    if not numbers:
        return {}
    written = _as_written(session, numbers)
    asked = select(TABLE.c.number, TABLE.c.reason).where(among(session, TABLE.c.number, written), standing(at))
    found = {number: ERASED for number in numbers if is_stand_in(number)}  # of a lead whose person was erased
    for number, reason in session.execute(asked.order_by(TABLE.c.id)):
        found.setdefault(written[number], f"Suppressed: {reason}" if reason else "Suppressed.")
    return found


def _as_written(session: Session, numbers: Collection[str]) -> dict[str, str]:
    """The number as rows may have it -> the number: of a person who was erased they have what stands for it."""
    own = stand_ins(session)
    return {number: number for number in numbers} | {own.number(number): number for number in numbers}
