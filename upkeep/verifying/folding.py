"""A sample of calls, or all of them, folded again from their receipts."""

import time
from collections.abc import Iterator, Mapping
from datetime import datetime

from dialers.base import Connection
from lib import clock
from models import CallGroup
from models.database import Database, chunks
from outcomes.verifying import Compared, compare
from upkeep.verifying.found import Found
from upkeep.verifying.pieces import pieces

AT_ONCE = 200  # calls, each with all its receipts
AGAIN_SECONDS = 3.0  # a worker that is at work on a call is done with it by then
TODO = (
    "Were settings changed, or is this a newer release? `wrapup renormalize` shows what would change, and does it; else somebody "
    "wrote into the tables."
)


def calls(
    database: Database,
    connections: Mapping[str, Connection],
    sample: int | None,
    now: datetime | None = None,
    pause: float = AGAIN_SECONDS,
) -> Iterator[Found]:
    """What differs is looked at a second time: a worker may have been at work on it. ``now``: the moment at which all was as it
    is; the present, where it lives."""
    compared = Compared()
    for ids in pieces(database, CallGroup.id, sample):
        for some in chunks(ids, AT_ONCE):
            seen = compare(database, connections, some, now or clock.now())
            compared.add(_settled(seen, database, connections, now, pause))
    found = Found("calls folded again", "call", looked_at=compared.calls - compared.unknown, todo=TODO)
    found.add(f"receipt {one} says something else than was read out of it" for one in compared.receipts)
    for outcome, fields in compared.outcomes.items():
        found.add([f"outcome {outcome} differs in {', '.join(fields)}"])
    found.add(f"call group {one} has an attempt without an outcome" for one in compared.missing)
    found.notes.append(f"{compared.read:,} receipts read")
    if compared.unreadable:
        found.notes.append(f"{compared.unreadable:,} of them can no longer be understood; what they had said stands")
    if compared.outlived:
        found.notes.append(
            f"{compared.outlived:,} outcomes cannot be compared: their receipts were deleted for their age"
        )
    if compared.unknown:
        found.notes.append(f"{compared.unknown:,} calls are of connections that the settings do not name")
    yield found


def _settled(
    first: Compared, database: Database, connections: Mapping[str, Connection], now: datetime | None, pause: float
) -> Compared:
    if not first.groups or not pause:
        return first
    time.sleep(pause)
    again = compare(database, connections, sorted(first.groups), now or clock.now())
    first.receipts, first.outcomes, first.missing = again.receipts, again.outcomes, again.missing
    return first
