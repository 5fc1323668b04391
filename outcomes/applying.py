"""What a decision does to the past: shown first, then done by a worker. Only calls in which the word was said are read again."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from dialers.base import Connection
from lib import clock
from lib import text as texts
from models import CallEvent, CallGroup, Decision, leases
from models.database import Database, changed, chunks
from models.decisions import DONE, FAILED, RUNNING, WAITING
from outcomes.decisions import Decided, Key, Meaning, key, merged
from outcomes.differences import Differences
from outcomes.renormalize import renormalize
from outcomes.undecided import DISPOSITION

log = structlog.get_logger(__name__)

# Every process reads with the new meaning by then, and what was being read with the old one is written: see LOOK_SECONDS.
SETTLED = timedelta(seconds=3)
LEASE = timedelta(seconds=60)  # renewed with each batch
MOST_PREVIEWED = 1_000  # calls: whoever looks waits for it

# The facts of events in which words stand, by kind of word. Both databases read them as text.
FACTS = {DISPOSITION: ("disposition", "disposition_parent"), "word": ("status_raw", "hangup_cause", "_word", "_said")}


def concerned(session: Session, name: str, wanted: Key) -> list[UUID]:
    """The calls of the connection in which the word was said, whichever way it was written, in the order of their ids."""
    kind, _ = wanted
    columns = [CallEvent.facts[fact].as_string() for fact in FACTS[kind]]
    own = select(CallEvent.id).join(CallGroup, CallGroup.id == CallEvent.group_id).where(CallGroup.connection == name)
    said = session.execute(
        own.with_only_columns(*columns).where(or_(*(one.is_not(None) for one in columns))).distinct()
    )
    ways = {word for row in said for word in row if word is not None and _is(kind, word, wanted)}
    found: set[UUID] = set()
    for some in chunks(sorted(ways), 1_000):
        groups = own.with_only_columns(CallEvent.group_id).where(or_(*(one.in_(some) for one in columns)))
        found |= set(session.scalars(groups.distinct()))
    return sorted(found)


def _is(kind: str, word: str, wanted: Key) -> bool:
    if key(kind, word) == wanted:
        return True
    # QVoice shows the levels of a disposition as one text; each of them is looked up.
    return kind == DISPOSITION and any(key(kind, part) == wanted for part in word.split(" / "))


def preview(
    database: Database,
    connections: Mapping[str, Connection],
    connection: Connection,
    field: str,
    word: str,
    meaning: Meaning,
) -> dict[str, Any]:
    """What the decision would change; nothing is changed. ``connection`` is as the settings made it, ``connections`` as they
    are now. Of many calls the latest are looked at."""
    wanted = key(field, word)
    now = connections[connection.name]
    rest = [
        Decision(field=kind, word=said, meaning=own)
        for kind, said, own in (
            *((DISPOSITION, said, list(flags)) for said, flags in now.dispositions.items()),
            *(("status_raw", said, own) for said, own in now.words.items()),
        )
        if key(kind, said) != wanted
    ]
    then = merged(connection, [*rest, Decision(field=field, word=word, meaning=meaning)])
    with database.read() as session:
        groups = concerned(session, connection.name, wanted)
    looked_at, found = groups[-MOST_PREVIEWED:], Differences()
    for _, differences in renormalize(
        database, {**connections, connection.name: then}, connection.name, apply=False, only=looked_at
    ):
        found.add(differences)
    return {
        "calls": len(groups),
        "looked_at": len(looked_at),
        "changed": found.changed,
        "changes": found.counted(),
        "examples": found.examples,
    }


def apply_next(database: Database, connections: Decided, now: datetime | None = None) -> bool:
    """Apply the decision that has waited longest, if any is due; True where one was. Several workers may do this at once."""
    taken = _claim(database, now or clock.now())
    if taken is None:
        return False
    decision, calls, found = taken, 0, Differences()
    name, wanted = decision.connection, key(decision.field, decision.word)
    if name not in connections:
        _end(database, decision.id, FAILED, reason="No connection of this name is configured.")
        return True
    try:
        connections.forget()
        known = connections.current()
        with database.read() as session:
            groups = concerned(session, name, wanted)
        for count, differences in renormalize(database, known, name, apply=True, only=groups):
            calls += count
            found.add(differences)
            _renew(database, decision.id)
    except SQLAlchemyError:
        _release(database, decision.id)  # the database will be well again; what is done makes no difference any more
        raise
    except Exception as error:
        _end(
            database,
            decision.id,
            FAILED,
            calls,
            found.changed,
            f"Reading the calls again failed: {type(error).__name__}.",
        )
        raise
    left = found.unreadable + found.failed
    reason = (
        f"{texts.many(left, 'receipt')} can no longer be understood; what had been read before stands."
        if left
        else None
    )
    _end(database, decision.id, DONE, calls, found.changed, reason)
    log.info("decision_applied", connection=name, decision_id=str(decision.id), calls=calls, outcomes=found.changed)
    return True


def _claim(database: Database, now: datetime) -> Decision | None:
    """The attempt is written before it is made; no row changed means that another worker was faster."""
    free = or_(Decision.state == WAITING, (Decision.state == RUNNING) & leases.free(Decision.lease_until, now, LEASE))
    # What was decided long after now was dated by a clock that has been set back.
    settled = or_(Decision.decided_at <= now - SETTLED, Decision.decided_at > now + LEASE)
    due = select(Decision).where(free, settled).order_by(Decision.id).limit(1)
    with database.read() as session:
        found = session.scalars(due).one_or_none()
        if found is None:
            return None
        session.expunge(found)
    with database.write() as session:
        claim = (
            update(Decision)
            .where(Decision.id == found.id, free)
            .values(state=RUNNING, lease_until=leases.until(clock.now(), LEASE))
        )
        return found if changed(session, claim) else None


def _renew(database: Database, decision: UUID) -> None:
    with database.write() as session:
        session.execute(
            update(Decision).where(Decision.id == decision).values(lease_until=leases.until(clock.now(), LEASE))
        )


def _release(database: Database, decision: UUID) -> None:
    """Let it wait again; where even that cannot be written, its lease ends by itself."""
    try:
        with database.write() as session:
            session.execute(update(Decision).where(Decision.id == decision).values(state=WAITING, lease_until=None))
    except SQLAlchemyError as error:
        log.warning("decision_not_released", decision_id=str(decision), error=type(error).__name__)


def _end(
    database: Database, decision: UUID, state: str, calls: int = 0, changed: int = 0, reason: str | None = None
) -> None:
    values = {
        "state": state,
        "lease_until": None,
        "ended_at": clock.now(),
        "calls": calls,
        "changed": changed,
        "reason": reason,
    }
    with database.write() as session:
        session.execute(update(Decision).where(Decision.id == decision).values(**values))
