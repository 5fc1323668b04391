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
from sqlalchemy.exc import IntegrityError, InterfaceError, InternalError, OperationalError, ProgrammingError
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
SQLITE_BATCH = 100  # SQLite has one writer: a callback waits for its 200 as long as a batch is being written
TRIES = 8


@dataclass(frozen=True)
class Verdict:
    """What became of one receipt."""

    state: str
    reason: str | None = None
    detail: str | None = None


Understood = Reading | Verdict  # of reading one receipt


def normalize_pending(
    database: Database,
    connections: Mapping[str, Connection],
    limit: int | None = None,
    only: Sequence[UUID] | None = None,
    now: datetime | None = None,
) -> int:
    """Understand pending receipts, oldest first, at most ``limit``. Returns how many were taken: 0 means that none is left,
    or that other workers hold the rest. ``now`` is the present, unless a test says otherwise."""
    limit = limit or (SQLITE_BATCH if database.is_sqlite else BATCH)
    for attempt in range(TRIES):
        read = _read_ahead(database, connections, limit, only) if database.is_sqlite else {}
        try:
            with database.write() as session:
                return _batch(session, connections, limit, only, now or clock.now(), read)
        except (Raced, OperationalError, IntegrityError) as error:
            # Another worker was faster, a deadlock, a lost connection: the batch is whole again, so begin it again.
            if attempt == TRIES - 1:
                last = error
        except (ProgrammingError, InternalError, InterfaceError):
            raise  # the schema or the connection is at fault, and no receipt: nothing is quarantined for that
        except Exception as error:  # noqa: BLE001 - one receipt that no table can hold must not stop the others
            return _one_by_one(database, connections, limit, only, now, error)
    if isinstance(last, IntegrityError):
        return _one_by_one(database, connections, limit, only, now, last)
    raise last


def _one_by_one(database, connections, limit, only, now, error: Exception) -> int:
    """Something in the batch cannot be written: find the receipt at fault, and let the others pass."""
    with database.read() as session:
        found = [row.id for row in _claimed(session, limit, only, lock=False)]
    if len(found) > 1:
        return sum(normalize_pending(database, connections, 1, [receipt], now) for receipt in found)
    for receipt in found:
        log.error("receipt_refused", receipt_id=str(receipt), error=type(error).__name__)
        verdict = Verdict(
            QUARANTINED, "refused_by_database", f"What it says cannot be written: {type(error).__name__}."
        )
        with database.write() as session:
            _conclude(session, {receipt: verdict}, now or clock.now())
    return len(found)


def _read_ahead(database: Database, connections: Mapping[str, Connection], limit: int, only) -> dict[UUID, Understood]:
    """Read the receipts of the next batch before the transaction that writes: on SQLite nobody else can write meanwhile,
    and a callback would wait for its 200 until every body is understood."""
    with database.read() as session:
        return {receipt.id: _understand(receipt, connections) for receipt in _claimed(session, limit, only, lock=False)}


def _batch(session: Session, connections: Mapping[str, Connection], limit: int, only, now: datetime, read) -> int:
    receipts = _claimed(session, limit, only, lock=True)
    understood = {receipt.id: read.get(receipt.id) or _understand(receipt, connections) for receipt in receipts}
    verdicts = {receipt: found for receipt, found in understood.items() if isinstance(found, Verdict)}
    readings = {receipt: found for receipt, found in understood.items() if isinstance(found, Reading)}
    # What a receipt said before stands while it cannot be understood any more: failing is no news of the call.
    incoming = [Incoming(receipt, readings[receipt.id].events) for receipt in receipts if receipt.id in readings]
    for item in incoming:
        item.receipt.dialer = connections[item.receipt.connection].dialer
    named = [(item.receipt.connection, item.receipt.dialer, event.keys) for item in incoming for event in item.events]
    groups, locked = lock_groups(session, named, _earlier_groups(session, incoming))
    refolded = refold(session, incoming, groups, locked, connections, now)
    seen.keep(session, [(item.receipt, readings[item.receipt.id]) for item in incoming])
    for receipt, reading in readings.items():
        if receipt in refolded.failed:
            detail = f"Folding its call failed: {refolded.failed[receipt]}. This is a fault of Wrapup."
            verdicts[receipt] = Verdict(QUARANTINED, "folding_failed", detail)
        else:
            verdicts[receipt] = _verdict(reading, receipt in refolded.repeated)
    _conclude(session, verdicts, now)
    refolded.write(session)
    return len(receipts)


def _earlier_groups(session: Session, incoming: Sequence[Incoming]) -> set[UUID]:
    """Groups that receipts which are read again have had events in."""
    again = [item.receipt.id for item in incoming if item.receipt.readings]
    if not again:
        return set()
    return set(session.scalars(select(CallEvent.group_id).where(CallEvent.receipt_id.in_(again))))


def _claimed(session: Session, limit: int, only: Sequence[UUID] | None, lock: bool) -> list[Receipt]:
    statement = select(Receipt).where(Receipt.state == PENDING).order_by(Receipt.seen_at, Receipt.id).limit(limit)
    if only is not None:
        statement = statement.where(Receipt.id.in_(only))
    # SQLite leaves out FOR UPDATE; there BEGIN IMMEDIATE has locked everything already.
    return list(session.scalars(statement.with_for_update(skip_locked=True) if lock else statement))


def _understand(receipt: Receipt, connections: Mapping[str, Connection]) -> Understood:
    """What the receipt says, or why it cannot be understood."""
    connection = connections.get(receipt.connection)
    if connection is None:
        return Verdict(QUARANTINED, "unknown_connection", "No connection of this name is configured.")
    if receipt.truncated:
        detail = f"The body had {receipt.body_size} bytes; its beginning was kept."
        return Verdict(QUARANTINED, "oversized", detail)
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
    try:
        return DIALERS[connection.dialer].read(evidence, connection)
    except Unreadable as error:
        return Verdict(QUARANTINED, error.reason, error.detail)
    except Exception as error:  # our own fault in reading one receipt must not stop the others
        log.exception("reading_failed", receipt_id=str(receipt.id), error=type(error).__name__)
        detail = f"Reading it failed: {type(error).__name__}. This is a fault of Wrapup."
        return Verdict(QUARANTINED, "reading_failed", detail)


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
