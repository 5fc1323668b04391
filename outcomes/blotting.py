"""Taking a number out of other people's calls: where they name it, or where their dialer has made a name of it.

What was said of them loses the number, and nothing else. Where it stands in a name, by which attempts, leads, agents or campaigns
are told apart and counted, a stand-in stands there then: of equal ones the same, of others another, so that every total stays.
What those receipts told is kept as it was understood, as of a receipt that told of the person, too: read again, their bytes would
make other names.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from dialers.base import KeptEvent
from lib.phone_spellings import Spellings
from models import CallKey, Receipt, bulk
from models.database import stand_ins
from outcomes import rows
from outcomes.erased import GONE, NAMES, WORDS, Reducer
from outcomes.erasing import Counts, blank_receipts, rename_calls, write_events
from outcomes.groups import lock_groups
from outcomes.revisions import Revisions

# Columns of an outcome in which it may stand.
TEXTS = tuple(column.name for column in rows.OUTCOMES.columns if column.name in (*NAMES, *WORDS, *GONE))


def blot_calls(session: Session, groups: Collection[UUID], spellings: Spellings, at: datetime) -> Counts:
    """Of calls of other people. Raises Raced."""
    locked = lock_groups(session, [], set(groups)).old
    names = rows.names(session, locked)
    own = {group: Reducer(stand_ins(session), name, spellings) for group, (name, _) in names.items()}
    events, known = rows.events(session, locked), rows.outcomes(session, locked)
    named = _named(session, locked, spellings) | {group for group, event in events if _names_it(own[group], event)}
    counted = named | {group for group, event in events if own[group].within(event.facts, WORDS)}
    left = [(event, _without(own[group], event)) for group, event in events]
    changed = [after for before, after in left if before != after]
    write_events(session, changed)
    rename_calls(session, {group: own[group] for group in named})
    told = {event.receipt_id for group, event in events if group in counted}
    told |= _blanked(session, {event.receipt_id for event in changed})
    receipts = blank_receipts(session, told, at, spellings)
    revisions, touched = Revisions(at, corrects=False), 0
    for group, some in known.items():
        attempts = {event.attempt for where, event in events if where == group and own[group].holds(event.attempt)}
        for row in some:
            said = own[group].others({name: row[name] for name in TEXTS})
            values = {**row, **said, "attempt_key": own[group].attempt_key(row, attempts)}
            touched += values != row
            revisions.compare(row, values)
    revisions.write(session)
    return {"receipts": receipts, "call_events": len(changed), "call_outcomes": touched}


def _names_it(own: Reducer, event: KeptEvent) -> bool:
    return own.holds(event.attempt) or own.within(event.facts, NAMES)


def _without(own: Reducer, event: KeptEvent) -> KeptEvent:
    return replace(event, attempt=own.other_attempt(event.attempt), facts=own.others(event.facts))


def _blanked(session: Session, receipts: Collection[UUID]) -> set[UUID]:
    """Those that hold no more than what is left of their events."""
    blank = select(Receipt.id).where(bulk.among(session, Receipt.id, receipts), Receipt.erased_at.is_not(None))
    return set(session.scalars(blank))


def _named(session: Session, groups: Collection[UUID], spellings: Spellings) -> set[UUID]:
    """Those of which a name among ``call_keys`` holds it."""
    found = select(CallKey.group_id, CallKey.key).where(bulk.among(session, CallKey.group_id, groups))
    return {group for group, key in session.execute(found) if spellings.within_value(key)}
