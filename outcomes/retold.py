"""What is left of receipts that told of an erased person: their events; and retries of callbacks of which that is left.

A dialer sends a callback again, the same bytes, when it heard no answer. Where the first delivery was before an erasure and the
next one comes after it, the first has lost a number by then, and the next would look like an edit that brings the number back. It
is known by the keyed hash of what the first one was, among the receipts of its own call, and tells what is left of the first.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import String, func, or_, select, update
from sqlalchemy.orm import Session

from dialers.base import Event
from lib.stand_ins import LENGTH, StandIns
from models import CallEvent, CallKey, Erasure, Receipt, bulk
from models.erasures import RUNNING
from models.receipts import CALLBACK
from outcomes.erased import Reducer, names_of
from outcomes.group_events import EVENTS_OF_A_PART, Incoming
from outcomes.taken import Taken

RETRIED_WITHIN = timedelta(days=1)  # of an erasure's beginning: later nobody pays for looking

_LEFT = (
    *(Receipt.body, Receipt.body_size, Receipt.truncated, Receipt.content_hash),
    *(Receipt.query, Receipt.headers, Receipt.context, Receipt.erased_at),
)


def events(session: Session, receipts: Collection[UUID]) -> dict[UUID, list[Event]]:
    """What each of the receipts has told, as it stands in its events now, each under one name of its call."""
    theirs = bulk.among(session, CallEvent.receipt_id, receipts)
    found = session.scalars(
        select(CallEvent).where(theirs).order_by(CallEvent.ordinal), execution_options={"populate_existing": True}
    ).all()
    keys = _a_key(session, {event.group_id for event in found})
    told: dict[UUID, list[Event]] = {receipt: [] for receipt in receipts}
    for event in found:
        left = Event(
            kind=event.kind,
            keys=(keys[event.group_id],),
            facts=event.facts,
            attempt=event.attempt,
            happened_at=event.happened_at,
            part=event.ordinal // EVENTS_OF_A_PART,
        )
        told[event.receipt_id].append(left)
    return told


def _a_key(session: Session, groups: Collection[UUID]) -> dict[UUID, str]:
    found: dict[UUID, str] = {}
    named = select(CallKey.group_id, CallKey.key).where(bulk.among(session, CallKey.group_id, groups))
    for group, key in session.execute(named.order_by(CallKey.key)):
        found.setdefault(group, key)
    return found


def firsts(session: Session, stand: StandIns, came_in: Sequence[Incoming]) -> dict[UUID, UUID]:
    """Which of the receipts are such retries -> the first delivery of each."""
    mine = [item for item in came_in if item.receipt.source == CALLBACK and item.receipt.erased_at is None]
    if not mine or not _is_recent(session, mine):
        return {}
    hashes = {item.receipt.id: _content_hash(stand, item.receipt) for item in mine}
    names: set[tuple[str, str]] = set()
    for item in mine:
        own = Reducer(stand, item.receipt.connection)
        for name in names_of(item.reading.events):
            names |= {(item.receipt.connection, name), (item.receipt.connection, own.key(name))}
    content_hash = func.substr(Receipt.content_hash, 1, LENGTH, type_=String)
    same = (
        bulk.among(session, CallKey.key, {name for _, name in names}),
        bulk.among(session, content_hash, set(hashes.values())),
    )
    told = (
        select(CallKey.connection, CallKey.key, content_hash, Receipt.id)
        .join(CallEvent, CallEvent.group_id == CallKey.group_id)
        .join(Receipt, Receipt.id == CallEvent.receipt_id)
        .where(*same, Receipt.source == CALLBACK)
    )
    known: dict[str, UUID] = {}
    for connection, key, digest, receipt in session.execute(told):
        if (connection, key) in names:
            known[digest] = min(receipt, known.get(digest, receipt))
    return {receipt: known[one] for receipt, one in hashes.items() if one in known and known[one] != receipt}


def _is_recent(session: Session, came_in: Sequence[Incoming]) -> bool:
    since = min(item.receipt.received_at for item in came_in) - RETRIED_WITHIN
    recent = or_(Erasure.erased_at > since, Erasure.state == RUNNING)
    return session.scalar(select(Erasure.id).where(recent).limit(1)) is not None


def _content_hash(stand: StandIns, receipt: Taken) -> str:
    digest = hashlib.sha256(receipt.body).hexdigest()
    return Reducer(stand, receipt.connection).content_hash(digest, receipt.query)


def left(session: Session, retries: Mapping[UUID, UUID]) -> dict[UUID, tuple[Event, ...]]:
    """What is left of the first delivery of each."""
    told = events(session, set(retries.values()))
    return {receipt: tuple(told[first]) for receipt, first in retries.items()}


def keep(session: Session, retries: Mapping[UUID, UUID]) -> None:
    """Leave of each what is left of its first delivery."""
    for receipt, first in retries.items():
        row = session.execute(select(*_LEFT).where(Receipt.id == first)).one()
        mine = update(Receipt).where(Receipt.id == receipt)
        session.execute(mine.values(row._asdict()), execution_options={"synchronize_session": False})
