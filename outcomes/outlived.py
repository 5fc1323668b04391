"""Outcomes that have outlived their evidence: the receipts that they were made of, or the first of them, have been deleted.

Such a row stands as it was last known. It is never folded again, for what is left of the evidence, or comes late, is not all
that it was made of: what may be news of it is put aside with a reason, and makes no second row beside it. Only that it waits
for something ends when its time is over, as that depends on nothing but the clock.

And what happened in a time of which outcomes are not kept any more makes no outcome.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import CallOutcome, Kept, bulk
from models.retention import MARGIN, OUTCOMES, RECEIPTS, whole_since
from outcomes.fold import Folded
from outcomes.matching import match
from outcomes.revisions import Stored

# Reasons of receipts.
EVIDENCE_DELETED = "evidence_deleted"
OLDER_THAN_KEPT = "older_than_kept"

ByGroup = Mapping[UUID, Sequence[Stored]]


@dataclass(frozen=True)
class Limits:
    """``whole``: rows that were first seen earlier have lost receipts. ``outcomes``: from when on these are kept. None: all."""

    whole: datetime | None = None
    outcomes: datetime | None = None

    def outlived(self, row: Stored) -> bool:
        """Whether the row has outlived its evidence. Its twin in SQL is ``ids_of``."""
        return self.whole is not None and row["first_seen_at"] < self.whole

    def too_old(self, attempt: Folded) -> bool:
        """Whether no outcome of that time is kept."""
        return self.outcomes is not None and attempt.values["occurred_at"] < self.outcomes


def limits(session: Session) -> Limits:
    """Those that hold now. Read under the locks of the groups that are folded: whoever deletes evidence has written them
    before, and waits for all who have not seen it."""
    found = session.execute(select(Kept.kind, Kept.since).where(Kept.kind.in_((RECEIPTS, OUTCOMES)))).all()
    known: dict[str, datetime | None] = {kind: since for kind, since in found}
    receipts = known.get(RECEIPTS)
    return Limits(None if receipts is None else receipts + MARGIN, known.get(OUTCOMES))


def ids_of(session: Session, groups: Iterable[UUID]) -> set[UUID]:
    """The rows of the groups that have outlived their evidence. Its twin is ``Limits.outlived``."""
    whole = whole_since(session)
    if whole is None:
        return set()
    mine = (bulk.among(session, CallOutcome.group_id, groups), CallOutcome.merged_into.is_(None))
    return set(session.scalars(select(CallOutcome.id).where(*mine, CallOutcome.first_seen_at < whole)))


class Outlived:
    """Of some groups: which of their rows have outlived their evidence, and what is barred because of that. ``known``: all
    rows."""

    def __init__(self, known: ByGroup, limits: Limits):
        self._limits = limits
        self.standing: dict[UUID, list[Stored]] = {}  # by group; merged ones included
        self.rows: dict[UUID, list[Stored]] = {}
        for group, own in known.items():
            for row in own:
                gone = row["merged_into"] is None and limits.outlived(row)
                (self.rows if gone else self.standing).setdefault(group, []).append(row)
        self.ids = {row["id"] for own in self.rows.values() for row in own}

    def late(self, folded: Mapping[UUID, Sequence[Folded]], came_in: set[UUID]) -> dict[UUID, str]:
        """Receipt -> why nothing becomes of it, of those that came in."""
        found: dict[UUID, str] = {}
        for group, own in folded.items():
            for attempt, reason in self.barred(group, own):
                found |= {event.receipt_id: reason for event in attempt.events if event.receipt_id in came_in}
        return found

    def barred(self, group: UUID, folded: Sequence[Folded]) -> Iterable[tuple[Folded, str]]:
        """The attempts that make no row, and why."""
        outlived = self.rows.get(group, [])
        if not outlived and not any(map(self._limits.too_old, folded)):
            return
        standing = [
            (row["id"], row["attempt_key"]) for row in self.standing.get(group, []) if row["merged_into"] is None
        ]
        matched = match(folded, standing).rows
        for attempt in folded:
            if any(event.outcome_id in self.ids for event in attempt.events):
                yield attempt, EVIDENCE_DELETED
            elif attempt.attempt_key in matched:
                continue
            elif any(_may_be(attempt, row) for row in outlived):
                yield attempt, EVIDENCE_DELETED
            elif self._limits.too_old(attempt):
                yield attempt, OLDER_THAN_KEPT


def _may_be(attempt: Folded, row: Stored) -> bool:
    """Whether the attempt may be the one that the row shows: not where the dialer has named both, and named them differently."""
    return not attempt.named or row["attempt_id"] is None or attempt.attempt_key == row["attempt_key"]
