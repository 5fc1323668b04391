"""Outcomes that are older than they are kept: the row goes with all that is about it alone, which is its events, the rows that
were merged into it, its deliveries, and its group and the names of that where nothing else is in it.

The change feed has no word of it: what became of the call has not changed. A number that must not be called because of it
stays on the list."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from models import CallEvent, CallOutcome, Delivery, DestinationState, bulk
from models.database import changed
from outcomes.groups import lock_groups
from outcomes.rows import forget_groups


def delete_outcomes(session: Session, wanted: Sequence[ColumnElement[bool]]) -> int:
    """Delete these; how many rows, with those that were merged into them. Raises Raced."""
    groups = set(session.scalars(select(CallOutcome.group_id).where(*wanted).distinct()))
    if not groups:
        return 0
    lock_groups(session, [], groups)
    found = list(session.scalars(select(CallOutcome.id).where(*wanted)))
    merged = select(CallOutcome.id, CallOutcome.group_id).where(bulk.among(session, CallOutcome.merged_into, found))
    for row in session.execute(merged):  # into one that stands: these wait for nothing, and are folded no more
        found.append(row.id)
        groups.add(row.group_id)
    _forget_deliveries(session, found)
    changed(session, delete(CallEvent).where(bulk.among(session, CallEvent.outcome_id, found)))
    gone = changed(session, delete(CallOutcome).where(bulk.among(session, CallOutcome.id, found)))
    _forget_empty(session, groups)
    return gone


def _forget_empty(session: Session, groups: set[UUID]) -> None:
    left = set(session.scalars(select(CallOutcome.group_id).where(bulk.among(session, CallOutcome.group_id, groups))))
    empty = sorted(groups - left)
    if empty:
        changed(session, delete(CallEvent).where(bulk.among(session, CallEvent.group_id, empty)))
        forget_groups(session, empty)


def _forget_deliveries(session: Session, outcomes: Sequence[UUID]) -> None:
    """Whatever state they are in. A destination has counted its own, and the calls of which it has any."""
    mine = bulk.among(session, Delivery.outcome_id, outcomes)
    counts = select(Delivery.destination, func.count(), func.count(Delivery.outcome_id.distinct())).where(mine)
    for name, deliveries, calls in session.execute(counts.group_by(Delivery.destination)).all():
        less = {"deliveries": DestinationState.deliveries - deliveries, "calls": DestinationState.calls - calls}
        changed(session, update(DestinationState).where(DestinationState.name == name).values(less))
    changed(session, delete(Delivery).where(mine))
