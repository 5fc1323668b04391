"""What came of deliveries, written down, and what must be known before anything is written there. Whoever does either holds the
destination (``crm.desk``)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session, aliased

from crm.accounts import SHARED, said_of
from crm.statuses import ALREADY, KEPT_OFF, OVERTAKEN, PUT_BACK, RETRACTED
from crm.taken import MERGED, Set, Taken
from lib import text as texts
from models import CallOutcome, Delivery, DestinationState
from models.bulk import among, each, update_rows
from models.database import changed
from models.deliveries import (
    DONE,
    HELD,
    IS_OPEN,
    IS_STATUS_DONE,
    LOG_CALL,
    PARKED,
    PENDING,
    REFUSED,
    SET_STATUS,
    UNDONE,
    UNKNOWN,
)
from queries.deliveries import outdated

_TO_SPEAK = (PENDING, PARKED, UNKNOWN)  # what is being sent is deciding now
_OWN, _LATER = aliased(Delivery), aliased(Delivery)  # once: each takes milliseconds to be made
LONGEST_ANSWER = 2_000  # characters of a CRM's words that are kept
_SETTLED = (
    *("state", "reason", "answer", "record_id", "remote_id", "remote_url", "candidates", "digest", "before", "after"),
    *("attempts", "due_at", "settled_at", "failing_since"),
)


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
    set: Set | None = None  # done, or perhaps done
    due: datetime | None = None
    tried: bool = True  # whether it was sent at all
    failed: bool = False  # it was, and in vain
    failing_since: datetime | None = None


def settle(session: Session, destination: str, results: Sequence[Settled], at: datetime) -> None:
    """Write down what came of them. Nobody has to say whom a row belongs to that was merged while it was looked for."""
    held = {one.taken.outcome_id for one in results if one.state == HELD}
    is_merged = (CallOutcome.id.in_(held), CallOutcome.merged_into.is_not(None))
    merged = set(session.scalars(select(CallOutcome.id).where(*is_merged))) if held else set()
    results = [
        Settled(one.taken, UNDONE, MERGED) if one.state == HELD and one.taken.outcome_id in merged else one
        for one in results
    ]
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
            "before": one.set.before if one.set else None,
            "after": one.set.after if one.set else None,
            "attempts": one.taken.attempts - (not one.tried),
            "due_at": one.due or at,
            "settled_at": at,
            "failing_since": one.failing_since,
        }
        for one in results
    ]
    update_rows(session, Delivery.__table__, rows, _SETTLED)
    forgotten = {one.taken.outcome_id for one in results if one.reason == SHARED}
    if forgotten:
        _forget(session, destination, forgotten)
    left = {one.taken.outcome_id for one in results if _leaves(one)}
    if left:
        _leave_to_others(session, destination, left, at)
    for one in results:
        record = one.record_id or one.taken.record_id
        if one.taken.operation == SET_STATUS and record is not None:
            if one.reason in RETRACTED:
                _look_anew(session, destination, record, at, Delivery.occurred_at < one.taken.occurred_at, (OVERTAKEN,))
            if _has_moved(one):
                _look_anew(session, destination, record, at, Delivery.occurred_at > one.taken.occurred_at, KEPT_OFF)


def _forget(session: Session, destination: str, outcomes: Collection[UUID]) -> None:
    """The calls are another destination's, which corrects them and takes them back."""
    mine = (among(session, Delivery.outcome_id, outcomes), Delivery.destination == destination)
    logged = (Delivery.operation == LOG_CALL, Delivery.remote_id.is_not(None))
    changed(session, update(Delivery).where(*mine, *logged).values(remote_id=None, remote_url=None, digest=None))


def _leaves(one: Settled) -> bool:
    return one.taken.operation == LOG_CALL and one.state in (HELD, REFUSED)


def _leave_to_others(session: Session, destination: str, outcomes: Collection[UUID], at: datetime) -> None:
    """The calls are not logged here: other destinations that have counted on it look at them anew."""
    mine = (among(session, Delivery.outcome_id, outcomes), Delivery.operation == LOG_CALL, Delivery.state == DONE)
    counted_on = (Delivery.reason == SHARED, Delivery.answer == said_of(destination), ~outdated())
    changed(session, update(Delivery).where(*mine, *counted_on).values(state=PENDING, due_at=at, settled_at=at))


def _has_moved(one: Settled) -> bool:
    """Whether what an earlier revision of the call had set on the record stands there no more."""
    return one.state == DONE and one.reason in (None, PUT_BACK) and one.taken.ours is not None


def _look_anew(
    session: Session,
    destination: str,
    record: str,
    at: datetime,
    which: ColumnElement[bool],
    reasons: Collection[str],
) -> None:
    """A call sets no more what it had set: earlier ones that it had overtaken, and later ones that what stood there had kept from
    setting theirs, are looked at anew."""
    mine = (Delivery.destination == destination, Delivery.record_id == record, which)
    set_nothing = (IS_STATUS_DONE, Delivery.reason.in_(reasons), ~outdated())
    changed(session, update(Delivery).where(*mine, *set_nothing).values(state=PENDING, due_at=at, settled_at=at))


def _kept(answer: str | None) -> str | None:
    if answer is None:
        return None
    return str(texts.clean(answer))[:LONGEST_ANSWER]


def overtaken(session: Session, destination: str, records: Collection[str]) -> Mapping[str, datetime]:
    """Record -> when the latest call was whose outcome has set its status. A row that was merged into another is no call, as soon
    as that one has spoken: until then an earlier call would set the status back, and that one forward again."""
    followed = select(DestinationState.position).where(DestinationState.name == destination).scalar_subquery()
    own, later = _OWN, _LATER
    to_speak = (own.destination == destination, own.operation == SET_STATUS, own.state.in_(_TO_SPEAK))
    # Of one call, never a list of all: PostgreSQL may read all that wait for an EXISTS.
    speaks_later = select(own.id).where(own.outcome_id == CallOutcome.merged_into, *to_speak).limit(1).scalar_subquery()
    of_row = (later.outcome_id == Delivery.outcome_id, later.destination == destination, later.operation == SET_STATUS)
    gone = (later.reason.in_(RETRACTED), later.state.in_((DONE, UNDONE)), later.revision > Delivery.revision)
    retracted = select(later.id).where(*of_row, *gone).limit(1).scalar_subquery()  # it sets nothing any more
    stands = or_(CallOutcome.merged_into.is_(None), CallOutcome.position > followed, speaks_later.is_not(None))
    of_call = (Delivery.outcome_id == CallOutcome.id, stands)
    told = (IS_STATUS_DONE, or_(Delivery.reason.is_(None), Delivery.reason == ALREADY), retracted.is_(None), *of_call)
    wanted = each(session, set(records))
    mine = (Delivery.destination == destination, Delivery.record_id == wanted.c.value)
    # Record by record, the latest first: asked for all at once, SQLite looks at every status that was ever set.
    latest = select(Delivery.occurred_at).where(*mine, *told).order_by(Delivery.occurred_at.desc()).limit(1)
    rows = session.execute(select(wanted.c.value, latest.scalar_subquery()))
    return {record: at for record, at in rows if at is not None}


def uncertain(session: Session, destination: str, records: Collection[str]) -> Mapping[str, datetime]:
    """Record -> when the latest call was of which nobody knows whether it has set the status. What is asked for now is not
    among them."""
    found: dict[str, datetime] = {}
    mine = (Delivery.destination == destination, Delivery.record_id.in_(records))
    which = (IS_OPEN, Delivery.operation == SET_STATUS, Delivery.state == UNKNOWN)
    for record, at in session.execute(select(Delivery.record_id, Delivery.occurred_at).where(*mine, *which)):
        if record is not None and (record not in found or at > found[record]):
            found[record] = at
    return found


def note_set(session: Session, changes: Mapping[UUID, Set]) -> None:
    """Delivery -> what it is about to set: where the answer does not come, that can be put back all the same."""
    rows = [{"id": delivery, "before": one.before, "after": one.after} for delivery, one in changes.items()]
    update_rows(session, Delivery.__table__, rows, ("before", "after"))


def note(session: Session, records: Mapping[UUID, str]) -> None:
    """Delivery -> the record that it belongs to, before anything is written there."""
    rows = [{"id": delivery, "record_id": record} for delivery, record in records.items()]
    update_rows(session, Delivery.__table__, rows, ("record_id",))
