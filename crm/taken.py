"""A delivery that is worked on: what is known of it, of its outcome, and of what stands in the CRM for that."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from models import CallOutcome, Delivery
from models.bulk import among
from models.database import AnyRow, AnySelect
from models.deliveries import DONE, IN_DOUBT, LOG_CALL, PENDING, REFUSED, SET_STATUS, UNDONE, UNKNOWN
from queries import shape

MERGED = "merged"  # why one is not sent any more: its row was merged into another one
TOLD_SETTLED = "settled"  # the digest of an event that has said so


@dataclass(frozen=True)
class Set:
    """Fields of a record that we set: as they were, and as they are since."""

    before: Mapping[str, str]
    after: Mapping[str, str]


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
    failing_since: datetime | None = None


def together(earlier: Sequence[str] | None, later: Sequence[str] | None) -> list[str] | None:
    """What has changed in both; None where it is not known of one."""
    return None if earlier is None or later is None else sorted({*earlier, *later})


def noted_for(
    session: Session, deliveries: AnySelect, destination: str, outcomes: Collection[UUID]
) -> dict[UUID, list[AnyRow]]:
    """All that was ever noted for these outcomes, with the columns of ``deliveries`` and in its order."""
    found: dict[UUID, list[AnyRow]] = {}
    mine = (among(session, Delivery.outcome_id, outcomes), Delivery.destination == destination)
    for row in session.execute(deliveries.where(*mine)):
        found.setdefault(row.outcome_id, []).append(row)
    return found


def is_in_doubt(one: AnyRow) -> bool:
    """Whether it was given up, and may have been taken."""
    return bool(one.state == REFUSED and one.reason == IN_DOUBT)


def left_in_doubt(some: Sequence[AnyRow]) -> bool:
    """Whether what was sent last of these may have been taken, and was given up."""
    left = False
    for one in some:
        left = is_in_doubt(one) or (left and one.state != DONE)
    return left


def as_taken(
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
    same = [one for one in known if one.operation == row.operation and one.id != row.id]
    in_doubt = [one for one in same if one.state == UNKNOWN or is_in_doubt(one)]
    noted = [Set(one.before or {}, one.after) for one in (*in_doubt, row) if one.after]
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
        failing_since=row.failing_since,
        told_settled=any(one.digest == TOLD_SETTLED for one in done),
        ours=_ours([*done, *in_doubt, row] if was == UNKNOWN else done),
        noted=noted[-1] if noted else None,
    )


def _ours(some: Sequence[AnyRow | Delivery]) -> Set | None:
    """What revisions of one outcome have set, one after the other: what stood there before the first of them, unless somebody has
    moved it on in between."""
    found = Set({}, {})
    for one in some:
        if one.after:
            before = one.before or {}
            went_on = all(found.after.get(name, was) == was for name, was in before.items())
            found = Set({**before, **found.before}, {**found.after, **one.after}) if went_on else Set(before, one.after)
    return found if found.after else None


def _changed(revision: int, changes: Sequence[str] | None, outcome: AnyRow | CallOutcome) -> Sequence[str] | None:
    """What has changed since what was sent before, up to the outcome as it is now."""
    missed = outcome.revision - revision
    if missed <= 0 or changes is None:
        return changes
    return sorted({*changes, *outcome.changed_fields}) if missed == 1 and outcome.changed_fields else None


def imagined(outcome: CallOutcome, operation: str) -> Taken:
    """A delivery that is not there, of an outcome of which nothing was delivered."""
    row = Delivery(id=outcome.id, outcome_id=outcome.id, operation=operation, revision=0, state=PENDING, attempts=0)
    return as_taken(row, PENDING, None, outcome, shape.outcome_of(outcome), ())
