"""Folding groups anew, and writing what changed: the only place where outcomes are written.

The steps stand in a file each: ``group_events`` gathers what a group is folded of, ``outlived`` bars what may be of a row
whose evidence has been deleted, ``folding`` folds the rest, ``beside_facts`` completes it, ``Placing`` finds each attempt its
row, and ``revisions`` has what is to be written. A fold that changes nothing writes nothing. A change raises ``revision`` and
takes a new place in the change feed; the places are taken last, see ``feed.take_positions``."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from dialers.base import Connection
from outcomes import beside_facts, rows
from outcomes.fold import Folded
from outcomes.folding import FoldedAhead, FoldedGroups, fold_groups
from outcomes.group_events import Grouped, GroupEvents, Incoming, gathered
from outcomes.groups import Locked
from outcomes.matching import match
from outcomes.outlived import Outlived, limits
from outcomes.revisions import VISIBLE, Revisions, Stored

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Refolded:
    """What a refold decided; ``revisions.write`` makes it so."""

    failed: Mapping[UUID, str]  # receipt -> the error's name; its events are left out
    late: Mapping[UUID, str]  # receipt -> why nothing becomes of it (``outlived``); its events are left out
    repeated: set[UUID]  # receipts whose every event another receipt had said
    revisions: Revisions


def refold(
    session: Session,
    came_in: Sequence[Incoming],
    locked: Locked,
    connections: Mapping[str, Connection],
    now: datetime,
    ahead: FoldedAhead = MappingProxyType({}),
) -> Refolded:
    """Fold the locked groups anew with what came in, write the events, and return what is to be written of outcomes. ``ahead``:
    calls that were folded before, of what came in alone.

    Receipts that were read before give their old events back first; the new ones take over their ids and rows, so that
    ids survive a new reading.
    """
    events = gathered(session, came_in, locked)
    outlived = Outlived(rows.outcomes(session, locked.old), limits(session))
    events = _without(events, outlived)
    folded, late = _folded(events, outlived, {item.receipt.id for item in came_in}, connections, now, ahead)
    completed = beside_facts.completed(session, folded.by_group, events.names)
    placing = Placing(events, {**folded.failed, **late}, Revisions(now))
    for group, own in completed.items():
        barred = [attempt.attempt_key for attempt, _ in outlived.barred(group, own)]
        placing.place(group, [one for one in own if one.attempt_key not in barred], outlived.standing.get(group, []))
    placing.follow_orphans()
    placing.revisions.follow_merges(session)
    for row in (row for own in outlived.rows.values() for row in own):
        placing.revisions.end_waiting(row)
    placing.write_events(session)
    if late:
        rows.forget_groups(session, [group for group in locked.fresh if not completed.get(group)])
    return Refolded(folded.failed, late, folded.repeated(), placing.revisions)


def _without(events: GroupEvents, outlived: Outlived) -> GroupEvents:
    """What is stored of rows that are not folded any more stays where it is."""
    if not outlived.ids:
        return events
    return replace(events, stored=[one for one in events.stored if one[1].outcome_id not in outlived.ids])


def _folded(
    events: GroupEvents,
    outlived: Outlived,
    came_in: set[UUID],
    connections: Mapping[str, Connection],
    now: datetime,
    ahead: FoldedAhead,
) -> tuple[FoldedGroups, dict[UUID, str]]:
    """What becomes of the groups, and of which receipts nothing does."""
    late: dict[UUID, str] = {}
    while True:
        folded = fold_groups(events, connections, now, ahead, late)
        more = outlived.late(folded.by_group, came_in - late.keys())
        if not more:
            return folded, late
        late |= more


@dataclass(frozen=True)
class Otherwise:
    """A row that a fold of what is stored would make otherwise. ``outcome``: None where there is none yet. ``fields``: in which.
    ``settle_by``: when the row that there is stops waiting, which nobody may have seen to."""

    outcome: UUID | None
    fields: Sequence[str]
    settle_by: datetime | None


def outdated(
    session: Session, stored: Sequence[Grouped], connections: Mapping[str, Connection], now: datetime
) -> dict[UUID, list[Otherwise]]:
    """The groups of which a fold of their stored events (group, event) would make other rows than they have, and which rows."""
    groups = {group for group, _ in stored}
    outlived = Outlived(rows.outcomes(session, groups), limits(session))
    events = _without(GroupEvents(rows.names(session, groups), stored), outlived)
    folded = beside_facts.completed(session, fold_groups(events, connections, now).by_group, events.names)
    found: dict[UUID, list[Otherwise]] = {}
    for group, own in folded.items():
        barred = [one.attempt_key for one, _ in outlived.barred(group, own)]
        rest = [one for one in own if one.attempt_key not in barred]
        found[group] = list(_otherwise(rest, outlived.standing.get(group, [])))
    return {group: differing for group, differing in found.items() if differing}


def _otherwise(folded: Sequence[Folded], known: Iterable[Stored]) -> Iterator[Otherwise]:
    standing = {row["id"]: row for row in known if row["merged_into"] is None}
    matched = match(folded, [(row["id"], row["attempt_key"]) for row in standing.values()])
    for attempt in folded:
        row = standing.get(matched.rows.get(attempt.attempt_key))
        if row is None:
            yield Otherwise(None, (), None)
        elif fields := [name for name in VISIBLE if row[name] != attempt.values[name]]:
            yield Otherwise(row["id"], fields, row["settle_by"])


class Placing:
    """Finds each attempt its row, and each event the row that it is counted into."""

    def __init__(self, events: GroupEvents, failed: Mapping[UUID, str], revisions: Revisions):
        self.revisions = revisions
        self._events, self._failed = events, failed
        self._homes: dict[UUID, UUID] = {}  # event -> outcome, of every event that was folded
        self._orphans: list[Stored] = []  # rows that no evidence in their group stands for any more

    def place(self, group: UUID, folded: Sequence[Folded], known: Sequence[Stored]) -> None:
        """Decide each row of one group; ``known`` are those that it has."""
        name, dialer = self._events.names[group]
        by_id = {row["id"]: row for row in known}
        matched = match(folded, [(row["id"], row["attempt_key"]) for row in known if row["merged_into"] is None])
        for attempt in folded:
            values = {**attempt.values, "attempt_key": attempt.attempt_key}
            outcome = matched.rows.get(attempt.attempt_key)
            if outcome is None:
                outcome = self.revisions.add(group, name, dialer, values)
            else:
                self.revisions.compare(by_id[outcome], values)
            self._homes |= {event.id: outcome for event in attempt.events}
        for loser, winner in matched.merged.items():
            self.revisions.merge(by_id[loser], winner)
        self._orphans += [by_id[orphan] for orphan in matched.orphans]

    def follow_orphans(self) -> None:
        """After all groups: a receipt read anew may belong to another call than before, and the row it leaves empty is merged
        into where it went."""
        if not self._orphans:
            return
        now_in = {event.receipt_id: self._homes[event.id] for _, event in self._events.told(self._failed)}
        old = (self._events.old or {}).values()
        for row in self._orphans:
            receipts = {event.receipt_id for event in old if event.outcome_id == row["id"]}
            went = [now_in[receipt] for receipt in receipts if receipt in now_in]
            if went:
                self.revisions.merge(row, min(went))
            else:
                log.warning("outcome_without_evidence", outcome_id=str(row["id"]))
                self.revisions.let_stand(row)

    def write_events(self, session: Session) -> None:
        """The news, each with its row, in place of what their receipts had said; and the events whose row is another one now."""
        homes, events = self._homes, self._events
        news = [(group, event, homes[event.id]) for group, event in events.told(self._failed)]
        rows.replace_events(session, [event.id for event in events.given_back(self._failed)], news)
        folded = [(event, homes[event.id]) for _, event in events.stored if event.id in homes]
        rows.move_events(session, {event.id: home for event, home in folded if event.outcome_id != home})
