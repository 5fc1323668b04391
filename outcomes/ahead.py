"""What can be made of receipts before anybody is kept waiting: what each says, and what a call comes to of which nothing else is
known. Pure. Whether that is still so is seen when the call is locked: ``folding`` takes what was folded here for the very same
events only.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from dialers.base import Connection, KeptEvent
from dialers.registry import DIALERS
from outcomes.fold import Folded, fold
from outcomes.folding import FoldedAhead
from outcomes.group_events import Incoming, incoming
from outcomes.reading import Fate, understand
from outcomes.taken import Taken

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Ahead:
    """Of a batch of receipts, in their order."""

    receipts: Sequence[Taken]
    came_in: Sequence[Incoming]  # of those that were understood
    fates: Mapping[UUID, Fate]  # of the others
    folded: FoldedAhead


def prepare(receipts: Sequence[Taken], connections: Mapping[str, Connection], now: datetime) -> Ahead:
    came_in: list[Incoming] = []
    fates: dict[UUID, Fate] = {}
    for receipt in receipts:
        found = understand(receipt, connections)
        if isinstance(found, Fate):
            fates[receipt.id] = found
        else:
            came_in.append(incoming(receipt, found))
    return Ahead(receipts, came_in, fates, dict(_folded(came_in, connections, now)))


def _folded(
    came_in: Sequence[Incoming], connections: Mapping[str, Connection], now: datetime
) -> Iterator[tuple[UUID, tuple[list[KeptEvent], list[Folded]]]]:
    for item in _alone(came_in):
        connection = connections[item.receipt.connection]
        told = list(item.told)
        try:
            yield told[0].id, (told, fold(told, connection, DIALERS[connection.dialer], now))
        except Exception as error:  # noqa: BLE001 - it fails again where it counts, and is told of there: see ``folding``
            log.debug("not_folded_ahead", receipt_id=str(item.receipt.id), error=type(error).__name__)


def _alone(came_in: Iterable[Incoming]) -> list[Incoming]:
    """Those that tell of one call for the first time, and of which no other of these tells."""
    tellers: dict[tuple[str, str], Incoming | None] = {}
    for item in came_in:
        for event in item.reading.events:
            for key in event.keys:
                name = (item.receipt.connection, key)
                tellers[name] = item if tellers.get(name, item) is item else None
    return [
        item
        for item in came_in
        if item.told
        and not item.receipt.readings
        and len({event.keys for event in item.reading.events}) == 1
        and all(tellers[item.receipt.connection, key] is item for key in item.reading.events[0].keys)
    ]
