"""The feed, followed: what has changed becomes what is to be done, in the transaction that moves the destination's place."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm import desk, sharing
from crm.base import Crm
from crm.destination import FINAL, Destination
from crm.registry import CRMS
from crm.statuses import ALREADY, RETRACTED, rule_for
from crm.taken import MERGED, is_in_doubt, noted_for, together
from dialers.vocabulary import NEVER_DISPOSED
from dialers.vocabulary import SETTLED as IS_SETTLED
from lib import clock, ids
from models import CallOutcome, Delivery, DestinationState
from models.bulk import insert_rows, update_rows
from models.database import AnyRow, Database, changed
from models.deliveries import (
    DONE,
    HELD,
    LEFT_OUT,
    LOG_CALL,
    PARKED,
    PENDING,
    POST_EVENT,
    REFUSED,
    REMOVE_CALL,
    SENDING,
    SET_STATUS,
    UNDONE,
    UNKNOWN,
)
from models.shared_clock import shared
from outcomes import erased
from outcomes.feed import state

PIECE = 250  # changes
_COLUMNS = (
    *(CallOutcome.id, CallOutcome.revision, CallOutcome.position, CallOutcome.occurred_at, CallOutcome.connection),
    *(CallOutcome.campaign_id, CallOutcome.campaign_name, CallOutcome.connect_outcome, CallOutcome.disposition),
    *(CallOutcome.flags, CallOutcome.settling, CallOutcome.is_final, CallOutcome.merged_into),
    *(CallOutcome.changed_fields, CallOutcome.customer_number, CallOutcome.call_id, CallOutcome.lead_id),
    CallOutcome.attempt_id,
)
_KNOWN = (
    *(Delivery.id, Delivery.outcome_id, Delivery.operation, Delivery.revision, Delivery.state),
    *(Delivery.remote_id, Delivery.changed_fields, Delivery.reason),
)
_CHANGES, _DELIVERIES = select(*_COLUMNS).order_by(CallOutcome.position), select(*_KNOWN).order_by(Delivery.id)
_TOLD = ("connection", "campaign_id", "campaign_name", "flags", "disposition", "connect_outcome")
_REPLACEABLE = (PENDING, HELD, PARKED)  # not sent: a later revision takes its place
_UPDATED = (
    *("revision", "state", "reason", "answer", "candidates", "changed_fields", "position", "due_at", "settled_at"),
    "failing_since",
)

Row = dict[str, Any]
_EMPTY: Row = dict.fromkeys(column.name for column in Delivery.__table__.columns)


def follow(database: Database, destination: Destination, now: Callable[[], datetime] = clock.now) -> bool:
    """Make deliveries of the next changes in the feed. False where there were none, or where it was started as another kind.
    Raises SQLAlchemyError."""
    at, most = now(), sharing.most(database, PIECE)
    with database.snapshot() as session:  # what is to be done is worked out while nobody waits for it
        known = session.get(DestinationState, destination.name)
        if known is not None and (known.kind != destination.kind or known.position >= state(session).last_position):
            return False
        plan = _planned(session, destination, known, most, at) if known is not None else None
    with sharing.write(database) as session:
        desk.made(session, destination, at)
        where = select(DestinationState).where(DestinationState.name == destination.name).with_for_update()
        row = session.scalars(where).one()
        if plan is None or plan.begins != row.position or not plan.work.still_holds(session):
            plan = _planned(session, destination, row, most, at)
        row.followed_at = shared(at)
        if plan.ends is None:
            return False
        plan.work.note(session)
        row.position = plan.ends
    return True


@dataclass(frozen=True)
class _Plan:
    """What is to be done about a piece of the feed, from one place, exclusive, to another; None where nothing came."""

    begins: int
    ends: int | None
    work: "_Work"


def _planned(session: Session, destination: Destination, row: DestinationState, most: int, at: datetime) -> _Plan:
    found = session.execute(_CHANGES.where(CallOutcome.position > row.position).limit(most)).all()
    as_started = replace(destination, since=row.since)
    ends = found[-1].position if found else None
    return _Plan(row.position, ends, _work(session, as_started, found, at))


@dataclass(frozen=True)
class _Work:
    """Deliveries to be noted, and what was known of their outcomes when that was worked out."""

    destination: str
    outcomes: Sequence[UUID]
    known: Mapping[UUID, Sequence[AnyRow]]
    made: Sequence[Row]
    renewed: Sequence[Row]

    def still_holds(self, session: Session) -> bool:
        """Whether nothing was sent or noted meanwhile. Whoever asks has locked the destination's row."""
        return noted_for(session, _DELIVERIES, self.destination, self.outcomes) == self.known

    def note(self, session: Session) -> int:
        """How many are new or renewed. Whoever asks has locked the destination's row, where they are counted."""
        insert_rows(session, Delivery.__table__, self.made)
        update_rows(session, Delivery.__table__, self.renewed, _UPDATED)
        calls = len({row["outcome_id"] for row in self.made} - self.known.keys())
        more = {"deliveries": DestinationState.deliveries + len(self.made), "calls": DestinationState.calls + calls}
        changed(session, update(DestinationState).where(DestinationState.name == self.destination).values(more))
        return len(self.made) + len(self.renewed)


def deliver(
    session: Session, destination: Destination, found: Sequence[AnyRow], at: datetime, undone: bool = False
) -> int:
    """Note what is to be done about these outcomes, rows of ``_COLUMNS``; how many deliveries are new or renewed.
    ``undone``: also what was taken back is done again."""
    return _work(session, destination, found, at, undone).note(session)


def _work(
    session: Session, destination: Destination, found: Sequence[AnyRow], at: datetime, undone: bool = False
) -> _Work:
    outcomes = [row.id for row in found]
    crm = CRMS[destination.kind]
    known = noted_for(session, _DELIVERIES, destination.name, outcomes)
    made: list[Row] = []
    renewed: list[Row] = []
    for outcome in found:
        own = known.get(outcome.id, [])
        for operation in _operations(crm, destination, outcome, own):
            before = [one for one in own if one.operation == operation]
            if any(one.revision >= outcome.revision and not (undone and one.state == UNDONE) for one in before):
                continue
            if any(one.state == REFUSED and one.reason == LEFT_OUT for one in before):
                continue
            again = [one for one in before if one.state == UNDONE and one.revision >= outcome.revision]
            replaced = next((one for one in before if one.state in _REPLACEABLE), again[0] if again else None)
            if replaced is None:
                made.append(_new(destination.name, operation, outcome, at))
            else:
                renewed.append(_again(replaced, outcome, at))
        if outcome.merged_into is not None:
            renewed += [_over(one, outcome, at) for one in own if _is_over(one)]
    return _Work(destination.name, outcomes, known, made, renewed)


def columns() -> Iterable[Any]:
    """What ``deliver`` needs to know of an outcome."""
    return _COLUMNS


def operations(crm: Crm, destination: Destination, outcome: CallOutcome) -> list[str]:
    """What would be done about an outcome of which nothing was done before."""
    return _operations(crm, destination, outcome, ())


def _operations(
    crm: Crm, destination: Destination, outcome: AnyRow | CallOutcome, known: Sequence[AnyRow]
) -> list[str]:
    logged = [one for one in known if one.operation == LOG_CALL and _may_stand(one)]
    posted = any(one.operation == POST_EVENT for one in known)
    if is_erased(outcome) and crm.events is None:
        return []  # what stands there was erased, or is named for a person: ``crm.erasing``
    if outcome.merged_into is not None:
        # What was logged for it goes, since the row that it became is logged by itself; who was told of it is told.
        return ([REMOVE_CALL] if logged else []) + ([POST_EVENT] if posted else [])
    begun = any(one.state != UNDONE for one in known)
    fits = (
        (begun or _is_recent(destination, outcome))
        and destination.wants(_told(outcome))
        and _is_ripe(destination, outcome)
    )
    found = []
    if crm.calls is not None and ((fits and destination.log_calls) or logged):
        found.append(LOG_CALL)
    mapped = fits and rule_for(destination, _told(outcome)) is not None
    if crm.records is not None and (mapped or (_has_set(known) and _is_ripe(destination, outcome))):
        found.append(SET_STATUS)  # what a call had set that sets nothing any more is put back
    if crm.events is not None and (fits or posted):
        found.append(POST_EVENT)
    return found


def _may_stand(logged: AnyRow) -> bool:
    """Whether its call may be there, of this revision or an earlier one."""
    in_doubt = logged.state in (DONE, SENDING, UNKNOWN) or is_in_doubt(logged)
    return in_doubt or (logged.state != UNDONE and logged.remote_id is not None)


def _has_set(known: Sequence[AnyRow]) -> bool:
    """Whether the call may have decided what its record's status is, and has not been taken back since."""
    decides = False
    for one in known:
        if one.operation == SET_STATUS and one.reason in RETRACTED and one.state in (DONE, UNDONE):
            decides = False
        elif one.operation == SET_STATUS:
            decides |= (
                one.state in (SENDING, UNKNOWN)
                or is_in_doubt(one)
                or (one.state == DONE and one.reason in (None, ALREADY))
            )
    return decides


def is_erased(outcome: AnyRow | CallOutcome) -> bool:
    """Whether the person was erased: whom the call belongs to is nobody's to find."""
    return erased.is_erased({name: getattr(outcome, name) for name in ("customer_number", *erased.NAMES)})


def _told(outcome: AnyRow | CallOutcome) -> Mapping[str, Any]:
    return {name: getattr(outcome, name) for name in _TOLD}


def _is_recent(destination: Destination, outcome: AnyRow | CallOutcome) -> bool:
    return destination.since is None or outcome.occurred_at >= destination.since


def _is_ripe(destination: Destination, outcome: AnyRow | CallOutcome) -> bool:
    if destination.when == FINAL:
        return bool(outcome.is_final)
    return outcome.settling in (IS_SETTLED, NEVER_DISPOSED)


def _new(destination: str, operation: str, outcome: AnyRow, at: datetime) -> Row:
    own = {"id": ids.new(), "destination": destination, "outcome_id": outcome.id, "operation": operation}
    return (
        _EMPTY
        | own
        | {
            "revision": outcome.revision,
            "state": PENDING,
            "changed_fields": outcome.changed_fields,
            "attempts": 0,
            "position": outcome.position,
            "occurred_at": outcome.occurred_at,
            "created_at": at,
            "due_at": at,
        }
    )


def _again(replaced: AnyRow, outcome: AnyRow, at: datetime) -> Row:
    return {
        "id": replaced.id,
        "revision": outcome.revision,
        "state": PENDING,
        "reason": None,
        "answer": None,
        "candidates": None,
        "changed_fields": together(replaced.changed_fields, outcome.changed_fields),
        "position": outcome.position,
        "due_at": at,
        "settled_at": None,
        "failing_since": None,
    }


def _is_over(known: AnyRow) -> bool:
    return known.operation in (LOG_CALL, SET_STATUS) and known.state in _REPLACEABLE


def _over(known: AnyRow, outcome: AnyRow, at: datetime) -> Row:
    return _again(known, outcome, at) | {
        "revision": known.revision,
        "state": UNDONE,
        "reason": MERGED,
        "settled_at": at,
    }
