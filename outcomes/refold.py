"""Folding groups anew, and writing what changed: the only place where outcomes are written.

A fold that changes nothing writes nothing. A change raises ``revision`` and takes a new place in the change feed; the
places are taken last, see ``feed.take_positions``.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from dialers.base import Connection, Event, KeptEvent
from dialers.registry import DIALERS
from lib import ids
from models import CallOutcome
from outcomes import met, rows
from outcomes.corrections import changed_fields, corrects
from outcomes.feed import take_positions
from outcomes.fold import Folded, fold
from outcomes.groups import Key, Locked
from outcomes.matching import match
from outcomes.taken import Taken

log = structlog.get_logger(__name__)

# What a fold decides and readers see: a difference in one of these is a change.
VISIBLE = tuple(
    column.name
    for column in CallOutcome.__table__.columns
    if column.name
    not in ("id", "group_id", "attempt_key", "connection", "dialer", "merged_into", "revision", "changed_at")
    + ("settle_by", "set_by", "position", "corrected_at", "changed_fields")
)
# What it decides besides, for ourselves.
SILENT = ("attempt_key", "settle_by", "set_by")


EVENTS_OF_A_PART = 1_000  # more than any part of a receipt tells of

# What changes with a change, and what it says of itself.
COUNTED = ("revision", "changed_at", "position", "corrected_at", "changed_fields")

Stored = tuple[UUID, KeptEvent]  # an event, and the group that it belongs to
Names = Mapping[UUID, tuple[str, str]]  # group -> (connection, dialer)
Change = tuple[dict[str, Any], Collection[str]]  # a row as it is to be, and the columns in which it changed


@dataclass(frozen=True)
class Incoming:
    """A receipt, and what was read out of it just now."""

    receipt: Taken
    events: tuple[Event, ...]


@dataclass
class Refolded:
    """What a refold decided; ``write`` makes it so."""

    failed: dict[UUID, str] = field(default_factory=dict)  # receipt -> the error's name; its events are left out
    repeated: set[UUID] = field(default_factory=set)  # receipts whose every event another receipt had said
    fresh: list[dict[str, Any]] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    touched: list[Change] = field(default_factory=list)  # silent columns only

    def write(self, session: Session) -> None:
        """Write the outcomes. The last statements of the transaction: places in the feed stay locked until commit."""
        rows.update_outcomes(session, self.touched)
        visible = [row for row, _ in self.changed] + self.fresh
        if visible:
            for row, position in zip(visible, take_positions(session, len(visible)), strict=True):
                row["position"] = position
        rows.update_outcomes(session, self.changed)
        rows.insert_outcomes(session, self.fresh)


def refold(
    session: Session,
    incoming: Iterable[Incoming],
    locked: Locked,
    connections: Mapping[str, Connection],
    now: datetime,
) -> Refolded:
    """Fold the locked groups anew with what came in, write the events, and return what is to be written of outcomes.

    Receipts that were read before give their old events back first; the new ones take over their ids and rows, so that
    ids survive a new reading.
    """
    result = Refolded()
    incoming = list(incoming)
    reread = {item.receipt.id for item in incoming if item.receipt.readings}
    stored = rows.events(session, locked.old)
    old = {(event.receipt_id, event.ordinal): event for _, event in stored if event.receipt_id in reread}
    news = [(group, event) for item in incoming for group, event in _read(item, locked.by_key, old)]
    names, known = {**rows.names(session, locked.old), **locked.fresh}, rows.outcomes(session, locked.old)
    drafts = _fold_all(result, stored, news, reread, names, connections, now)
    met.complete(session, drafts, names)
    if result.failed:
        news = [(group, event) for group, event in news if event.receipt_id not in result.failed]
    homes: dict[UUID, UUID] = {}  # event -> outcome, of every event that was folded
    orphans: list[dict[str, Any]] = []
    for group, own in drafts.items():
        orphans += _settle_rows(result, group, *names[group], own, known.get(group, []), homes, now)
    if orphans:
        _follow_orphans(result, orphans, old, news, homes, now)
    _follow_merges(session, result, now)
    result.repeated = _repeated([draft for own in drafts.values() for draft in own])
    gone = [event.id for event in old.values() if event.receipt_id not in result.failed]
    rows.replace_events(session, gone, [(group, event, homes[event.id]) for group, event in news])
    folded = [(event, homes[event.id]) for _, event in stored if event.id in homes]
    rows.move_events(session, {event.id: home for event, home in folded if event.outcome_id != home})
    return result


def _repeated(drafts: list[Folded]) -> set[UUID]:
    """The receipts whose every event another receipt had said."""
    again = [draft for draft in drafts if len(draft.first) < len(draft.events)]
    if not again:
        return set()
    first = {event.receipt_id for draft in drafts for event in draft.first}
    return {event.receipt_id for draft in again for event in draft.events} - first


def _fold_all(
    result: Refolded,
    stored: Sequence[Stored],
    news: Sequence[Stored],
    reread: set[UUID],
    names: Names,
    connections: Mapping[str, Connection],
    now: datetime,
) -> dict[UUID, list[Folded]]:
    """The drafts of each group. A receipt with which a fold fails is left out of every group, what it had said before
    stays; a group that fails without any news is left as it is."""
    while True:
        events: dict[UUID, list[KeptEvent]] = {group: [] for group in names}
        for group, event in stored:
            if not reread or event.receipt_id not in reread or event.receipt_id in result.failed:
                events[group].append(event)
        for group, event in news:
            if not result.failed or event.receipt_id not in result.failed:
                events[group].append(event)
        drafts: dict[UUID, list[Folded]] = {}
        for group, own in events.items():
            name, dialer = names[group]
            try:
                drafts[group] = fold(own, connections.get(name) or Connection(name, dialer), DIALERS[dialer], now)
            except Exception as error:  # our own fault in one call must not stop the others
                log.exception("folding_failed", group_id=str(group), error=type(error).__name__)
                blamed = {event.receipt_id for where, event in news if where == group} - set(result.failed)
                if blamed:
                    result.failed |= dict.fromkeys(blamed, type(error).__name__)
                    break
        else:
            return drafts


def outdated(
    session: Session, stored: Sequence[Stored], connections: Mapping[str, Connection], now: datetime
) -> set[UUID]:
    """The groups of which a fold of their stored events (group, event) would make other rows than they have."""
    groups = {group for group, _ in stored}
    names, known = rows.names(session, groups), rows.outcomes(session, groups)
    found = set()
    every = _fold_all(Refolded(), stored, [], set(), names, connections, now)
    met.complete(session, every, names)
    for group, drafts in every.items():
        standing = {row["id"]: row for row in known.get(group, []) if row["merged_into"] is None}
        matched = match(drafts, [(row["id"], row["attempt_key"]) for row in standing.values()])
        for draft in drafts:
            row = standing.get(matched.rows.get(draft.attempt_key))
            if row is None or any(row[name] != draft.values[name] for name in VISIBLE):
                found.add(group)
    return found


def _settle_rows(
    result: Refolded,
    group: UUID,
    name: str,
    dialer: str,
    drafts: list[Folded],
    known: list[dict[str, Any]],
    homes: dict[UUID, UUID],
    now: datetime,
) -> list[dict[str, Any]]:
    """Decide each row of one group; returns the rows that no evidence in this group stands for any more."""
    by_id = {row["id"]: row for row in known}
    matched = match(drafts, [(row["id"], row["attempt_key"]) for row in known if row["merged_into"] is None])
    for draft in drafts:
        values = {**draft.values, "attempt_key": draft.attempt_key}
        outcome = matched.rows.get(draft.attempt_key)
        if outcome is None:
            outcome = ids.new()
            own = {"id": outcome, "group_id": group, "connection": name, "dialer": dialer, "merged_into": None}
            said = {"revision": 1, "changed_at": now, "corrected_at": None, "changed_fields": []}
            result.fresh.append({**own, **values, **said})
        else:
            _compare(result, by_id[outcome], values, now)
        homes |= {event.id: outcome for event in draft.events}
    for loser, winner in matched.merged.items():
        _merge(result, by_id[loser], winner, now)
    return [by_id[orphan] for orphan in matched.orphans]


def _compare(result: Refolded, row: Mapping[str, Any], values: Mapping[str, Any], now: datetime) -> None:
    differs = [name for name in VISIBLE if row[name] != values[name]]
    silent = [name for name in SILENT if row[name] != values[name]]
    if differs:
        corrected_at = row["corrected_at"] or (now if corrects(row, values) else None)
        _revise(result, row, {**values, "corrected_at": corrected_at}, [*differs, *silent], now)
    elif silent:
        result.touched.append(({**row, **values}, silent))


def _merge(result: Refolded, row: Mapping[str, Any], winner: UUID, now: datetime) -> None:
    _revise(result, row, {"merged_into": winner}, ["merged_into"], now)


def _revise(
    result: Refolded, row: Mapping[str, Any], values: Mapping[str, Any], columns: list[str], now: datetime
) -> None:
    """The next revision of the row: with these values, which differ in these columns."""
    revised = {**row, **values, "revision": row["revision"] + 1, "changed_at": now}
    corrected = ["corrected_at"] if revised["corrected_at"] != row["corrected_at"] else []
    revised["changed_fields"] = changed_fields([*columns, *corrected])
    result.changed.append((revised, (*columns, *COUNTED)))


def _follow_orphans(
    result: Refolded,
    orphans: list[dict[str, Any]],
    old: Mapping[tuple[UUID, int], KeptEvent],
    news: Sequence[Stored],
    homes: Mapping[UUID, UUID],
    now: datetime,
) -> None:
    """A receipt read anew may belong to another call than before: the row it leaves empty is merged into where it went."""
    now_in = {event.receipt_id: homes[event.id] for _, event in news}
    for row in orphans:
        receipts = {event.receipt_id for event in old.values() if event.outcome_id == row["id"]}
        went = [now_in[receipt] for receipt in receipts if receipt in now_in]
        if went:
            _merge(result, row, min(went), now)
        else:
            # It stays as it was last known: an id that was shown does not vanish. But it waits for nothing any more.
            log.warning("outcome_without_evidence", outcome_id=str(row["id"]))
            result.touched.append(({**row, "settle_by": None}, ("settle_by",)))


def _follow_merges(session: Session, result: Refolded, now: datetime) -> None:
    """Rows that had been merged into one that is merged now point on, so that ``merged_into`` always names a row that
    stands."""
    into = {row["id"]: row["merged_into"] for row, _ in result.changed if row["merged_into"] is not None}

    def end(outcome: UUID) -> UUID:
        while outcome in into:
            outcome = into[outcome]
        return outcome

    for row, _ in result.changed:
        if row["merged_into"] is not None:
            row["merged_into"] = end(row["merged_into"])
    for row in rows.merged_into(session, set(into)):
        if row["id"] not in into:
            _merge(result, row, end(row["merged_into"]), now)


def ordinals(events: Iterable[Event]) -> list[int]:
    """The place of each event in its receipt. Each part has places of its own: where a part is understood that was not before,
    the events of the others stay where they are."""
    found: list[int] = []
    taken: dict[int, int] = {}
    for event in events:
        at = taken[event.part] = taken.get(event.part, -1) + 1
        found.append(event.part * EVENTS_OF_A_PART + at)
    return found


def _read(item: Incoming, groups: Mapping[Key, UUID], old: Mapping[tuple[UUID, int], KeptEvent]) -> Iterator[Stored]:
    """(group, event) of everything that a receipt says."""
    receipt = item.receipt
    for ordinal, event in zip(ordinals(item.events), item.events, strict=True):
        before = old.get((receipt.id, ordinal)) if old else None
        yield (
            groups[receipt.connection, event.keys[0]],
            KeptEvent(
                id=before.id if before else ids.new(),
                receipt_id=receipt.id,
                ordinal=ordinal,
                source=f"{receipt.source}:{receipt.kind}",
                kind=event.kind,
                attempt=event.attempt,
                happened_at=event.happened_at,
                received_at=receipt.received_at,
                seen_at=receipt.seen_at,
                facts=dict(event.facts),
                outcome_id=before.outcome_id if before else None,
            ),
        )
