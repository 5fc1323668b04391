"""The events of the groups that are folded: those that are stored, and those that were read just now."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.orm import Session

from dialers.base import Event, KeptEvent, Reading
from lib import ids
from outcomes import rows
from outcomes.groups import Key, Locked
from outcomes.taken import Taken

EVENTS_OF_A_PART = 1_000  # more than any part of a receipt tells of

Names = Mapping[UUID, tuple[str, str]]  # group -> (connection, dialer)
EventNumber = tuple[UUID, int]  # a receipt, and which of its events
Grouped = tuple[UUID, KeptEvent]  # an event, and the group that it belongs to


@dataclass(frozen=True)
class Incoming:
    """A receipt, and what was read out of it just now; ``told``: each event as it is kept if the receipt is read for the first
    time."""

    receipt: Taken
    reading: Reading
    told: Sequence[KeptEvent]


def incoming(receipt: Taken, reading: Reading) -> Incoming:
    """Everything that a receipt says."""
    source = f"{receipt.source}:{receipt.kind}"
    told = [
        KeptEvent(
            id=ids.new(),
            receipt_id=receipt.id,
            ordinal=ordinal,
            source=source,
            kind=event.kind,
            attempt=event.attempt,
            happened_at=event.happened_at,
            received_at=receipt.received_at,
            seen_at=receipt.seen_at,
            facts=dict(event.facts),
            outcome_id=None,
        )
        for ordinal, event in zip(ordinals(reading.events), reading.events, strict=True)
    ]
    return Incoming(receipt, reading, told)


@dataclass(frozen=True)
class GroupEvents:
    """``old`` is what receipts that were read again had said before: it is given back, and the news take over its ids."""

    names: Names
    stored: Sequence[Grouped]
    news: Sequence[Grouped] = ()
    reread: frozenset[UUID] = frozenset()
    old: Mapping[EventNumber, KeptEvent] | None = None

    def by_group(self, failed: Mapping[UUID, str]) -> dict[UUID, list[KeptEvent]]:
        """What each group is folded of: of receipts that failed what they had said before."""
        events: dict[UUID, list[KeptEvent]] = {group: [] for group in self.names}
        for group, event in self.stored:
            if not self.reread or event.receipt_id not in self.reread or event.receipt_id in failed:
                events[group].append(event)
        for group, event in self.told(failed):
            events[group].append(event)
        return events

    def told(self, failed: Mapping[UUID, str]) -> Sequence[Grouped]:
        """The news, without those of receipts that failed."""
        return [(group, event) for group, event in self.news if event.receipt_id not in failed] if failed else self.news

    def given_back(self, failed: Mapping[UUID, str]) -> list[KeptEvent]:
        """What receipts had said before that say something new."""
        return [event for event in (self.old or {}).values() if event.receipt_id not in failed]


def gathered(session: Session, came_in: Sequence[Incoming], locked: Locked) -> GroupEvents:
    """The events of the locked groups, with what came in."""
    reread = frozenset(item.receipt.id for item in came_in if item.receipt.readings)
    stored = rows.events(session, locked.old)
    old = {(event.receipt_id, event.ordinal): event for _, event in stored if event.receipt_id in reread}
    news = [grouped for item in came_in for grouped in _told(item, locked.by_key, old)]
    return GroupEvents({**rows.names(session, locked.old), **locked.fresh}, stored, news, reread, old)


def _told(item: Incoming, groups: Mapping[Key, UUID], old: Mapping[EventNumber, KeptEvent]) -> Iterator[Grouped]:
    """What a receipt says, with the ids and the rows of what it had said before."""
    name = item.receipt.connection
    for event, kept in zip(item.reading.events, item.told, strict=True):
        before = old.get((kept.receipt_id, kept.ordinal)) if old else None
        if before:
            kept = replace(kept, id=before.id, outcome_id=before.outcome_id)
        yield groups[name, event.keys[0]], kept


def ordinals(events: Iterable[Event]) -> list[int]:
    """The place of each event in its receipt. Each part has places of its own: where a part is understood that was not before,
    the events of the others stay where they are."""
    found: list[int] = []
    taken: dict[int, int] = {}
    for event in events:
        at = taken[event.part] = taken.get(event.part, -1) + 1
        found.append(event.part * EVENTS_OF_A_PART + at)
    return found
