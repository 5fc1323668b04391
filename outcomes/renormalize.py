"""Renormalizing: the history of a connection is read again from its receipts, with the mappings of today.

Calls are taken some at a time, each with all its receipts: the first delivery of a callback and its retry say the same only
when both are read with the same words. Where one says something new, its events are replaced and its call is folded anew, by
the machinery that made it: ids stay, and only what differs is written, raises a revision and reaches the change feed. Where
all say what they said, but the settings or the rules of today would make another row of it, the call is folded anew as well.

Looking first is the same in a transaction that is rolled back, so that the differences shown are those that will be made,
and not those that a second implementation expects; no place in the feed is taken for it.

Every batch is whole in itself. Stopped anywhere, it is begun again from the start, and finds that what is done makes no
difference any more. A worker may run meanwhile; it must have been started with the new settings, or it goes on writing what
the old ones say. Receipts that wait to be read, are in quarantine or have no events are no part of this: the worker and
``receipts.replay`` see to those.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from dialers.base import Connection, Event, KeptEvent, Reading
from lib import clock
from models import CallEvent, CallGroup, CallOutcome, Receipt, bulk
from models.database import Database, chunks
from models.receipts import PENDING
from outcomes import rows
from outcomes.differences import Differences
from outcomes.group_events import Grouped, incoming
from outcomes.groups import Raced, lock_groups
from outcomes.normalize import TRIES
from outcomes.outlived import ids_of
from outcomes.reading import KILLED, understand
from outcomes.refold import Refolded, outdated, refold
from outcomes.revisions import COUNTED, KEPT, SILENT
from outcomes.taken import WHOLE, Taken

BATCH = 500  # calls
SQLITE_BATCH = 100  # a callback waits for its 200 as long as a batch is being written
BODIES = 50  # receipts in memory at a time: each may have a body of a megabyte

Changed = dict[UUID, tuple[Taken, Reading]]  # receipts that say something else than they said


def renormalize(
    database: Database,
    connections: Mapping[str, Connection],
    name: str,
    apply: bool,
    batch: int | None = None,
    now: datetime | None = None,
    only: Sequence[UUID] | None = None,
) -> Iterator[tuple[int, Differences]]:
    """Read the connection's history again; yields (calls looked at, their differences) after each batch. Without ``apply``
    nothing is changed. ``only`` are the calls to look at, by their groups; without it all of them. ``now`` is the
    present, unless a test says otherwise."""
    size = batch or (SQLITE_BATCH if database.is_sqlite else BATCH)
    if only is not None:
        for groups in chunks(list(only), size):
            yield len(groups), _batch(database, connections, groups, apply, now)
        return
    with database.read() as session:
        # Calls that come later are read with the words of today anyway; without an end this could go on for ever.
        last = session.scalar(select(CallGroup.id).order_by(CallGroup.id.desc()).limit(1))
    after = None
    while last is not None and (groups := _next(database, name, after, last, size)):
        yield len(groups), _batch(database, connections, groups, apply, now)
        after = groups[-1]


def calls(database: Database, name: str) -> int:
    """How many calls ``renormalize`` has to look at: for showing how far it is."""
    with database.read() as session:
        own = select(func.count()).select_from(CallGroup).where(CallGroup.connection == name)
        return session.scalar(own) or 0


def _next(database: Database, name: str, after: UUID | None, last: UUID, size: int) -> list[UUID]:
    statement = select(CallGroup.id).where(CallGroup.connection == name, CallGroup.id <= last)
    if after is not None:
        statement = statement.where(CallGroup.id > after)
    with database.read() as session:
        return list(session.scalars(statement.order_by(CallGroup.id).limit(size)))


def _batch(
    database: Database, connections: Mapping[str, Connection], groups: Sequence[UUID], apply: bool, now: datetime | None
) -> Differences:
    for _ in range(TRIES):
        again = _read_again(database, connections, groups, now or clock.now())
        if not again.changed and not again.other:
            return again.looked_at
        try:
            with database.write() as session:
                bulk.expect_growth(session)
                refolded = _fold_again(session, connections, again, now or clock.now())
                found = _differences(session, refolded)
                if apply:
                    refolded.revisions.write(session)
                else:
                    session.rollback()
            found.add(again.looked_at)
            return found
        except (Raced, OperationalError, IntegrityError) as error:
            # A worker was faster, a deadlock, a lost connection: the batch is whole again, so begin it again.
            last = error
    raise last


@dataclass(frozen=True)
class _Again:
    """What reading these calls again has found: the receipts of them that say something new, and the other calls that the
    settings or the rules of today would make otherwise. ``looked_at`` counts the receipts alone."""

    changed: Changed
    other: set[UUID]
    looked_at: Differences


def _read_again(
    database: Database, connections: Mapping[str, Connection], groups: Sequence[UUID], now: datetime
) -> _Again:
    """Before the transaction that writes: nothing is locked while bodies are understood."""
    looked_at = Differences()
    with database.read() as session:
        outlived = ids_of(session, groups)
        looked_at.outlived = len(outlived)
        stored = [one for one in rows.events(session, set(groups)) if one[1].outcome_id not in outlived]
        changed = reread(session, stored, connections, looked_at)
        told = {group for group, event in stored if event.receipt_id in changed}
        rest = [(group, event) for group, event in stored if group not in told]
        return _Again(changed, set(outdated(session, rest, connections, now)), looked_at)


def reread(
    session: Session, stored: Sequence[Grouped], connections: Mapping[str, Connection], looked_at: Differences
) -> Changed:
    """The receipts of these events that say something else today than was read out of them; counted in ``looked_at``. One that
    kills who reads it is not read: what had been read before stands."""
    changed: Changed = {}
    said: dict[UUID, list[KeptEvent]] = {}
    for _, event in stored:
        said.setdefault(event.receipt_id, []).append(event)
    # Those that wait to be read are the worker's, which has locked them by now or soon will.
    wanted = select(*WHOLE, Receipt.reason).where(bulk.among(session, Receipt.id, list(said)), Receipt.state != PENDING)
    for *row, reason in session.execute(wanted.order_by(Receipt.id), execution_options={"yield_per": BODIES}):
        receipt = Taken(*row)
        reading = understand(receipt, connections) if reason != KILLED else None
        looked_at.receipts += 1
        if not isinstance(reading, Reading):
            looked_at.unreadable += 1
        elif _differs(reading.events, said[receipt.id]):
            changed[receipt.id] = receipt._replace(body=b""), reading
    return changed


def _differs(events: Sequence[Event], stored: Iterable[KeptEvent]) -> bool:
    before = [_said(event) for event in sorted(stored, key=lambda event: event.ordinal)]
    return [_said(event) for event in events] != before


def _said(event: Event | KeptEvent) -> tuple[Any, ...]:
    return event.kind, event.attempt, event.happened_at, dict(event.facts)


def _fold_again(session: Session, connections: Mapping[str, Connection], again: _Again, now: datetime) -> Refolded:
    """Fold the calls of the receipts that changed anew, and the other ones. Raises Raced."""
    changed = again.changed
    dialers = {name: connection.dialer for name, connection in connections.items()}
    named = [
        (receipt.connection, dialers[receipt.connection], event.keys, event.aliases)
        for receipt, reading in changed.values()
        for event in reading.events
    ]
    own = bulk.among(session, CallEvent.receipt_id, list(changed))
    locked = lock_groups(session, named, again.other | set(session.scalars(select(CallEvent.group_id).where(own))))
    # Only now nobody else can write these calls. A receipt that became news again meanwhile is the worker's.
    fresh = select(Receipt.id, Receipt.seen_at).where(
        bulk.among(session, Receipt.id, list(changed)), Receipt.state != PENDING
    )
    still = {receipt for receipt, seen_at in session.execute(fresh) if changed[receipt][0].seen_at == seen_at}
    came_in = [incoming(receipt, reading) for receipt, reading in changed.values() if receipt.id in still]
    return refold(session, came_in, locked, connections, now)


def _differences(session: Session, refolded: Refolded) -> Differences:
    """Between what is stored and what the fold has decided; nothing of it is written yet."""
    revisions = refolded.revisions
    found = Differences(failed=len(refolded.failed), made=len(revisions.fresh))
    ids = [row["id"] for row, _ in revisions.changed]
    if not ids:
        return found
    stored = session.execute(select(*rows.OUTCOMES.columns).where(bulk.among(session, CallOutcome.id, ids)))
    before = {row["id"]: dict(row) for row in stored.mappings()}
    for row, columns in revisions.changed:
        visible = [name for name in columns if name not in {*COUNTED, *KEPT, *SILENT}]
        found.note(before[row["id"]], row, visible)
    return found
