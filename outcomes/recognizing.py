"""Recognizing what is told of persons who were erased: late callbacks, records that are polled again, receipts that are brought
back from a spool, a log or a backup. It is taken in without the person, and still says what became of the call.

A call is known by the keyed hashes of its names among ``call_keys``; one that was never told before, by the number, where the
call was before the erasure, or was told by then. What is called after an erasure is new
(docs/decisions/0022-erasure.md).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dialers.base import Event, LeadSeen, Reading
from lib import clock, phone_spellings
from lib.stand_ins import StandIns, is_stand_in
from models import CallKey, CallOutcome, Erasure, Lead, bulk
from models.database import stand_ins
from outcomes import before, erased, erasing, renamed, retold
from outcomes.before import Before
from outcomes.blanking import blank
from outcomes.erased import Reducer
from outcomes.group_events import Incoming, incoming
from outcomes.groups import Raced

_LOCK = 0x77726572  # of an advisory lock: "wrer"


def any_erased(session: Session) -> bool:
    """Whether anybody was erased, ever."""
    return session.scalar(select(Erasure.id).limit(1)) is not None


@dataclass
class Recognized:
    """A batch without those who were erased. ``changed``: which receipts told of such, to be blanked."""

    came_in: Sequence[Incoming]
    changed: dict[UUID, Incoming] = field(default_factory=dict)
    # (connection, name of a call that stays) -> its stand-in.
    asked: dict[tuple[str, str], str] = field(default_factory=dict)
    retries: Mapping[UUID, UUID] = field(default_factory=dict)  # ``retold.firsts``

    def check(self, session: Session) -> None:
        """After the calls are locked: nobody was erased between looking and locking. Raises Raced."""
        if self.asked and _calls(session, self.asked):
            raise Raced
        if self.asked and retold.firsts(session, stand_ins(session), self.came_in) != self.retries:
            raise Raced

    def blank(self, session: Session, at: datetime) -> None:
        """Leave of the receipts what is left of what they told."""
        stand = stand_ins(session)
        blank(session, stand, [(item.receipt, item.reading.events) for item in self.changed.values()], at)
        retold.keep(session, self.retries)


def recognized(session: Session, came_in: Sequence[Incoming]) -> Recognized:
    """What came in, with the persons taken out who were erased."""
    found = Recognized(came_in)
    if not came_in or not any_erased(session):
        return found
    stand = stand_ins(session)
    people = _people(session, stand, came_in)
    _take_turns(session, alone=any(_told_with(came_in, people)))
    known = _calls(session, _asked(stand, came_in))
    others = renamed.calls(session, known)
    leads = _leads(session, stand, came_in)
    calls = (known - others.keys()) | _theirs(session, stand, came_in, people)
    found.retries = retold.firsts(session, stand, came_in)
    left = retold.left(session, found.retries)
    fresh = []
    for item in came_in:
        if item.receipt.id in left:
            fresh.append(incoming(item.receipt, Reading(events=left[item.receipt.id])))
            continue
        reading = renamed.read(item, stand, others, leads)
        reading = _without(item, reading, stand, calls, people, leads)
        if reading is not item.reading:
            item = incoming(item.receipt, reading)
            found.changed[item.receipt.id] = item
        fresh.append(item)
    found.came_in, found.asked = fresh, _asked(stand, fresh)
    return found


def _asked(stand: StandIns, came_in: Iterable[Incoming]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for item in came_in:
        own = Reducer(stand, item.receipt.connection)
        names = erased.names_of(item.reading.events)
        found |= {(item.receipt.connection, name): own.key(name) for name in names if not is_stand_in(name)}
    return found


def _calls(session: Session, asked: Mapping[tuple[str, str], str]) -> set[tuple[str, str]]:
    by_connection: dict[str, set[str]] = {}
    for (connection, _), stand_in in asked.items():
        by_connection.setdefault(connection, set()).add(stand_in)
    found: set[tuple[str, str]] = set()
    for connection, names in by_connection.items():
        mine = select(CallKey.key).where(CallKey.connection == connection, bulk.among(session, CallKey.key, names))
        found |= {(connection, key) for key in session.scalars(mine)}
    return found


def _people(session: Session, stand: StandIns, came_in: Sequence[Incoming]) -> dict[str, Before]:
    """Numbers of those who were erased -> what was before that, of those that are told here."""
    numbers: set[str] = set()
    for item in came_in:
        told: list[Any] = [event.facts.get("customer_number") for event in item.reading.events]
        told += [lead.number for lead in item.reading.leads]
        numbers |= {number for number in told if number is not None}
    by_stand_in = {stand.number(number): number for number in numbers}
    mine = select(Erasure).where(bulk.among(session, Erasure.stand_in, by_stand_in)).order_by(Erasure.erased_at)
    return {by_stand_in[row.stand_in]: before.of(row) for row in session.scalars(mine)}


def _told_with(came_in: Iterable[Incoming], people: Mapping[str, Before]) -> Iterator[tuple[str, str, Event]]:
    """(number, connection, event) of what is told here with the number of somebody who was erased, of before that."""
    for item in came_in if people else ():
        for event in item.reading.events if item.receipt.erased_at is None else ():
            number = event.facts.get("customer_number", "")
            if number in people and people[number].is_event(event, item.receipt.received_at):
                yield number, item.receipt.connection, event


def _take_turns(session: Session, alone: bool) -> None:
    """Who is told of an erased person's call by its number waits for all who make calls at this moment, and lets nobody begin:
    the same call may be among theirs, told without the number, and would be two, one under the dialer's names and one under their
    stand-ins. Such are late, and few. What is looked at afterwards has what was waited for. On SQLite one writes at a time."""
    if session.get_bind().dialect.name != "sqlite":
        lock = func.pg_advisory_xact_lock if alone else func.pg_advisory_xact_lock_shared
        session.execute(select(lock(_LOCK)))


def _theirs(
    session: Session, stand: StandIns, came_in: Sequence[Incoming], people: Mapping[str, Before]
) -> set[tuple[str, str]]:
    """(connection, stand-in of a name) of the calls that are told here with the number of somebody who was erased. One that is
    there already, under the dialer's names, because its erasure has not come to it yet, or nobody had told its number, is erased
    now: it would be two calls, one with the names and one with their stand-ins."""
    names: dict[str, set[tuple[str, str]]] = {}
    for number, connection, event in _told_with(came_in, people):
        names.setdefault(number, set()).update((connection, name) for name in (*event.keys, *event.aliases))
    for number, told in names.items():
        mine = select(CallKey.connection, CallKey.key, CallKey.group_id, CallOutcome.customer_number)
        mine = mine.join(CallOutcome, CallOutcome.group_id == CallKey.group_id)
        found = session.execute(mine.where(bulk.among(session, CallKey.key, {name for _, name in told}))).all()
        found = [row for row in found if (row.connection, row.key) in told]
        another = {row.group_id for row in found if row.customer_number not in (None, number)}
        if groups := {row.group_id for row in found} - another:
            erasing.erase_calls(session, groups, phone_spellings.of(number), clock.now())
    return {(name, Reducer(stand, name).key(key)) for told in names.values() for name, key in told}


def _leads(session: Session, stand: StandIns, came_in: Sequence[Incoming]) -> dict[tuple[str, str], bool]:
    """(connection, stand-in) of the leads told here that are known by one -> whether the person was erased. Of other people's
    the name alone was."""
    told = {
        (item.receipt.connection, str(Reducer(stand, item.receipt.connection).lead(lead.lead_id)))
        for item in came_in
        for lead in item.reading.leads
    }
    if not told:
        return {}
    mine = select(Lead.connection, Lead.lead_id, Lead.number)
    found = session.execute(mine.where(bulk.among(session, Lead.lead_id, {name for _, name in told})))
    return {
        (row.connection, row.lead_id): row.number is None or is_stand_in(row.number)
        for row in found
        if (row.connection, row.lead_id) in told
    }


def _without(
    item: Incoming,
    reading: Reading,
    stand: StandIns,
    calls: set[tuple[str, str]],
    people: Mapping[str, Before],
    leads: Mapping[tuple[str, str], bool],
) -> Reading:
    receipt = item.receipt
    if receipt.erased_at is not None:
        return reading
    own = Reducer(stand, receipt.connection)

    def is_erased(event: Event) -> bool:
        names = (own.key(name) for name in (*event.keys, *event.aliases))
        if any((receipt.connection, name) in calls for name in names):
            return True
        known = people.get(event.facts.get("customer_number", ""))
        return known is not None and known.is_event(event, receipt.received_at)

    def is_lead(lead: LeadSeen) -> bool:
        known = people.get(lead.number or "")
        is_told = leads.get((receipt.connection, str(own.lead(lead.lead_id))), False)
        return is_told or (known is not None and known.is_lead(lead, receipt.received_at))

    gone = [event for event in reading.events if is_erased(event)]
    if not gone and not any(is_lead(lead) for lead in reading.leads):
        return reading
    # Of one record all events are of one call, also those that do not say so themselves.
    names = erased.names_of(gone)
    number = next((event.facts["customer_number"] for event in gone if "customer_number" in event.facts), None)
    own = replace(own, spellings=phone_spellings.of(number))
    events = tuple(own.event(event) if names & set(event.keys) else event for event in reading.events)
    seen = tuple(own.lead_seen(lead) if is_lead(lead) else lead for lead in reading.leads)
    return replace(reading, events=events, leads=seen)
