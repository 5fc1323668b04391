"""Deleting what is due, a few rows in each transaction: one that is broken off has deleted some, and the rest is due as
before."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, inspect, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from models import CallOutcome, Delivery, DestinationState, LoadedLead, Receipt, TakeOut, bulk, strangers
from models.database import AnyColumn, Database, changed
from models.receipts import KEPT_BYTES
from outcomes.deleting import delete_outcomes
from outcomes.groups import Raced
from upkeep.retention import due
from upkeep.retention.due import Rows
from upkeep.retention.pace import Pace

TRIES = 8

Still = Sequence[ColumnElement[bool]]  # which rows, and that they are still due


def delete_due(database: Database, rows: Rows, before: datetime, pace: Pace) -> None:
    """Delete the rows that are due; ``pace`` counts them. Raises Stopped and SQLAlchemyError."""
    key: AnyColumn = inspect(rows.table).primary_key[0]
    last = None
    while True:
        begun, (some, last) = last, _next(database, rows, key, before, last, pace.at_once)
        if not some:
            return
        with pace.turn():
            for column in rows.with_it:
                _delete_named(database, column, some, pace)
            now = _trying(database, partial(_delete, rows=rows, key=key, some=some, before=before))
            pace.deleted += now
        if not now and last == begun:
            return


def _next(
    database: Database, rows: Rows, key: AnyColumn, before: datetime, last: Any, limit: int
) -> tuple[list[UUID], Any]:
    """The next rows, and the age of the last of them. What is as old as that is looked at again: it may be more than fit."""
    statement = select(key, rows.column).where(due.condition(rows, before)).order_by(rows.column, key).limit(limit)
    if last is not None:
        statement = statement.where(rows.column >= last)
    with database.read() as session:
        bulk.plan_for_values(session)
        found = session.execute(statement).all()
    return [one for one, _ in found], found[-1][1] if found else last


def _trying(database: Database, how: Callable[[Session], int]) -> int:
    for attempt in range(TRIES):
        try:
            with database.write() as session:
                bulk.plan_for_values(session)
                return how(session)
        except (OperationalError, Raced):  # a deadlock, or a call that was united with another: begun again
            if attempt == TRIES - 1:
                raise
    raise AssertionError


def _delete(session: Session, rows: Rows, key: AnyColumn, some: Sequence[UUID], before: datetime) -> int:
    # What is due was looked up before this transaction: it is asked once more.
    still = (bulk.among(session, key, some), due.condition(rows, before))
    if rows.table is CallOutcome:
        return delete_outcomes(session, still)
    if rows.counts_against_strangers:
        return _of_quarantine(session, still)
    if rows.table is Delivery:
        return _deliveries(session, still)
    return changed(session, delete(rows.table).where(*still))


def _delete_named(database: Database, column: AnyColumn, owners: Sequence[UUID], pace: Pace) -> None:
    """What names these goes first, however many they are."""
    table = column.class_
    while _trying(database, partial(_some_named, table=table, column=column, owners=owners, limit=pace.at_once)):
        pace.rest(0)


def _some_named(session: Session, table: Any, column: AnyColumn, owners: Sequence[UUID], limit: int) -> int:
    found = list(session.scalars(select(table.id).where(bulk.among(session, column, owners)).limit(limit)))
    if found and table is LoadedLead:
        changed(session, delete(TakeOut).where(bulk.among(session, TakeOut.loaded_lead, found)))
    return changed(session, delete(table).where(bulk.among(session, table.id, found))) if found else 0


def _of_quarantine(session: Session, still: Still) -> int:
    """What strangers have of it frees their share."""
    strangers.lock(session)
    found = session.execute(select(Receipt.id, Receipt.stranger, Receipt.share, KEPT_BYTES).where(*still)).all()
    gone = changed(session, delete(Receipt).where(bulk.among(session, Receipt.id, [row.id for row in found])))
    strangers.take_away(session, [(share, size) for _, stranger, share, size in found if stranger])
    return gone


def _deliveries(session: Session, still: Still) -> int:
    """A destination has counted its own, and the calls of which it has any."""
    found = session.execute(select(Delivery.id, Delivery.destination, Delivery.outcome_id).where(*still)).all()
    gone = changed(session, delete(Delivery).where(bulk.among(session, Delivery.id, [row.id for row in found])))
    for name in sorted({row.destination for row in found}):
        own = [row for row in found if row.destination == name]
        calls = list({row.outcome_id for row in own})
        mine = (Delivery.destination == name, bulk.among(session, Delivery.outcome_id, calls))
        left = session.scalar(select(func.count(Delivery.outcome_id.distinct())).where(*mine)) or 0
        fewer = {
            "deliveries": DestinationState.deliveries - len(own),
            "calls": DestinationState.calls - (len(calls) - left),
        }
        changed(session, update(DestinationState).where(DestinationState.name == name).values(fewer))
    return gone
