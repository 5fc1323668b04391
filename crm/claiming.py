"""Deliveries taken to be sent. Whoever takes them holds the destination (``crm.desk``)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session, aliased

from models import CallOutcome, Delivery
from models.bulk import among, update_rows
from models.database import AnyRow, AnySelect, changed
from models.deliveries import (
    DONE,
    HELD,
    IS_OPEN,
    LOG_CALL,
    PARKED,
    PENDING,
    SENDING,
    SET_STATUS,
    UNDONE,
    UNKNOWN,
)
from models.shown import COLUMNS
from queries import shape

_DUE = (PENDING, PARKED, UNKNOWN)
_STANDING = (PENDING, PARKED, UNKNOWN, HELD)  # to be sent, or sent again
# Why one is not sent any more: a later revision is, or its row was merged into another one.
REPLACED, MERGED = "replaced", "merged"
# The columns that are needed of an outcome, as the API shows it, and of a delivery: whole objects take several times as long.
_SHOWN = tuple(getattr(CallOutcome, name) for name in (*COLUMNS, "changed_fields"))
_KEPT = (
    *(Delivery.id, Delivery.outcome_id, Delivery.operation, Delivery.revision, Delivery.state, Delivery.attempts),
    *(Delivery.changed_fields, Delivery.record_id, Delivery.remote_id, Delivery.remote_url, Delivery.digest),
    *(Delivery.before, Delivery.after),
)
_revision = attrgetter("revision")


@dataclass(frozen=True)
class Set:
    """Fields of a record that we set: as they were, and as they are since."""

    before: Mapping[str, str]
    after: Mapping[str, str]


TOLD_SETTLED = "settled"  # the digest of an event that has said so


@dataclass(frozen=True)
class Taken:
    """A delivery that is being worked on. ``was`` is the state that it was in; ``outcome`` as the API shows it now. What stands
    in the CRM for this outcome, as far as is known: ``remote_id`` and ``remote_url`` of the call, ``record_id`` on which it
    stands, ``digest`` of what was sent last, ``ours`` of the status: what all its revisions have set. ``noted``: what this
    delivery was about to set when it was sent before."""

    id: UUID
    outcome_id: UUID
    operation: str
    revision: int
    was: str
    attempts: int
    outcome: Mapping[str, Any]
    merged: bool
    changed_at: datetime
    occurred_at: datetime
    changed_fields: Sequence[str] | None
    record_id: str | None
    remote_id: str | None
    remote_url: str | None
    digest: str | None
    told_settled: bool  # somebody has taken an event before that nothing is waited for
    ours: Set | None = None
    noted: Set | None = None


def recover(session: Session, destination: str, due: datetime) -> int:
    """Nobody sends now, so what is written down as being sent was left behind by a process that died: nobody knows what came
    of it."""
    left = (Delivery.destination == destination, IS_OPEN, Delivery.state == SENDING)
    return changed(session, update(Delivery).where(*left).values(state=UNKNOWN, due_at=due))


def take(session: Session, destination: str, limit: int, at: datetime) -> list[Taken]:
    """The deliveries that are due, the oldest first, noted as being sent: with what their outcomes are now. None of an outcome of
    which another one is on its way; of several revisions that wait the last. The destination's row is locked by whoever asks,
    so that nothing is added meanwhile."""
    waits = or_(
        Delivery.outcome_id.in_(_in_flight(destination, SENDING)),
        # Of two that are unknown, as a process leaves them that dies, none waits for the other.
        and_(Delivery.state != UNKNOWN, Delivery.outcome_id.in_(_in_flight(destination, UNKNOWN))),
    )
    due = (Delivery.destination == destination, IS_OPEN, Delivery.state.in_(_DUE), Delivery.due_at <= at)
    wanted = select(Delivery.id, Delivery.outcome_id).where(*due, ~waits).order_by(Delivery.due_at, Delivery.id)
    rows = session.execute(wanted.limit(limit).with_for_update()).all()
    if not rows:
        return []
    ids = {row.outcome_id for row in rows}
    outcomes = {one.id: one for one in session.execute(select(*_SHOWN).where(among(session, CallOutcome.id, ids)))}
    known = _known(session, destination, ids)
    last, replaced = _last([row.id for row in rows], known)
    shown = {one: shape.outcome(row) for one, row in outcomes.items()}
    found = [
        _taken(row, was, changes, outcomes[row.outcome_id], shown[row.outcome_id], known[row.outcome_id])
        for row, was, changes in last
    ]
    if replaced:
        _replace(session, replaced, at)
    # With what has changed up to the revision that is sent: whatever is sent again under its id has to say the same.
    names = ("state", "attempts", "revision", "occurred_at", "sent_at", "changed_fields")
    noted = [
        {"id": one.id}
        | dict(zip(names, (SENDING, one.attempts, one.revision, one.occurred_at, at, one.changed_fields), strict=True))
        for one in found
    ]
    update_rows(session, Delivery.__table__, noted, names)
    return found


def _in_flight(destination: str, state: str) -> AnySelect:
    """The outcomes of which a delivery is in this state, few as a rule: found once, and not for each that is due, as a database
    does that has no statistics of the table yet."""
    other = aliased(Delivery)
    return select(other.outcome_id).where(other.destination == destination, other.state == state)


def _known(session: Session, destination: str, outcomes: Collection[UUID]) -> dict[UUID, list[AnyRow]]:
    """All that was ever noted for these outcomes, in its order."""
    found: dict[UUID, list[AnyRow]] = {}
    mine = (among(session, Delivery.outcome_id, outcomes), Delivery.destination == destination)
    for row in session.execute(select(*_KEPT).where(*mine).order_by(Delivery.id)):
        found.setdefault(row.outcome_id, []).append(row)
    return found


Last = tuple[AnyRow, str, Sequence[str] | None]  # a delivery, the state that it was in, what has changed


def _last(rows: Sequence[UUID], known: Mapping[UUID, Sequence[AnyRow]]) -> tuple[list[Last], set[UUID]]:
    """(in the place of each row the last revision that waits to be sent; those that are not sent any more). A later one was noted
    while an earlier one was being sent, and that one was not taken. Where nobody knows whether it was, nobody knows it of what
    comes in its place."""
    found: dict[tuple[UUID, str], Last] = {}
    replaced: set[UUID] = set()
    by_id = {one.id: one for own in known.values() for one in own}
    for row in map(by_id.__getitem__, rows):
        key = (row.outcome_id, row.operation)
        if key in found:
            continue
        same = [one for one in known[row.outcome_id] if one.operation == row.operation and one.state in _STANDING]
        last = max(same, key=_revision, default=row)
        was = UNKNOWN if any(one.state == UNKNOWN for one in same) else last.state
        changes = last.changed_fields
        for one in same:
            if one is not last:
                changes = together(one.changed_fields, changes)
                replaced.add(one.id)
        if was != HELD:
            found[key] = (last, was, changes)
    return list(found.values()), replaced


def _replace(session: Session, replaced: Collection[UUID], at: datetime) -> None:
    gone = {"state": UNDONE, "reason": REPLACED, "settled_at": at}
    update_rows(session, Delivery.__table__, [gone | {"id": one} for one in replaced], tuple(gone))


def together(earlier: Sequence[str] | None, later: Sequence[str] | None) -> list[str] | None:
    """What has changed in both; None where it is not known of one."""
    return None if earlier is None or later is None else sorted({*earlier, *later})


def _taken(
    row: AnyRow | Delivery,
    was: str,
    changes: Sequence[str] | None,
    outcome: AnyRow | CallOutcome,
    shown: Mapping[str, Any],
    known: Sequence[AnyRow],
) -> Taken:
    """``changes``: what has changed up to the row's revision, as far as is known."""
    done = [one for one in known if one.operation == row.operation and one.state == DONE and one.id != row.id]
    logged = [one for one in known if one.operation == LOG_CALL and one.state not in (UNDONE,) and one.remote_id]
    # A status stands on the record, and not where the call does.
    last = logged[-1] if logged and row.operation != SET_STATUS else None
    records = [one.record_id for one in known if one.record_id]
    # What is sent is the outcome as it is: where the feed has not been followed to here, its revision is told now.
    later = any(one.operation == row.operation and one.revision == outcome.revision for one in known if one is not row)
    # Content that was given to the CRM, and nobody knows or wants to know whether it was taken, may stand there instead.
    sent = [one for one in known if one.operation == row.operation and one.attempts]
    digest = sent[-1].digest if sent and sent[-1].state == DONE else None
    return Taken(
        id=row.id,
        outcome_id=row.outcome_id,
        operation=row.operation,
        revision=row.revision if later else max(row.revision, outcome.revision),
        was=was,
        attempts=row.attempts + 1,
        outcome=shown,
        merged=outcome.merged_into is not None,
        changed_at=outcome.changed_at,
        occurred_at=outcome.occurred_at,
        changed_fields=_changed(row.revision, changes, outcome),
        record_id=row.record_id or (records[-1] if records else None),
        remote_id=row.remote_id or (last.remote_id if last else None),
        remote_url=row.remote_url or (last.remote_url if last else None),
        digest=digest,
        told_settled=any(one.digest == TOLD_SETTLED for one in done),
        ours=_ours([*done, row] if was == UNKNOWN else done),
        noted=Set(row.before or {}, row.after) if row.after else None,
    )


def _ours(some: Sequence[AnyRow | Delivery]) -> Set | None:
    """What revisions of one outcome have set, one after the other: what stood there before the first of them, unless somebody has
    moved it on in between."""
    found: Set | None = None
    for one in some:
        if one.after:
            went_on = found is not None and all(
                found.after.get(name) == was for name, was in (one.before or {}).items()
            )
            before = {**(one.before or {}), **(found.before if found is not None and went_on else {})}
            found = Set(before, one.after)
    return found


def _changed(revision: int, changes: Sequence[str] | None, outcome: AnyRow | CallOutcome) -> Sequence[str] | None:
    """What has changed since what was sent before, up to the outcome as it is now."""
    missed = outcome.revision - revision
    if missed <= 0 or changes is None:
        return changes
    return sorted({*changes, *outcome.changed_fields}) if missed == 1 and outcome.changed_fields else None


def imagined(outcome: CallOutcome, operation: str) -> Taken:
    """A delivery that is not there, of an outcome of which nothing was delivered."""
    row = Delivery(id=outcome.id, outcome_id=outcome.id, operation=operation, revision=0, state=PENDING, attempts=0)
    return _taken(row, PENDING, None, outcome, shape.outcome_of(outcome), ())
