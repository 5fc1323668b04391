"""Calls and leads of other people in whose names a number of an erased person stood: they go by stand-ins now, and what dialers
tell of them later, under the names of before, is of them all the same."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from dialers.base import Event, Reading
from lib.stand_ins import MARK, StandIns, is_stand_in
from models import CallEvent, CallKey, CallOutcome, bulk
from outcomes.erased import NAMES, Reducer
from outcomes.group_events import Incoming

Key = tuple[str, str]  # (connection, stand-in of a name of a call)
Calls = Mapping[Key, Collection[str]]  # -> the stand-ins by which its attempts, its leads and itself are known


def calls(session: Session, known: Collection[Key]) -> Calls:
    """Those of these calls that are of people whose number is known, and were not erased."""
    if not known:
        return {}
    columns = (CallKey.connection, CallKey.key, CallKey.group_id, *(getattr(CallOutcome, name) for name in NAMES))
    mine = select(*columns).join(CallOutcome, CallOutcome.group_id == CallKey.group_id)
    stands = (CallOutcome.customer_number.is_not(None), CallOutcome.customer_number.not_like(f"%{MARK}%"))
    named = bulk.among(session, CallKey.key, {key for _, key in known})
    found = [row for row in session.execute(mine.where(named, *stands)) if (row.connection, row.key) in known]
    if not found:
        return {}
    attempts: dict[object, set[str]] = {}
    told = select(CallEvent.group_id, CallEvent.attempt).where(
        bulk.among(session, CallEvent.group_id, {row.group_id for row in found}), CallEvent.attempt.like(f"{MARK}%")
    )
    for group, attempt in session.execute(told.distinct()):
        attempts.setdefault(group, set()).add(str(attempt))
    names: dict[Key, set[str]] = {}
    for row in found:
        own = {name for name in row[3:] if is_stand_in(name)}
        names.setdefault((row.connection, row.key), set()).update(own, attempts.get(row.group_id, ()))
    return names


def read(item: Incoming, stand: StandIns, others: Calls, leads: Mapping[Key, bool]) -> Reading:
    """What was read, with the names that its calls and leads have now."""
    receipt, reading = item.receipt, item.reading
    if receipt.erased_at is not None or not (others or leads):
        return reading
    own = Reducer(stand, receipt.connection)

    def name(event: Event) -> Event:
        known = {one: others.get((receipt.connection, own.key(one))) for one in (*event.keys, *event.aliases)}
        stand_ins = {stand_in for some in known.values() for stand_in in some or ()}
        if not any(some is not None for some in known.values()):
            return event
        keys, aliases = (
            tuple(one if known[one] is None else own.key(one) for one in names) for names in (event.keys, event.aliases)
        )
        attempt = own.attempt(event.attempt)
        facts = {fact: own.fact(fact, event.facts[fact]) for fact in NAMES if fact in event.facts}
        return replace(
            event,
            keys=keys,
            aliases=aliases,
            attempt=attempt if attempt in stand_ins else event.attempt,
            facts={**event.facts, **{fact: made for fact, made in facts.items() if made in stand_ins}},
        )

    events = tuple(map(name, reading.events))
    seen = tuple(
        replace(lead, lead_id=str(own.lead(lead.lead_id)))
        if leads.get((receipt.connection, str(own.lead(lead.lead_id)))) is False
        else lead
        for lead in reading.leads
    )
    return reading if (events, seen) == (reading.events, reading.leads) else replace(reading, events=events, leads=seen)
