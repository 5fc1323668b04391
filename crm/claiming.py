"""Deliveries taken to be sent. Whoever takes them holds the destination (``crm.desk``)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from uuid import UUID

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session, aliased

from crm.taken import Taken, as_taken, left_in_doubt, noted_for, together
from models import CallOutcome, Delivery
from models.bulk import among, update_rows
from models.database import AnyRow, AnySelect, changed
from models.deliveries import HELD, IS_OPEN, PARKED, PENDING, REPLACED, SENDING, UNDONE, UNKNOWN
from models.shown import COLUMNS
from queries import shape

_DUE = (PENDING, PARKED, UNKNOWN)
_STANDING = (PENDING, PARKED, UNKNOWN, HELD)  # to be sent, or sent again
# The columns that are needed of an outcome, as the API shows it, and of a delivery: whole objects take several times as long.
_SHOWN = tuple(getattr(CallOutcome, name) for name in (*COLUMNS, "changed_fields"))
_KEPT = (
    *(Delivery.id, Delivery.outcome_id, Delivery.operation, Delivery.revision, Delivery.state, Delivery.attempts),
    *(Delivery.changed_fields, Delivery.record_id, Delivery.remote_id, Delivery.remote_url, Delivery.digest),
    *(Delivery.before, Delivery.after, Delivery.reason, Delivery.failing_since),
)
# Written down once: an alias, or a select of sixty columns, takes as long to be made as its rows to be read.
_OTHER = aliased(Delivery)
_OUTCOMES, _DELIVERIES = select(*_SHOWN), select(*_KEPT).order_by(Delivery.id)
_revision = attrgetter("revision")


@dataclass(frozen=True)
class Batch:
    """What may be sent next, and what was known of it when it was read: see ``note``."""

    taken: Sequence[Taken] = ()
    replaced: Mapping[UUID, UUID] = field(default_factory=dict)  # delivery -> outcome; not sent any more
    known: Mapping[UUID, Sequence[tuple[UUID, int, str]]] = field(default_factory=dict)  # outcome -> its deliveries


def recover(session: Session, destination: str, due: datetime) -> int:
    """Nobody sends now, so what is written down as being sent was left behind by a process that died: nobody knows what came
    of it."""
    left = (Delivery.destination == destination, IS_OPEN, Delivery.state == SENDING)
    return changed(session, update(Delivery).where(*left).values(state=UNKNOWN, due_at=due))


def take(session: Session, destination: str, limit: int, at: datetime) -> list[Taken]:
    """The deliveries that are due, noted as being sent: both at once. The destination's row is locked by whoever asks, so that
    nothing is added meanwhile."""
    batch = look(session, destination, limit, at, lock=True)
    return _noted(session, batch.taken, batch.replaced, at)


def look(session: Session, destination: str, limit: int, at: datetime, lock: bool = False) -> Batch:
    """The deliveries that are due, the oldest first, with what their outcomes are now. None of an outcome of which another one is
    on its way; of several revisions that wait the last. Only reads, so that nobody has to wait for it; all of one moment, where
    the transaction is. ``lock``: nobody else may change them any more."""
    waits = or_(
        Delivery.outcome_id.in_(_in_flight(destination, SENDING)),
        # Of two that are unknown, as a process leaves them that dies, none waits for the other.
        and_(Delivery.state != UNKNOWN, Delivery.outcome_id.in_(_in_flight(destination, UNKNOWN))),
    )
    due = (Delivery.destination == destination, IS_OPEN, Delivery.state.in_(_DUE), Delivery.due_at <= at)
    wanted = select(Delivery.id, Delivery.outcome_id).where(*due, ~waits).order_by(Delivery.due_at, Delivery.id)
    wanted = wanted.limit(limit)
    rows = session.execute(wanted.with_for_update() if lock else wanted).all()
    if not rows:
        return Batch()
    ids = {row.outcome_id for row in rows}
    outcomes = {one.id: one for one in session.execute(_OUTCOMES.where(among(session, CallOutcome.id, ids)))}
    known = noted_for(session, _DELIVERIES, destination, ids)
    last, replaced = _last([row.id for row in rows], known)
    shown = {one: shape.outcome(row) for one, row in outcomes.items()}
    found = [
        as_taken(row, was, changes, outcomes[row.outcome_id], shown[row.outcome_id], known[row.outcome_id])
        for row, was, changes in last
    ]
    return Batch(found, replaced, {outcome: _seen(rows) for outcome, rows in known.items()})


def note(session: Session, destination: str, batch: Batch, at: datetime) -> list[Taken]:
    """Note as being sent what was found by ``look`` and is still as it was then, its outcome too: what has changed meanwhile, and
    requests may have hung for long, is found again. The destination's row is locked by whoever asks."""
    if not batch.taken:
        return []
    columns = (Delivery.outcome_id, Delivery.id, Delivery.revision, Delivery.state)
    mine = (among(session, Delivery.outcome_id, batch.known), Delivery.destination == destination)
    now: dict[UUID, list[AnyRow]] = {}
    for row in session.execute(select(*columns).where(*mine).order_by(Delivery.id).with_for_update()):
        now.setdefault(row.outcome_id, []).append(row)
    of_outcomes = select(CallOutcome.id, CallOutcome.revision).where(among(session, CallOutcome.id, batch.known))
    revisions = {row.id: row.revision for row in session.execute(of_outcomes)}
    told = {one.outcome_id: one.outcome["revision"] for one in batch.taken}
    same = {
        outcome
        for outcome, seen in batch.known.items()
        if _seen(now.get(outcome, ())) == seen and told.get(outcome) in (None, revisions.get(outcome))
    }
    found = [one for one in batch.taken if one.outcome_id in same]
    return _noted(session, found, {one: own for one, own in batch.replaced.items() if own in same}, at)


def _seen(rows: Sequence[AnyRow]) -> list[tuple[UUID, int, str]]:
    return [(row.id, row.revision, row.state) for row in rows]


def _noted(session: Session, found: Sequence[Taken], replaced: Mapping[UUID, UUID], at: datetime) -> list[Taken]:
    if replaced:
        _replace(session, replaced, at)
    # With what has changed up to the revision that is sent: whatever is sent again under its id has to say the same.
    names = ("state", "attempts", "revision", "occurred_at", "sent_at", "changed_fields")
    rows = [
        {"id": one.id}
        | dict(zip(names, (SENDING, one.attempts, one.revision, one.occurred_at, at, one.changed_fields), strict=True))
        for one in found
    ]
    if rows:
        update_rows(session, Delivery.__table__, rows, names)
    return list(found)


def _in_flight(destination: str, state: str) -> AnySelect:
    """The outcomes of which a delivery is in this state, few as a rule: found once, and not for each that is due, as a database
    does that has no statistics of the table yet."""
    return select(_OTHER.outcome_id).where(_OTHER.destination == destination, _OTHER.state == state)


Last = tuple[AnyRow, str, Sequence[str] | None]  # a delivery, the state that it was in, what has changed


def _last(rows: Sequence[UUID], known: Mapping[UUID, Sequence[AnyRow]]) -> tuple[list[Last], dict[UUID, UUID]]:
    """(in the place of each row the last revision that waits to be sent; those that are not sent any more, and their outcomes). A
    later one was noted while an earlier one was being sent, and that one was not taken. Where nobody knows whether it was, nobody
    knows it of what comes in its place."""
    found: dict[tuple[UUID, str], Last] = {}
    replaced: dict[UUID, UUID] = {}
    by_id = {one.id: one for own in known.values() for one in own}
    for row in map(by_id.__getitem__, rows):
        key = (row.outcome_id, row.operation)
        if key in found:
            continue
        of_operation = [one for one in known[row.outcome_id] if one.operation == row.operation]
        same = [one for one in of_operation if one.state in _STANDING]
        last = max(same, key=_revision, default=row)
        doubted = any(one.state == UNKNOWN for one in same) or left_in_doubt(of_operation)
        was = UNKNOWN if doubted and last.state != HELD else last.state
        changes = last.changed_fields
        for one in same:
            if one is not last:
                changes = together(one.changed_fields, changes)
                replaced[one.id] = one.outcome_id
        if was != HELD:
            found[key] = (last, was, changes)
    return list(found.values()), replaced


def _replace(session: Session, replaced: Collection[UUID], at: datetime) -> None:
    gone = {"state": UNDONE, "reason": REPLACED, "settled_at": at}
    update_rows(session, Delivery.__table__, [gone | {"id": one} for one in replaced], tuple(gone))
