"""Folding many groups: what the fold makes of each, whatever is wrong with one of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

import structlog

from dialers.base import Connection, KeptEvent
from dialers.registry import DIALERS
from outcomes.fold import Folded, fold
from outcomes.group_events import GroupEvents

log = structlog.get_logger(__name__)

# The first event's id -> all events of a call, and what the fold made of them: what was folded before it was asked for.
FoldedAhead = Mapping[UUID, tuple[list[KeptEvent], list[Folded]]]


@dataclass
class FoldedGroups:
    """``failed``: receipt -> the error's name. Its events are left out of every group."""

    by_group: dict[UUID, list[Folded]] = field(default_factory=dict)
    failed: dict[UUID, str] = field(default_factory=dict)

    def repeated(self) -> set[UUID]:
        """The receipts whose every event another receipt had said."""
        folded = [attempt for own in self.by_group.values() for attempt in own]
        again = [attempt for attempt in folded if len(attempt.first) < len(attempt.events)]
        if not again:
            return set()
        first = {event.receipt_id for attempt in folded for event in attempt.first}
        return {event.receipt_id for attempt in again for event in attempt.events} - first


class Failed(Exception):
    """Folding failed with what these receipts say."""

    def __init__(self, receipts: set[UUID], error: str):
        super().__init__(error)
        self.receipts, self.error = receipts, error


def fold_groups(
    events: GroupEvents,
    connections: Mapping[str, Connection],
    now: datetime,
    ahead: FoldedAhead = MappingProxyType({}),
    late: Mapping[UUID, str] = MappingProxyType({}),
) -> FoldedGroups:
    """What becomes of each group. A receipt with which a fold fails is left out of every group, what it had said before
    stays; a group that fails without any news is left as it is. So are those that are ``late`` (``outlived``)."""
    failed: dict[UUID, str] = dict(late)
    while True:
        try:
            folded = _folded(events, failed, connections, now, ahead)
            return FoldedGroups(folded, {receipt: why for receipt, why in failed.items() if receipt not in late})
        except Failed as error:
            failed |= dict.fromkeys(error.receipts, error.error)


def _folded(
    events: GroupEvents,
    failed: Mapping[UUID, str],
    connections: Mapping[str, Connection],
    now: datetime,
    ahead: FoldedAhead,
) -> dict[UUID, list[Folded]]:
    """Raises Failed where there are receipts to be blamed that were not before."""
    folded: dict[UUID, list[Folded]] = {}
    for group, own in events.by_group(failed).items():
        known = ahead.get(own[0].id) if own else None
        if known is not None and known[0] == own:
            folded[group] = known[1]
            continue
        name, dialer = events.names[group]
        try:
            folded[group] = fold(own, connections.get(name) or Connection(name, dialer), DIALERS[dialer], now)
        except Exception as error:  # our own fault in one call must not stop the others
            log.exception("folding_failed", group_id=str(group), error=type(error).__name__)
            blamed = {event.receipt_id for where, event in events.told(failed) if where == group}
            if blamed:
                raise Failed(blamed, type(error).__name__) from error
    return folded
