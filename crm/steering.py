"""What a person does about deliveries: pause and resume a destination, have something tried again, say whom a call belongs to.

Nothing is sent here: rows are made due, and the worker comes to them. A row is changed only while it is in the state that was
looked at, so whoever sends and whoever steers never take the same one. Many are done in lots: somebody who has a million tried
again holds up nobody.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Update, and_, case, func, or_, select, update
from sqlalchemy.orm import Session

from crm import budgets, lots
from crm.finding import MOST_CANDIDATES
from crm.lots import Condition
from crm.registry import CRMS
from models import Delivery, DestinationState, DestinationTokens, audit
from models.database import Database, changed
from models.deliveries import (
    DONE,
    HELD,
    IN_DOUBT,
    IS_OPEN,
    LEFT_OUT,
    LOST,
    PARKED,
    PENDING,
    REFUSED,
    SENDING,
    UNDONE,
    UNKNOWN,
)
from queries.deliveries import RETRIED, STEERED, find, outdated


class CannotRetry(ValueError):
    """It cannot be tried again as it is. The message is a sentence for the person."""


class NotChosen(ValueError):
    """The record cannot be chosen for this delivery. The message is a sentence for the person."""


def pause(database: Database, name: str, by: str, now: datetime) -> bool:
    """Send nothing to the destination until it is resumed; False where no worker has started it yet. Who paused it first stays
    named. What is being sent at this moment is finished."""
    with database.write() as session:
        free = (DestinationState.name == name, DestinationState.paused_at.is_(None))
        changed(session, update(DestinationState).where(*free).values(paused_at=now, paused_by=by))
        audit.note(session, "destination.pause", subject=name)
        return _is_there(session, name)


def resume(database: Database, name: str, now: datetime, portal: str | None = None) -> bool:
    """Send again, also what was parked or is put off after a failure: whoever resumes says that the cause is mended. ``portal``:
    an account whose quota was spent, and is there again. False where there is no such row."""
    with database.write() as session:
        again: dict[str, object] = {"paused_at": None, "paused_by": None, "parked_until": None, "next_at": now}
        again |= {"error": None, "error_id": None, "failures": 0, "failing_since": None}
        changed(session, update(DestinationState).where(DestinationState.name == name).values(again))
        if not _is_there(session, name):
            return False
        audit.note(session, "destination.resume", subject=name)
        mine = DestinationTokens.name == name
        changed(session, update(DestinationTokens).where(mine).values(refused_until=None))
        if portal is not None:
            budgets.reopen(session, portal)
    put_off = [Delivery.destination == name, Delivery.state.in_((PARKED, PENDING)), Delivery.due_at > now]
    lots.change(database, put_off, {"due_at": now})
    failing: list[Condition] = [and_(Delivery.destination == name, IS_OPEN), Delivery.failing_since.is_not(None)]
    lots.change(database, failing, {"failing_since": None})
    return True


def retry(database: Database, delivery_id: UUID, now: datetime) -> Delivery | None:
    """Have one tried again: it becomes pending and is due; why it was not taken stays until the next result. Of one that is
    unknown the look-up is due, as soon as the CRM's search can show it. None where there is no such delivery. Raises
    CannotRetry."""
    with database.write() as session:
        this = Delivery.id == delivery_id
        if not changed(
            session, update(Delivery).where(this, Delivery.state.in_(RETRIED), ~outdated()).values(_again(now))
        ):
            changed(session, update(Delivery).where(this, Delivery.state == PENDING).values(due_at=now))
            found = find(session, delivery_id)
            if found is not None:
                _check(session, found)
                changed(
                    session,
                    update(Delivery).where(this, _can_be_found(found.destination, session, now)).values(due_at=now),
                )
        return _noted(session, "delivery.retry", find(session, delivery_id))


def retry_many(
    database: Database, conditions: Iterable[Condition], now: datetime, said: Mapping[str, str] | None = None
) -> int:
    """Have every such delivery (``queries.deliveries.conditions``) tried again that can be; how many. ``said``: the same filters,
    as they are noted."""
    left_out = and_(Delivery.state == REFUSED, func.coalesce(Delivery.reason, "") == LEFT_OUT)  # one by one, if at all
    wanted = [*conditions, Delivery.state.in_(STEERED), ~left_out]
    with database.write() as session:  # before: whoever has begun is known, wherever it is interrupted
        audit.note(session, "delivery.retry", details=said)
    with database.read() as session:
        names = list(session.scalars(select(DestinationState.name)))
        unknown = [_can_be_found(name, session, now) for name in names]
    # First what is unknown: some of the others become so.
    tried = sum(lots.change(database, [*wanted, can_be_found], {"due_at": now}) for can_be_found in unknown)
    return tried + lots.change(database, [*wanted, Delivery.state.in_(RETRIED), ~outdated()], _again(now))


def choose(database: Database, delivery_id: UUID, record_id: str, now: datetime) -> Delivery | None:
    """Say that the call belongs to that record of the CRM: whatever of it is held there is done next, and what was refused
    because its record is there no more. One of the candidates, where several were found and all of them are named; else
    whichever the person names. None where there is no such delivery. Raises CannotRetry, NotChosen."""
    with database.write() as session:
        one = session.get(Delivery, delivery_id, with_for_update=True)
        if one is None:
            return None
        waits = _waits_for_person(session, one)
        record_id = record_id.strip()
        named = [str(found.get("id")) for found in one.candidates or ()]
        if named and record_id not in named and len(named) < MOST_CANDIDATES:
            raise NotChosen("Several records were found: choose one of the candidates.")
        if not record_id or not record_id.isprintable() or len(record_id) > 200:
            raise NotChosen("Not an id: it needs 1 to 200 characters that can be seen.")
        chosen = {"record_id": record_id, "reason": None, "candidates": None}
        changed(session, waits.values(_again(now) | chosen))
        return _noted(session, "delivery.choose", find(session, delivery_id), {"record_id": record_id})


def leave_out(database: Database, delivery_id: UUID, by: str, now: datetime) -> Delivery | None:
    """Say that the call belongs to nobody there: whatever of it is held there, or was refused because its record is there no
    more, is not done, nor are later revisions of it. To have it tried again takes that back. None where there is no such
    delivery. Raises CannotRetry."""
    with database.write() as session:
        one = session.get(Delivery, delivery_id, with_for_update=True)
        if one is None:
            return None
        waits = _waits_for_person(session, one)
        left = {"state": REFUSED, "reason": LEFT_OUT, "answer": f"Left out by {by}.", "candidates": None}
        changed(session, waits.values(left | {"settled_at": now}))
        return _noted(session, "delivery.leave_out", find(session, delivery_id))


def _noted(
    session: Session, act: str, found: Delivery | None, more: Mapping[str, str] | None = None
) -> Delivery | None:
    if found is not None:
        audit.note(session, act, subject=found.id, details={"destination": found.destination, **(more or {})})
    return found


def _waits_for_person(session: Session, one: Delivery) -> Update:
    """What of the delivery's call waits there for somebody to say whom it belongs to. Raises CannotRetry where this one does
    not."""
    if one.state != HELD and not (one.state == REFUSED and one.reason in LOST):
        raise CannotRetry(f"It does not wait for somebody to choose a record, but is {one.state}; nothing was changed.")
    same = (Delivery.destination == one.destination, Delivery.outcome_id == one.outcome_id)
    lost = and_(Delivery.state == REFUSED, Delivery.reason.in_(LOST), ~outdated())
    return update(Delivery).where(*same, or_(Delivery.state == HELD, lost))


def _again(now: datetime) -> dict[str, object]:
    # Of what was given up without knowing whether it was taken the look-up is due.
    state = case((func.coalesce(Delivery.reason, "") == IN_DOUBT, UNKNOWN), else_=PENDING)
    return {"state": state, "due_at": now, "settled_at": now, "failing_since": None}


def _check(session: Session, found: Delivery) -> None:
    """Raises CannotRetry where nothing can be done about it."""
    if found.state == SENDING:
        raise CannotRetry("It is being sent at this moment; what comes of it is shown when the CRM has answered.")
    if found.state in (DONE, UNDONE):
        said = "done" if found.state == DONE else "taken back"
        raise CannotRetry(
            f"It is {said}, so there is nothing to try again. A later change of the call is sent by itself."
        )
    if found.state in RETRIED:
        raise CannotRetry("A later revision of the call has taken its place; have that one tried again.")


def _can_be_found(name: str, session: Session, now: datetime) -> Condition:
    """What is unknown, and old enough for the CRM's search to show it: looked up earlier, it would seem not to be there, and be
    sent a second time."""
    kind = session.scalar(select(DestinationState.kind).where(DestinationState.name == name))
    delay = timedelta(seconds=CRMS[kind].look_up_after if kind in CRMS else 0.0)
    seen = or_(Delivery.sent_at.is_(None), Delivery.sent_at <= now - delay)
    return (Delivery.destination == name) & (Delivery.state == UNKNOWN) & seen


def _is_there(session: Session, name: str) -> bool:
    return session.scalar(select(DestinationState.name).where(DestinationState.name == name)) is not None
