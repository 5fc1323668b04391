"""Normalizing: pending receipts become events, events become outcomes. One batch is one transaction.

Receipts are claimed by row locks (PostgreSQL: SKIP LOCKED; SQLite has one writer at a time), so a worker that dies
gives them back at once, and any number of workers can run. A receipt that cannot be understood is quarantined after its
first failure and never stands in front of the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from dialers.base import Connection, Evidence, Reading, Unreadable
from dialers.registry import DIALERS
from lib import clock
from models import CallEvent, Receipt
from models.database import Database
from models.receipts import DUPLICATE, IGNORED, NORMALIZED, PENDING, QUARANTINED
from outcomes import seen
from outcomes.groups import Raced, lock_groups
from outcomes.refold import Incoming, refold

log = structlog.get_logger(__name__)

BATCH = 250
TRIES = 8


@dataclass(frozen=True)
class Verdict:
    """What became of one receipt."""

    state: str
    reason: str | None = None
    detail: str | None = None


def normalize_pending(
    database: Database,
    connections: Mapping[str, Connection],
    limit: int = BATCH,
    only: Sequence[UUID] | None = None,
    now: datetime | None = None,
) -> int:
    """Understand up to ``limit`` pending receipts, oldest first. Returns how many were taken: 0 means none is left, or
    other workers hold the rest. ``now`` is the present, unless a test says otherwise."""
    for attempt in range(TRIES):
        try:
            with database.write() as session:
                return _batch(session, connections, limit, only, now or clock.now())
        except Raced:
            continue
        except OperationalError:  # a deadlock or a lost connection: the batch is whole again, so begin it again
            if attempt == TRIES - 1:
                raise
        except DBAPIError as error:
            return _one_by_one(database, connections, limit, only, now, error)
    raise OperationalError("normalize_pending", {}, Exception("other workers were always faster"))


def _one_by_one(database, connections, limit, only, now, error: DBAPIError) -> int:
    """The database refused something in the batch: find the receipt that it refuses, and let the others pass."""
    with database.read() as session:
        found = [row.id for row in _claimed(session, limit, only, lock=False)]
    if len(found) > 1:
        return sum(normalize_pending(database, connections, 1, [receipt], now) for receipt in found)
    for receipt in found:
        log.error("receipt_refused_by_database", receipt_id=str(receipt), error=type(error.orig).__name__)
        verdict = Verdict(
            QUARANTINED, "refused_by_database", f"The database refused what it says: {type(error.orig).__name__}."
        )
        with database.write() as session:
            _conclude(session, {receipt: verdict}, now or clock.now())
    return len(found)


def _batch(session: Session, connections: Mapping[str, Connection], limit: int, only, now: datetime) -> int:
    receipts = _claimed(session, limit, only, lock=True)
    verdicts: dict[UUID, Verdict] = {}
    readings: dict[UUID, Reading] = {}
    for receipt in receipts:
        try:
            readings[receipt.id] = _read(receipt, connections)
        except Unreadable as error:
            verdicts[receipt.id] = Verdict(QUARANTINED, error.reason, error.detail)
    # A receipt that says nothing now may have said something before it was read again.
    incoming = [
        Incoming(receipt, readings[receipt.id].events if receipt.id in readings else ())
        for receipt in receipts
        if receipt.id in readings or receipt.readings
    ]
    named = [(item.receipt.connection, item.receipt.dialer, event.keys) for item in incoming for event in item.events]
    groups, locked = lock_groups(session, named, _earlier_groups(session, receipts))
    refolded = refold(session, incoming, groups, locked, connections, now)
    seen.keep(session, [(receipt, readings[receipt.id]) for receipt in receipts if receipt.id in readings])
    for receipt in receipts:
        if receipt.id in refolded.failed:
            detail = f"Folding its call failed: {refolded.failed[receipt.id]}. This is a fault of Wrapup."
            verdicts[receipt.id] = Verdict(QUARANTINED, "folding_failed", detail)
        elif receipt.id in readings:
            verdicts[receipt.id] = _verdict(readings[receipt.id], receipt.id in refolded.repeated)
    _conclude(session, verdicts, now)
    refolded.write(session)
    return len(receipts)


def _earlier_groups(session: Session, receipts: Sequence[Receipt]) -> set[UUID]:
    """Groups that receipts which are read again have had events in."""
    again = [receipt.id for receipt in receipts if receipt.readings]
    if not again:
        return set()
    return set(session.scalars(select(CallEvent.group_id).where(CallEvent.receipt_id.in_(again))))


def _claimed(session: Session, limit: int, only: Sequence[UUID] | None, lock: bool) -> list[Receipt]:
    statement = select(Receipt).where(Receipt.state == PENDING).order_by(Receipt.seen_at, Receipt.id).limit(limit)
    if only is not None:
        statement = statement.where(Receipt.id.in_(only))
    # SQLite leaves out FOR UPDATE; there BEGIN IMMEDIATE has locked everything already.
    return list(session.scalars(statement.with_for_update(skip_locked=True) if lock else statement))


def _read(receipt: Receipt, connections: Mapping[str, Connection]) -> Reading:
    connection = connections.get(receipt.connection)
    if connection is None:
        raise Unreadable("unknown_connection", "No connection of this name is configured.")
    if receipt.truncated:
        raise Unreadable("oversized", f"The body had {receipt.body_size} bytes; its beginning was kept.")
    evidence = Evidence(
        source=receipt.source,
        kind=receipt.kind,
        body=receipt.body,
        content_type=(receipt.headers or {}).get("content-type"),
        query=receipt.query,
        method=receipt.method,
        context=receipt.context,
        seen_at=receipt.seen_at,
    )
    receipt.dialer = connection.dialer
    try:
        return DIALERS[connection.dialer].read(evidence, connection)
    except Unreadable:
        raise
    except Exception as error:
        log.exception("reading_failed", receipt_id=str(receipt.id), error=type(error).__name__)
        raise Unreadable(
            "reading_failed", f"Reading it failed: {type(error).__name__}. This is a fault of Wrapup."
        ) from None


def _verdict(reading: Reading, repeated: bool) -> Verdict:
    if reading.ignored:
        return Verdict(IGNORED, reading.ignored)
    return Verdict(DUPLICATE) if repeated else Verdict(NORMALIZED)


def _conclude(session: Session, verdicts: Mapping[UUID, Verdict], now: datetime) -> None:
    """Write each receipt's state, those with the same verdict in one statement."""
    alike: dict[Verdict, list[UUID]] = {}
    for receipt, verdict in verdicts.items():
        alike.setdefault(verdict, []).append(receipt)
    for verdict, receipts in alike.items():
        values = {"state": verdict.state, "reason": verdict.reason, "detail": verdict.detail, "processed_at": now}
        session.execute(
            update(Receipt)
            .where(Receipt.id.in_(receipts))
            .values(**values, readings=Receipt.readings + 1)
            .execution_options(synchronize_session=False)
        )
