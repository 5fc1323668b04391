"""What points nowhere, and what nothing points to."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dialers.registry import DIALERS
from models import CallEvent, CallGroup, CallOutcome, ChangeFeed, Delivery, DestinationState, Kept, Receipt, bulk
from models.database import AnyColumn, Database
from models.receipts import CALLBACK, DUPLICATE, NORMALIZED, PENDING, REPORT, STATES
from models.retention import OUTCOMES, whole_since
from outcomes.erased import is_hash_of
from upkeep.verifying.found import Found
from upkeep.verifying.pieces import pieces, without

LONGEST_PENDING = timedelta(hours=1)
BODIES = 50  # in memory at a time: each may have a megabyte
# (source, dialer, kind) of what tells how leads, campaigns and queues stand: it has no events where it is about no call.
_OF_NOW = {
    (REPORT, dialer.name, report.name) for dialer in DIALERS.values() for report in dialer.reports if report.of_now
}


def receipts(database: Database, sample: int | None, now: datetime) -> Iterator[Found]:
    """Their bodies are what they were when they came, each has a state, and what was read has its events."""
    bodies = Found(
        "bodies", "callback", todo="The evidence was changed, or the disk is failing: put them back from a backup."
    )
    states = Found("states", "receipt", todo="Does a worker run? `wrapup replay RECEIPT` has one read again.")
    without_events = 0
    for ids in pieces(database, Receipt.id, sample):
        with database.snapshot() as session:
            own = bulk.among(session, Receipt.id, list(ids))
            # What is left of those that were erased has a keyed hash of what it was.
            as_it_came = (own, Receipt.source == CALLBACK, Receipt.erased_at.is_(None))
            hashed = select(Receipt.id, Receipt.body, Receipt.content_hash).where(*as_it_came)
            for receipt, body, digest in session.execute(hashed, execution_options={"yield_per": BODIES}):
                bodies.looked_at += 1
                if not is_hash_of(digest, body):
                    bodies.add([f"receipt {receipt}"])
            columns = (Receipt.id, Receipt.state, Receipt.seen_at, Receipt.source, Receipt.dialer, Receipt.kind)
            found = session.execute(select(*columns).where(own)).all()
            states.looked_at += len(found)
            read = [one.id for one in found if one.state in (NORMALIZED, DUPLICATE) and tuple(one[3:]) not in _OF_NOW]
            silent = without(session, read, CallEvent.receipt_id)
            if session.scalar(select(Kept.since).where(Kept.kind == OUTCOMES)) is None:
                states.add(f"receipt {one} was read, and no event of it is there" for one in sorted(silent))
            else:  # calls go by when they were, receipts by when they came
                without_events += len(silent)
            for receipt, state, seen_at, *_ in found:
                if state not in STATES:
                    states.add([f"receipt {receipt} has the state {state!r}"])
                elif state == PENDING and now - seen_at > LONGEST_PENDING:
                    states.add([f"receipt {receipt} waits since {seen_at:%Y-%m-%d %H:%M}"])
    if without_events:
        states.notes.append(f"{without_events:,} have no events: of calls, it seems, that were deleted for their age")
    yield bodies
    yield states


def outcomes(database: Database, sample: int | None) -> Iterator[Found]:
    """Each that stands has evidence, and each that was merged names a row that is there."""
    found = Found(
        "outcomes without evidence", "outcome", todo="Put the receipts back, or decide that these rows stand alone."
    )
    for ids in pieces(database, CallOutcome.id, sample):
        with database.snapshot() as session:
            columns = select(CallOutcome.id, CallOutcome.merged_into, CallOutcome.first_seen_at)
            told = session.execute(columns.where(bulk.among(session, CallOutcome.id, list(ids)))).all()
            rows: dict[UUID, UUID | None] = {row.id: row.merged_into for row in told}
            found.looked_at += len(rows)
            whole = whole_since(session)  # those from before it have lost receipts to their age
            standing = [row.id for row in told if row.merged_into is None and not (whole and row.first_seen_at < whole)]
            alone = without(session, standing, CallEvent.outcome_id)
            found.add(f"outcome {one} has no event" for one in sorted(alone))
            winners = [merged_into for merged_into in rows.values() if merged_into is not None]
            gone = _missing(session, winners, CallOutcome.id)
            found.add(
                f"outcome {one} is merged into {rows[one]}, which is not there" for one in rows if rows[one] in gone
            )
    yield found


def events(database: Database, sample: int | None) -> Iterator[Found]:
    """Each was read out of a receipt, and is counted into an outcome of its call."""
    found = Found("events", "event", todo="Put the receipts back, and `wrapup replay` those of the call.")
    for ids in pieces(database, CallEvent.id, sample):
        with database.snapshot() as session:
            columns = (CallEvent.id, CallEvent.receipt_id, CallEvent.group_id, CallEvent.outcome_id)
            rows = session.execute(select(*columns).where(bulk.among(session, CallEvent.id, list(ids)))).all()
            found.looked_at += len(rows)
            for at, (noun, column) in enumerate(
                (("receipt", Receipt.id), ("call group", CallGroup.id), ("outcome", CallOutcome.id)), 1
            ):
                gone = _missing(session, [row[at] for row in rows], column)
                found.add(
                    f"event {row[0]} names {noun} {row[at]}, which is not there" for row in rows if row[at] in gone
                )
            found.add(f"event {row[0]} is counted into no outcome" for row in rows if row[3] is None)
    yield found


def deliveries(database: Database, sample: int | None) -> Iterator[Found]:
    """Each is of an outcome, and of a destination that was followed for."""
    found = Found(
        "deliveries", "delivery", todo="They are sent no more; an outcome that is there again is followed anew."
    )
    with database.read() as session:
        names = set(session.scalars(select(DestinationState.name)))
    for ids in pieces(database, Delivery.id, sample):
        with database.snapshot() as session:
            columns = (Delivery.id, Delivery.outcome_id, Delivery.destination)
            rows = session.execute(select(*columns).where(bulk.among(session, Delivery.id, list(ids)))).all()
            found.looked_at += len(rows)
            gone = _missing(session, [row[1] for row in rows], CallOutcome.id)
            found.add(f"delivery {row[0]} is of outcome {row[1]}, which is not there" for row in rows if row[1] in gone)
            found.add(
                f"delivery {row[0]} is for {row[2]}, of which nothing is known" for row in rows if row[2] not in names
            )
    yield found


def feed(database: Database) -> Iterator[Found]:
    """No place is above the last that was given, and none in the gap before an epoch."""
    found = Found("change feed", "place", todo="`wrapup feed restart` begins a new epoch above every place.")
    with database.snapshot() as session:
        columns = (ChangeFeed.last_position, ChangeFeed.stands_to, ChangeFeed.begins_above)
        last, stands_to, begins_above = session.execute(select(*columns)).one()
        highest = session.scalar(select(func.max(CallOutcome.position))) or 0
        lost = select(CallOutcome.id, CallOutcome.position).where(
            CallOutcome.position > stands_to, CallOutcome.position <= begins_above
        )
        found.looked_at = last
        if highest > last:
            found.add([f"place {highest} is taken, and the last that was given is {last}"])
        found.add(f"outcome {row} has place {place}, which was never given" for row, place in session.execute(lost))
        below = select(CallOutcome.id).where(CallOutcome.position <= 0)
        found.add(f"outcome {row} has no place" for row in session.scalars(below))
    yield found


def _missing(session: Session, ids: Sequence[UUID | None], column: AnyColumn) -> set[UUID]:
    wanted = {one for one in ids if one is not None}
    return wanted - set(session.scalars(select(column).where(bulk.among(session, column, list(wanted)))))
