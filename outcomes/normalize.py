"""Normalizing: pending receipts become events, events become outcomes. One batch is one transaction.

Receipts are claimed by row locks (PostgreSQL: SKIP LOCKED; SQLite has one writer at a time), so a worker that dies
gives them back at once, and any number of workers can run. A receipt that cannot be understood is quarantined after its
first failure and never stands in front of the others.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, InternalError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from dialers.base import Connection, Reading
from dialers.bodies.inflating import inflated_size
from lib import clock
from models import CallEvent, Receipt, bulk
from models.database import AnyColumn, AnySelect, Database
from models.receipts import DUPLICATE, IGNORED, NORMALIZED, PENDING, QUARANTINED
from outcomes import statuses
from outcomes.ahead import Ahead, prepare
from outcomes.decisions import Decided
from outcomes.group_events import Incoming
from outcomes.groups import Raced, lock_groups
from outcomes.in_hand import Hand
from outcomes.outlived import EVIDENCE_DELETED
from outcomes.reading import Fate
from outcomes.recognizing import recognized
from outcomes.refold import Refolded, refold
from outcomes.taken import WHOLE, Taken

log = structlog.get_logger(__name__)

BATCH = 500  # a thousand take a twentieth less time, and leave a worker that holds 12 MB more
SQLITE_BATCH = 250  # SQLite has one writer: a callback waits for its 200 as long as a batch is being written
BATCH_BYTES = 32 * 1024 * 1024  # of bodies, inflated; what is made of them takes ten times that
TRIES = 8
PARTLY_UNREADABLE = "partly_unreadable"  # the reason of a receipt of which only some parts could be understood


@dataclass(frozen=True)
class Batch:
    """Which receipts are taken next: so many at most, of these only, the newest first or the oldest; and who notes which."""

    limit: int
    only: Sequence[UUID] | None = None
    newest: bool = False
    hand: Hand = field(default_factory=Hand)


Concluded = tuple[UUID, Fate, str | None]  # a receipt, what became of it, and in which dialer's words it was read


def batch_size(database: Database) -> int:
    """How many receipts are taken at once where so many wait."""
    return SQLITE_BATCH if database.is_sqlite else BATCH


def normalize_pending(
    database: Database,
    connections: Mapping[str, Connection],
    limit: int | None = None,
    only: Sequence[UUID] | None = None,
    now: datetime | None = None,
    newest: bool = False,
    hand: Hand | None = None,
) -> int:
    """Understand pending receipts, oldest first, at most ``limit``. Returns how many were taken: 0 means that none is left,
    or that other workers hold the rest. ``now`` is the present, unless a test says otherwise. ``newest``: these first, for
    one who begins at the other end, so that on SQLite, where no receipt can be locked, two do not read the same. ``hand``: who
    notes what is being read, in case that it kills this process.

    Where the connections are ``Decided``, a word that is decided meanwhile counts: it is applied to the calls that are there
    by then, and these are not."""
    hand = hand or Hand()
    batch = Batch(min(limit or batch_size(database), hand.most), only, newest, hand)
    with hand.holding():
        return _normalize(database, connections, batch, now)


def _normalize(database: Database, connections: Mapping[str, Connection], batch: Batch, now: datetime | None) -> int:
    last: Exception | None = None
    for attempt in range(TRIES):
        known = connections.current() if isinstance(connections, Decided) else connections
        ahead = _read_ahead(database, known, batch, now or clock.now()) if database.is_sqlite else None
        if ahead is not None and not ahead.receipts:
            return 0
        try:
            with database.write() as session:
                bulk.expect_growth(session)
                taken = _write(session, known, batch, now or clock.now(), ahead)
                if isinstance(connections, Decided) and not connections.hold(session, known):
                    raise Raced
            if taken or ahead is None:
                return taken  # else others have taken all of them meanwhile, though not what comes next
        except (Raced, OperationalError, IntegrityError) as error:
            # Another worker was faster, a word was decided, a deadlock, a lost connection: the batch is whole again, so
            # begin it again.
            if attempt == TRIES - 1:
                last = error
        except (ProgrammingError, InternalError, InterfaceError) as error:
            if not _never_sent(error):
                raise  # the schema or the connection is at fault, and no receipt: nothing is quarantined for that
            return _by_halves(database, connections, batch, now, error)
        except Exception as error:  # noqa: BLE001 - one receipt that no table can hold must not stop the others
            return _by_halves(database, connections, batch, now, error)
    if last is None:
        return 0
    if isinstance(last, IntegrityError):
        return _by_halves(database, connections, batch, now, last)
    raise last


def _never_sent(error: DBAPIError) -> bool:
    """Whether the driver could not even write down a value, such as an object for a column of text: a receipt's fault."""
    return "cannot adapt type" in str(error.orig) or "binding parameter" in str(error.orig)


def _by_halves(
    database: Database,
    connections: Mapping[str, Connection],
    batch: Batch,
    now: datetime | None,
    error: Exception,
) -> int:
    """Something in the batch cannot be written: find the receipt at fault, and let the others pass."""
    with database.read() as session:
        found = list(session.scalars(_next(session, (Receipt.id,), batch)))
    if len(found) > 1:
        halves = found[: len(found) // 2], found[len(found) // 2 :]
        return sum(
            _normalize(database, connections, replace(batch, limit=len(half), only=half), now) for half in halves
        )
    for receipt in found:
        log.error("receipt_refused", receipt_id=str(receipt), error=type(error).__name__)
        verdict = Fate(QUARANTINED, "refused_by_database", f"What it says cannot be written: {type(error).__name__}.")
        with database.write() as session:
            conclude(session, [(receipt, verdict, None)], now or clock.now())
    return len(found)


def _read_ahead(database: Database, connections: Mapping[str, Connection], batch: Batch, now: datetime) -> Ahead:
    """Prepare the next batch before the transaction that writes: on SQLite nobody else can write meanwhile, and a callback
    would wait for its 200 until every body is understood."""
    with database.read() as session:
        receipts = _claimed(session, batch, lock=False)
    ahead = prepare(receipts, connections, now)
    batch.hand.rests()  # who waits for the writer, and is killed, was not killed by what they have read
    return ahead


def _write(
    session: Session, connections: Mapping[str, Connection], batch: Batch, now: datetime, ahead: Ahead | None
) -> int:
    if ahead is None:
        ahead = prepare(_claimed(session, batch, lock=True), connections, now)
        mine = {receipt.id for receipt in ahead.receipts}
    else:
        batch.hand.reads([receipt.id for receipt in ahead.receipts])
        mine = _still_as_read(session, ahead)
    dialers = {name: connection.dialer for name, connection in connections.items()}
    found = recognized(session, [item for item in ahead.came_in if item.receipt.id in mine])
    came_in = found.came_in
    readings = [(item.receipt, item.reading) for item in came_in]
    # What those that were not understood said before stands: failing is no news of the call.
    concluded: list[Concluded] = [(receipt, fate, None) for receipt, fate in ahead.fates.items() if receipt in mine]
    named = [
        (receipt.connection, dialers[receipt.connection], e.keys, e.aliases)
        for receipt, found in readings
        for e in found.events
    ]
    locked = lock_groups(session, named, _earlier_groups(session, came_in))
    found.check(session)
    refolded = refold(session, came_in, locked, connections, now, ahead.folded)
    statuses.keep(session, readings)
    concluded += [
        (receipt.id, _verdict(receipt.id, found, refolded), dialers[receipt.connection]) for receipt, found in readings
    ]
    conclude(session, concluded, now)
    found.blank(session, now)
    refolded.revisions.write(session)
    return len(mine)


def _still_as_read(session: Session, ahead: Ahead) -> set[UUID]:
    """The receipts that nobody has taken since, nor sent back to be read again, and whose words no poll has met again: they
    would count as older than they are."""
    read = {receipt.id: (receipt.readings, receipt.seen_at) for receipt in ahead.receipts}
    columns = select(Receipt.id, Receipt.readings, Receipt.seen_at)
    pending = columns.where(bulk.among(session, Receipt.id, read), Receipt.state == PENDING)
    return {receipt for receipt, *now in session.execute(pending) if read[receipt] == tuple(now)}


def _earlier_groups(session: Session, incoming: Sequence[Incoming]) -> set[UUID]:
    """Groups that receipts which are read again have had events in."""
    again = [item.receipt.id for item in incoming if item.receipt.readings]
    if not again:
        return set()
    return set(session.scalars(select(CallEvent.group_id).where(bulk.among(session, CallEvent.receipt_id, again))))


def _fitting(session: Session, batch: Batch) -> list[UUID]:
    """As many of the next receipts as one batch may hold in memory, bodies of 1 MiB each as they may be; one at least, where
    there is any."""
    total, found = 0, list[UUID]()
    for receipt, size in session.execute(_next(session, (Receipt.id, func.length(Receipt.body)), batch)):
        total += size
        if found and total > BATCH_BYTES:
            break
        found.append(receipt)
    return found


def _next(session: Session, columns: Sequence[AnyColumn], batch: Batch) -> AnySelect:
    statement = select(*columns).where(Receipt.state == PENDING)
    if batch.only is not None:
        statement = statement.where(bulk.among(session, Receipt.id, batch.only))
    order = (Receipt.seen_at.desc(), Receipt.id.desc()) if batch.newest else (Receipt.seen_at, Receipt.id)
    return statement.order_by(*order).limit(batch.limit)


def _claimed(session: Session, batch: Batch, lock: bool) -> list[Taken]:
    fitting = _fitting(session, batch)
    if not fitting:
        return []
    batch.hand.reads(fitting)  # who fetches or inflates them may be killed by that already
    statement = _next(session, WHOLE, replace(batch, limit=len(fitting)))
    found = session.execute(statement.with_for_update(skip_locked=True) if lock else statement)
    receipts = [Taken(*row) for row in found]
    batch.hand.reads([receipt.id for receipt in receipts])  # others, where somebody holds the first ones
    receipts = receipts[: _fitting_inflated(receipts)]
    batch.hand.reads([receipt.id for receipt in receipts])
    return receipts


def _fitting_inflated(receipts: Sequence[Taken]) -> int:
    """How many of them one batch may hold when they are read: a compressed body becomes a thousand times as large."""
    total = 0
    for count, receipt in enumerate(receipts):
        total += inflated_size(receipt.body, receipt.content_encoding)
        if count and total > BATCH_BYTES:
            return count
    return len(receipts)


def _verdict(receipt: UUID, reading: Reading, refolded: Refolded) -> Fate:
    if receipt in refolded.failed:
        detail = f"Folding its call failed: {refolded.failed[receipt]}. This is a fault of Wrapup."
        return Fate(QUARANTINED, "folding_failed", detail)
    forgiven = " ".join(reading.forgiven) or None
    late = refolded.late.get(receipt)
    if late == EVIDENCE_DELETED:
        return Fate(
            QUARANTINED,
            "evidence_deleted",
            "The receipts of its call have been deleted; the outcome stays as it was last known.",
        )
    if late:
        return Fate(IGNORED, late, forgiven=forgiven)
    if reading.refused:  # what could be understood is in; the rest waits to be read again
        return Fate(QUARANTINED, PARTLY_UNREADABLE, reading.refused, forgiven)
    if reading.ignored:
        return Fate(IGNORED, reading.ignored, forgiven=forgiven)
    return Fate(DUPLICATE if receipt in refolded.repeated else NORMALIZED, forgiven=forgiven)


def conclude(session: Session, concluded: Iterable[Concluded], now: datetime) -> None:
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
