"""Normalizing: pending receipts become events, events become outcomes. One batch is one transaction.

Receipts are claimed by row locks (PostgreSQL: SKIP LOCKED; SQLite has one writer at a time), so a worker that dies
gives them back at once, and any number of workers can run. A receipt that cannot be understood is quarantined after its
first failure and never stands in front of the others.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, InternalError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from dialers.base import Connection, Evidence, Reading, Unreadable
from dialers.event_words import with_meanings
from dialers.registry import DIALERS
from lib import clock
from models import CallEvent, Receipt, bulk
from models.database import AnyColumn, AnySelect, Database
from models.receipts import CALLBACK, CHECK, DUPLICATE, IGNORED, NORMALIZED, PENDING, QUARANTINED
from outcomes import statuses
from outcomes.group_events import Incoming
from outcomes.groups import Raced, lock_groups
from outcomes.refold import Refolded, refold
from outcomes.taken import NAMED, WHOLE, Taken

log = structlog.get_logger(__name__)

BATCH = 1000
SQLITE_BATCH = 250  # SQLite has one writer: a callback waits for its 200 as long as a batch is being written
BATCH_BYTES = 32 * 1024 * 1024  # of bodies; what is made of them takes several times that
TRIES = 8
PARTLY_UNREADABLE = "partly_unreadable"  # the reason of a receipt of which only some parts could be understood


@dataclass(frozen=True)
class Fate:
    """What became of one receipt."""

    state: str
    reason: str | None = None
    detail: str | None = None
    forgiven: str | None = None  # the slips that were passed over, as the receipt's column holds them


Understood = Reading | Fate  # of reading one receipt
Concluded = tuple[UUID, Fate, str | None]  # a receipt, what became of it, and in which dialer's words it was read


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
                bulk.expect_growth(session)
                return _batch(session, connections, limit, only, now or clock.now(), read)
        except (Raced, OperationalError, IntegrityError) as error:
            # Another worker was faster, a deadlock, a lost connection: the batch is whole again, so begin it again.
            if attempt == TRIES - 1:
                last = error
        except (ProgrammingError, InternalError, InterfaceError) as error:
            if not _never_sent(error):
                raise  # the schema or the connection is at fault, and no receipt: nothing is quarantined for that
            return _by_halves(database, connections, limit, only, now, error)
        except Exception as error:  # noqa: BLE001 - one receipt that no table can hold must not stop the others
            return _by_halves(database, connections, limit, only, now, error)
    if isinstance(last, IntegrityError):
        return _by_halves(database, connections, limit, only, now, last)
    raise last


def _never_sent(error: DBAPIError) -> bool:
    """Whether the driver could not even write down a value, such as an object for a column of text: a receipt's fault."""
    return "cannot adapt type" in str(error.orig) or "binding parameter" in str(error.orig)


def _by_halves(
    database: Database,
    connections: Mapping[str, Connection],
    limit: int,
    only: Sequence[UUID] | None,
    now: datetime | None,
    error: Exception,
) -> int:
    """Something in the batch cannot be written: find the receipt at fault, and let the others pass."""
    with database.read() as session:
        found = [row.id for row in _claimed(session, NAMED, limit, only, lock=False)]
    if len(found) > 1:
        halves = found[: len(found) // 2], found[len(found) // 2 :]
        return sum(normalize_pending(database, connections, len(half), half, now) for half in halves)
    for receipt in found:
        log.error("receipt_refused", receipt_id=str(receipt), error=type(error).__name__)
        verdict = Fate(QUARANTINED, "refused_by_database", f"What it says cannot be written: {type(error).__name__}.")
        with database.write() as session:
            _conclude(session, [(receipt, verdict, None)], now or clock.now())
    return len(found)


def _read_ahead(
    database: Database, connections: Mapping[str, Connection], limit: int, only: Sequence[UUID] | None
) -> dict[UUID, Understood]:
    """Read the receipts of the next batch before the transaction that writes: on SQLite nobody else can write meanwhile,
    and a callback would wait for its 200 until every body is understood."""
    with database.read() as session:
        receipts = _claimed(session, WHOLE, _fitting(session, limit, only), only, lock=False)
    return {receipt.id: understand(receipt, connections) for receipt in receipts}


def _batch(
    session: Session,
    connections: Mapping[str, Connection],
    limit: int,
    only: Sequence[UUID] | None,
    now: datetime,
    read: dict[UUID, Understood],
) -> int:
    limit = len(read) if read else _fitting(session, limit, only)
    receipts = _claimed(session, NAMED if read else WHOLE, limit, only, lock=True)
    understood = read | _not_yet_read(session, receipts, connections, read)
    readings: list[tuple[Taken, Reading]] = []
    concluded: list[Concluded] = []
    for receipt in receipts:
        found = understood[receipt.id]
        if isinstance(found, Reading):
            readings.append((receipt, found))
        else:  # what it said before stands: failing is no news of the call
            concluded.append((receipt.id, found, None))
    dialers = {name: connection.dialer for name, connection in connections.items()}
    named = [
        (receipt.connection, dialers[receipt.connection], e.keys, e.aliases)
        for receipt, found in readings
        for e in found.events
    ]
    incoming = [Incoming(receipt, found.events) for receipt, found in readings]
    locked = lock_groups(session, named, _earlier_groups(session, incoming))
    refolded = refold(session, incoming, locked, connections, now)
    statuses.keep(session, readings)
    concluded += [
        (receipt.id, _verdict(receipt.id, found, refolded), dialers[receipt.connection]) for receipt, found in readings
    ]
    _conclude(session, concluded, now)
    refolded.revisions.write(session)
    return len(receipts)


def _not_yet_read(
    session: Session,
    receipts: list[Taken],
    connections: Mapping[str, Connection],
    read: Mapping[UUID, Understood],
) -> dict[UUID, Understood]:
    """Those that the batch has and that were not read ahead: all of them, or what came in between."""
    missing = [receipt.id for receipt in receipts if receipt.id not in read]
    if missing and read:
        found = session.execute(select(*WHOLE).where(bulk.among(session, Receipt.id, missing)))
        receipts = [Taken(*row) for row in found]
    return {receipt.id: understand(receipt, connections) for receipt in receipts} if missing else {}


def _earlier_groups(session: Session, incoming: Sequence[Incoming]) -> set[UUID]:
    """Groups that receipts which are read again have had events in."""
    again = [item.receipt.id for item in incoming if item.receipt.readings]
    if not again:
        return set()
    return set(session.scalars(select(CallEvent.group_id).where(bulk.among(session, CallEvent.receipt_id, again))))


def _fitting(session: Session, limit: int, only: Sequence[UUID] | None) -> int:
    """How many of the next receipts one batch may hold in memory, bodies of 1 MiB each as they may be; one at least."""
    total = 0
    for count, size in enumerate(session.scalars(_next(session, (func.length(Receipt.body),), limit, only))):
        total += size
        if count and total > BATCH_BYTES:
            return count
    return limit


def _next(session: Session, columns: Sequence[AnyColumn], limit: int, only: Sequence[UUID] | None) -> AnySelect:
    statement = select(*columns).where(Receipt.state == PENDING).order_by(Receipt.seen_at, Receipt.id).limit(limit)
    return statement if only is None else statement.where(bulk.among(session, Receipt.id, only))


def _claimed(
    session: Session, columns: Sequence[AnyColumn], limit: int, only: Sequence[UUID] | None, lock: bool
) -> list[Taken]:
    statement = _next(session, columns, limit, only)
    # SQLite leaves out FOR UPDATE; there BEGIN IMMEDIATE has locked everything already.
    found = session.execute(statement.with_for_update(skip_locked=True) if lock else statement)
    return [Taken(*row) for row in found]


def understand(receipt: Taken, connections: Mapping[str, Connection]) -> Understood:
    """What the receipt says, or why it cannot be understood."""
    connection = connections.get(receipt.connection)
    if connection is None:
        return Fate(QUARANTINED, "unknown_connection", "No connection of this name is configured.")
    if receipt.source == CALLBACK and receipt.kind == CHECK:
        return Reading(ignored="check")
    if receipt.truncated:
        detail = f"The body had {receipt.body_size} bytes; its beginning was kept."
        return Fate(QUARANTINED, "oversized", detail)
    evidence = Evidence(
        source=receipt.source,
        kind=receipt.kind,
        body=receipt.body,
        content_type=receipt.content_type,
        query=receipt.query,
        method=receipt.method,
        context=receipt.context,
        seen_at=receipt.seen_at,
        content_encoding=receipt.content_encoding,
    )
    try:
        return with_meanings(DIALERS[connection.dialer].read(evidence, connection), connection)
    except Unreadable as error:
        return Fate(QUARANTINED, error.reason, error.detail)
    except Exception as error:  # our own fault in reading one receipt must not stop the others
        log.exception("reading_failed", receipt_id=str(receipt.id), error=type(error).__name__)
        detail = f"Reading it failed: {type(error).__name__}. This is a fault of Wrapup."
        return Fate(QUARANTINED, "reading_failed", detail)


def _verdict(receipt: UUID, reading: Reading, refolded: Refolded) -> Fate:
    if receipt in refolded.failed:
        detail = f"Folding its call failed: {refolded.failed[receipt]}. This is a fault of Wrapup."
        return Fate(QUARANTINED, "folding_failed", detail)
    forgiven = " ".join(reading.forgiven) or None
    if reading.refused:  # what could be understood is in; the rest waits to be read again
        return Fate(QUARANTINED, PARTLY_UNREADABLE, reading.refused, forgiven)
    if reading.ignored:
        return Fate(IGNORED, reading.ignored, forgiven=forgiven)
    return Fate(DUPLICATE if receipt in refolded.repeated else NORMALIZED, forgiven=forgiven)


def _conclude(session: Session, concluded: Iterable[Concluded], now: datetime) -> None:
    """Write what became of the receipts, alike ones in one statement."""
    alike: dict[tuple[Fate, str | None], list[UUID]] = {}
    for receipt, verdict, dialer in concluded:
        alike.setdefault((verdict, dialer), []).append(receipt)
    for (verdict, dialer), receipts in alike.items():
        values: dict[str, Any] = {"state": verdict.state, "reason": verdict.reason, "detail": verdict.detail}
        values |= {"forgiven": verdict.forgiven, "processed_at": now}
        session.execute(
            update(Receipt)
            .where(bulk.among(session, Receipt.id, receipts))
            .values(**values, **({"dialer": dialer} if dialer else {}), readings=Receipt.readings + 1)
            .execution_options(synchronize_session=False)
        )
