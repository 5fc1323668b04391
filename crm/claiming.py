"""Deliveries taken to be sent, and what came of them written down. Whoever does either holds the destination (``crm.desk``)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from crm.statuses import ALREADY
from lib import text as texts
from models import CallOutcome, Delivery
from models.bulk import update_rows
from models.database import changed
from models.deliveries import (
    DONE,
    IS_OPEN,
    IS_STATUS_DONE,
    LOG_CALL,
    PARKED,
    PENDING,
    SENDING,
    UNDONE,
    UNKNOWN,
)
from queries import shape

_DUE = (PENDING, PARKED, UNKNOWN)
_IN_FLIGHT = (SENDING, UNKNOWN)
LONGEST_ANSWER = 2_000  # characters of a CRM's words that are kept
_SETTLED = (
    *("state", "reason", "answer", "record_id", "remote_id", "remote_url", "candidates", "digest", "before", "after"),
    *("due_at", "settled_at"),
)


@dataclass(frozen=True)
class Taken:
    """A delivery that is being worked on. ``was`` is the state that it was in; ``outcome`` as the API shows it now. What stands
    in the CRM for this outcome, as far as is known: ``remote_id`` and ``remote_url`` of the call, ``record_id`` on which it
    stands, ``digest`` of what was sent last."""

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
    first: bool  # nothing of this operation was done for the outcome before


@dataclass(frozen=True)
class Settled:
    """What a delivery is from now on; ``due`` where it is to be worked on again."""

    taken: Taken
    state: str
    reason: str | None = None
    answer: str | None = None
    record_id: str | None = None
    remote_id: str | None = None
    remote_url: str | None = None
    candidates: Sequence[Mapping[str, Any]] | None = None
    digest: str | None = None
    before: Mapping[str, str] | None = None
    after: Mapping[str, str] | None = None
    due: datetime | None = None


def recover(session: Session, destination: str, due: datetime) -> int:
    """Nobody sends now, so what is written down as being sent was left behind by a process that died: nobody knows what came
    of it."""
    left = (Delivery.destination == destination, IS_OPEN, Delivery.state == SENDING)
    return changed(session, update(Delivery).where(*left).values(state=UNKNOWN, due_at=due))


def take(session: Session, destination: str, limit: int, at: datetime) -> list[Taken]:
    """The deliveries that are due, the oldest first, noted as being sent: with what their outcomes are now. None of an outcome of
    which another one is on its way."""
    other = aliased(Delivery)
    waits = exists().where(
        other.destination == destination,
        other.outcome_id == Delivery.outcome_id,
        other.id != Delivery.id,
        other.state.in_(_IN_FLIGHT),
    )
    due = (Delivery.destination == destination, IS_OPEN, Delivery.state.in_(_DUE), Delivery.due_at <= at)
    rows = session.scalars(
        select(Delivery).where(*due, ~waits).order_by(Delivery.due_at, Delivery.id).limit(limit).with_for_update()
    ).all()
    if not rows:
        return []
    ids = {row.outcome_id for row in rows}
    outcomes = {one.id: one for one in session.scalars(select(CallOutcome).where(CallOutcome.id.in_(ids)))}
    before = _before(session, destination, ids)
    found = [_taken(row, outcomes[row.outcome_id], before.get(row.outcome_id, [])) for row in rows]
    noted = [
        {"id": one.id, "state": SENDING, "attempts": one.attempts, "revision": one.revision, "sent_at": at}
        for one in found
    ]
    update_rows(session, Delivery.__table__, noted, ("state", "attempts", "revision", "sent_at"))
    session.expunge_all()
    return found


def _before(session: Session, destination: str, outcomes: Collection[UUID]) -> dict[UUID, list[Delivery]]:
    found: dict[UUID, list[Delivery]] = {}
    rows = select(Delivery).where(Delivery.outcome_id.in_(outcomes), Delivery.destination == destination)
    for row in session.scalars(rows.order_by(Delivery.id)):
        found.setdefault(row.outcome_id, []).append(row)
    return found


def _taken(row: Delivery, outcome: CallOutcome, known: Sequence[Delivery]) -> Taken:
    done = [one for one in known if one.operation == row.operation and one.state == DONE and one.id != row.id]
    logged = [one for one in known if one.operation == LOG_CALL and one.state not in (UNDONE,) and one.remote_id]
    last = logged[-1] if logged else None
    records = [one.record_id for one in known if one.record_id]
    # What is sent is the outcome as it is: where the feed has not been followed to here, its revision is told now.
    later = any(one.operation == row.operation and one.revision == outcome.revision for one in known if one is not row)
    return Taken(
        id=row.id,
        outcome_id=row.outcome_id,
        operation=row.operation,
        revision=row.revision if later else max(row.revision, outcome.revision),
        was=row.state,
        attempts=row.attempts + 1,
        outcome=shape.outcome_of(outcome),
        merged=outcome.merged_into is not None,
        changed_at=outcome.changed_at,
        occurred_at=outcome.occurred_at,
        changed_fields=_changed(row, outcome),
        record_id=row.record_id or (records[-1] if records else None),
        remote_id=row.remote_id or (last.remote_id if last else None),
        remote_url=row.remote_url or (last.remote_url if last else None),
        digest=done[-1].digest if done else None,
        first=not done,
    )


def _changed(row: Delivery, outcome: CallOutcome) -> Sequence[str] | None:
    """What has changed since what was sent before, up to the outcome as it is now."""
    missed = outcome.revision - row.revision
    if missed <= 0 or row.changed_fields is None:
        return row.changed_fields
    return sorted({*row.changed_fields, *outcome.changed_fields}) if missed == 1 and outcome.changed_fields else None


def imagined(outcome: CallOutcome, operation: str) -> Taken:
    """A delivery that is not there, of an outcome of which nothing was delivered."""
    row = Delivery(id=outcome.id, outcome_id=outcome.id, operation=operation, revision=0, state=PENDING, attempts=0)
    return _taken(row, outcome, ())


def settle(session: Session, results: Sequence[Settled], at: datetime) -> None:
    """Write down what came of them."""
    rows = [
        {
            "id": one.taken.id,
            "state": one.state,
            "reason": one.reason,
            "answer": _kept(one.answer),
            "record_id": one.record_id or one.taken.record_id,
            "remote_id": one.remote_id or one.taken.remote_id,
            "remote_url": one.remote_url or one.taken.remote_url,
            "candidates": one.candidates,
            "digest": one.digest or one.taken.digest,
            "before": one.before,
            "after": one.after,
            "due_at": one.due or at,
            "settled_at": at,
        }
        for one in results
    ]
    update_rows(session, Delivery.__table__, rows, _SETTLED)


def _kept(answer: str | None) -> str | None:
    if answer is None:
        return None
    return str(texts.clean(answer))[:LONGEST_ANSWER]


def overtaken(session: Session, destination: str, records: Collection[str]) -> Mapping[str, datetime]:
    """Record -> when the latest call was whose outcome has set its status."""
    found: dict[str, datetime] = {}
    rows = select(Delivery.record_id, Delivery.occurred_at).where(
        Delivery.destination == destination,
        Delivery.record_id.in_(records),
        IS_STATUS_DONE,
        or_(Delivery.reason.is_(None), Delivery.reason == ALREADY),
    )
    for record, at in session.execute(rows):
        if record is not None and (record not in found or at > found[record]):
            found[record] = at
    return found


def later(at: datetime, attempts: int, wanted: float | None) -> datetime:
    """When a delivery that was certainly not taken is tried again: from a second to an hour after, as often as it was tried."""
    backoff = min(2.0 ** min(attempts - 1, 12), 3_600.0)
    return at + timedelta(seconds=max(backoff, min(wanted or 0.0, 3_600.0)))
