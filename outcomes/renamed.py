"""Calls and leads of other people in whose names a number of an erased person stood: they go by stand-ins now, and what dialers
tell of them later, under the names of before, is of them all the same."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dialers.base import Event, Reading
from lib.stand_ins import MARK, StandIns, is_stand_in
from models import CallEvent, CallKey, CallOutcome, bulk
from outcomes.erased import LEFT, NAMES, Reducer
from outcomes.group_events import Incoming

Key = tuple[str, str]  # (connection, stand-in of a name of a call)
Calls = Mapping[Key, Collection[str]]  # -> the stand-ins by which its attempts, its leads and itself are known


def calls(session: Session, known: Collection[Key]) -> Calls:
    """Those of these calls that are of people who were not erased."""
    if not known:
        return {}
    columns = (CallKey.connection, CallKey.key, CallKey.group_id, *(getattr(CallOutcome, name) for name in NAMES))
    mine = select(*columns).join(CallOutcome, CallOutcome.group_id == CallKey.group_id)
    stands = or_(CallOutcome.customer_number.is_(None), CallOutcome.customer_number.not_like(f"%{MARK}%"))
    named = bulk.among(session, CallKey.key, {key for _, key in known})
    found = [row for row in session.execute(mine.where(named, stands)) if (row.connection, row.key) in known]
    if not found:
        return {}
    attempts: dict[object, set[str]] = {}
    erased = set()
    told = select(CallEvent.group_id, CallEvent.attempt, CallEvent.facts).where(
        bulk.among(session, CallEvent.group_id, {row.group_id for row in found})
    )
    for group, attempt, facts in session.execute(told):
        if LEFT in facts:  # of a call without a number nothing else says so
            erased.add(group)
        elif is_stand_in(attempt):
            attempts.setdefault(group, set()).add(attempt)
    names: dict[Key, set[str]] = {}
    for row in found:
        if row.group_id not in erased:
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
