"""Folding groups anew, and writing what changed: the only place where outcomes are written.

A fold that changes nothing writes nothing. A change raises ``revision`` and takes a new place in the change feed; the
places are taken last, see ``feed.take_positions``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from dialers.base import Connection, Event, KeptEvent
from dialers.registry import DIALERS
from lib import ids
from models import CallOutcome, Receipt
from outcomes import rows
from outcomes.feed import take_positions
from outcomes.fold import Draft, first_deliveries, fold
from outcomes.groups import Key
from outcomes.matching import match

log = structlog.get_logger(__name__)

# What a fold decides and readers see: a difference in one of these is a change.
VISIBLE = tuple(
    column.name
    for column in CallOutcome.__table__.columns
    if column.name
    not in ("id", "group_id", "attempt_key", "connection", "dialer", "merged_into", "revision", "changed_at")
    + ("occurred_at", "settle_by", "set_by", "position")
)
# What it decides besides, for ourselves.
SILENT = ("attempt_key", "occurred_at", "settle_by", "set_by")


@dataclass(frozen=True)
class Incoming:
    """A receipt and what was read out of it just now."""

    receipt: Receipt
    events: tuple[Event, ...]


@dataclass
class Refolded:
    """What a refold decided; ``write`` makes it so."""

    failed: dict[UUID, str] = field(default_factory=dict)  # receipt -> the error's name; its events are left out
    repeated: set[UUID] = field(default_factory=set)  # receipts whose every event another receipt had said
    fresh: list[dict[str, Any]] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)
    touched: list[dict[str, Any]] = field(default_factory=list)  # silent columns only

    def write(self, session: Session) -> None:
        """Write the outcomes. The last statements of the transaction: places in the feed stay locked until commit."""
        if self.touched:
            rows.update_outcomes(session, self.touched)
        if not self.fresh and not self.changed:
            return
        for row, position in zip(
            [*self.changed, *self.fresh], take_positions(session, len(self.changed) + len(self.fresh)), strict=True
        ):
            row["position"] = position
        if self.changed:
            rows.update_outcomes(session, self.changed)
        if self.fresh:
            rows.insert_outcomes(session, self.fresh)


def refold(
    session: Session,
    incoming: Iterable[Incoming],
    groups: Mapping[Key, UUID],
    locked: Iterable[UUID],
    connections: Mapping[str, Connection],
    now: datetime,
) -> Refolded:
    """Fold the locked groups anew with what came in, write the events, and return what is to be written of outcomes.

    ``groups`` says where each key of the incoming events belongs. Receipts that were read before give their old events
    back first; the new ones take over their ids and rows, so that ids survive a new reading.
    """
    result = Refolded()
    incoming = list(incoming)
    wanted = set(locked)
    reread = {item.receipt.id for item in incoming if item.receipt.readings}
    stored = rows.events(session, wanted)
    old = {(event.receipt_id, event.ordinal): event for _, event in stored if event.receipt_id in reread}
    news = [(group, event) for item in incoming for group, event in _read(item, groups, old)]
    names, known = rows.names(session, wanted), rows.outcomes(session, wanted)
    drafts, events = _fold_all(result, wanted, stored, news, reread, names, connections, now)
    news = [(group, event) for group, event in news if event.receipt_id not in result.failed]
    homes: dict[UUID, UUID] = {}  # event -> outcome, of every event that was folded
    orphans: list[dict[str, Any]] = []
    for group, own in drafts.items():
        orphans += _settle_rows(result, group, *names[group], own, known.get(group, []), homes, now)
    _follow_orphans(result, orphans, old, news, homes, now)
    _follow_merges(session, result, now)
    first = {event.receipt_id for own in events.values() for event in first_deliveries(own).values()}
    result.repeated = {event.receipt_id for _, event in news} - first
    gone = [event.id for event in old.values() if event.receipt_id not in result.failed]
    rows.replace_events(session, gone, [(group, event, homes[event.id]) for group, event in news])
    before = {event.id: event.outcome_id for _, event in stored}
    rows.move_events(session, {one: home for one, home in homes.items() if one in before and before[one] != home})
    return result


def _fold_all(result: Refolded, wanted: set[UUID], stored, news, reread: set[UUID], names, connections, now):
    """(group -> its drafts, group -> the events that they were made of). A receipt with which a fold fails is left out of
    every group, what it had said before stays; a group that fails without any news is left as it is."""
    while True:
        events: dict[UUID, list[KeptEvent]] = {group: [] for group in wanted}
        for group, event in stored:
            if event.receipt_id not in reread or event.receipt_id in result.failed:
                events[group].append(event)
        for group, event in news:
            if event.receipt_id not in result.failed:
                events[group].append(event)
        drafts: dict[UUID, list[Draft]] = {}
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
            return drafts, events


def _settle_rows(result, group, name, dialer, drafts: list[Draft], known, homes, now) -> list[dict[str, Any]]:
    """Decide each row of one group; returns the rows that no evidence in this group stands for any more."""
    by_id = {row["id"]: row for row in known}
    matched = match(drafts, [(row["id"], row["attempt_key"]) for row in known if row["merged_into"] is None])
    for draft in drafts:
        values = {**draft.values, "attempt_key": draft.attempt_key}
        outcome = matched.rows.get(draft.attempt_key)
        if outcome is None:
            outcome = ids.new()
            own = {"id": outcome, "group_id": group, "connection": name, "dialer": dialer, "merged_into": None}
            result.fresh.append({**own, **values, "revision": 1, "changed_at": now})
        else:
            _compare(result, by_id[outcome], values, now)
        homes |= {event.id: outcome for event in draft.events}
    for loser, winner in matched.merged.items():
        _merge(result, by_id[loser], winner, now)
    return [by_id[orphan] for orphan in matched.orphans]


def _compare(result: Refolded, row: Mapping[str, Any], values: Mapping[str, Any], now: datetime) -> None:
    differs = [name for name in VISIBLE if row[name] != values[name]]
    if differs:
        result.changed.append({**row, **values, "revision": row["revision"] + 1, "changed_at": now})
    elif any(row[name] != values[name] for name in SILENT):
        result.touched.append({**row, **values})


def _merge(result: Refolded, row: Mapping[str, Any], winner: UUID, now: datetime) -> None:
    result.changed.append({**row, "merged_into": winner, "revision": row["revision"] + 1, "changed_at": now})


def _follow_orphans(result: Refolded, orphans, old, news, homes, now) -> None:
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
            result.touched.append({**row, "settle_by": None})


def _follow_merges(session: Session, result: Refolded, now: datetime) -> None:
    """Rows that had been merged into one that is merged now point on, so that ``merged_into`` always names a row that
    stands."""
    into = {row["id"]: row["merged_into"] for row in result.changed if row["merged_into"] is not None}

    def end(outcome: UUID) -> UUID:
        while outcome in into:
            outcome = into[outcome]
        return outcome

    for row in result.changed:
        if row["merged_into"] is not None:
            row["merged_into"] = end(row["merged_into"])
    for row in rows.merged_into(session, set(into)):
        if row["id"] not in into:
            _merge(result, row, end(row["merged_into"]), now)


def _read(item: Incoming, groups: Mapping[Key, UUID], old: Mapping[tuple[UUID, int], KeptEvent]):
    """(group, event) of everything that a receipt says."""
    receipt = item.receipt
    for ordinal, event in enumerate(item.events):
        before = old.get((receipt.id, ordinal))
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
