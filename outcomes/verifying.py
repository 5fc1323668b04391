"""Whether outcomes are what their evidence says: receipts read again, events folded again, and nothing written.

What ``renormalize`` would change, it finds; and says which receipts and which rows they are. A row that only waits to be settled
is none: the worker is about to do it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from dialers.base import Connection
from models.database import Database
from outcomes import rows
from outcomes.differences import Differences
from outcomes.outlived import ids_of
from outcomes.refold import outdated
from outcomes.renormalize import reread


@dataclass
class Compared:
    """Of some calls. ``receipts``: those that say something else than was read out of them. ``outcomes``: row -> the fields that
    a fold would make otherwise. ``groups``: the calls of both, and those of which a row is missing (``missing``). ``unknown``:
    calls of connections that the settings do not name, which nobody can read; ``outlived``: outcomes that cannot be compared,
    because receipts that they were made of have been deleted for their age."""

    calls: int = 0
    read: int = 0
    unreadable: int = 0
    unknown: int = 0
    outlived: int = 0
    receipts: list[UUID] = field(default_factory=list)
    outcomes: dict[UUID, Sequence[str]] = field(default_factory=dict)
    missing: list[UUID] = field(default_factory=list)
    groups: set[UUID] = field(default_factory=set)

    def add(self, other: "Compared") -> None:
        for name in ("calls", "read", "unreadable", "unknown", "outlived"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.receipts += other.receipts
        self.outcomes |= other.outcomes
        self.missing += other.missing
        self.groups |= other.groups


def compare(
    database: Database, connections: Mapping[str, Connection], groups: Sequence[UUID], now: datetime
) -> Compared:
    """Of these calls, by their groups, at one moment. ``now``: what has to be settled by then may differ."""
    found, looked_at = Compared(calls=len(groups)), Differences()
    with database.snapshot() as session:
        names = rows.names(session, set(groups))
        known = {group for group in groups if group in names and names[group][0] in connections}
        found.unknown = len(names) - len(known)
        outlived = ids_of(session, known)
        found.outlived = len(outlived)
        stored = [one for one in rows.events(session, known) if one[1].outcome_id not in outlived]
        changed = reread(session, stored, connections, looked_at)
        found.read, found.unreadable, found.receipts = looked_at.receipts, looked_at.unreadable, sorted(changed)
        told = {group for group, event in stored if event.receipt_id in changed}
        found.groups |= told
        rest = [(group, event) for group, event in stored if group not in told]
        for group, differing in outdated(session, rest, connections, now).items():
            for one in differing:
                if one.settle_by is not None and one.settle_by <= now:
                    continue
                found.groups.add(group)
                if one.outcome is None:
                    found.missing.append(group)
                else:
                    found.outcomes[one.outcome] = one.fields
    return found
