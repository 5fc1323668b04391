"""Which row is which attempt? Ids stay good for ever: a row follows its evidence, and two rows that turn out to be one
call become one, the younger merged into the older. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from outcomes.fold import Folded


@dataclass
class Matched:
    """``rows``: attempt key -> id of the row that it continues, for attempts that had one. ``merged``: id -> id."""

    rows: dict[str, UUID] = field(default_factory=dict)
    merged: dict[UUID, UUID] = field(default_factory=dict)
    orphans: list[UUID] = field(default_factory=list)  # rows of which no evidence is left in the group


def match(folded: Sequence[Folded], rows: Sequence[tuple[UUID, str]]) -> Matched:
    """Find each row's attempt. ``rows`` are the (id, attempt key) of the group's unmerged rows.

    A row whose attempt the dialer has named keeps that attempt. Every other row goes where its earliest event went: a
    row that was shown as "the call in progress" becomes the attempt that those events turned out to belong to, not
    whatever is in progress now.
    """
    if not rows:
        return Matched()
    named = {attempt.attempt_key for attempt in folded if attempt.named}
    was_named = {event.outcome_id for attempt in folded for event in attempt.events if event.attempt is not None}
    followed = _followed(folded)
    found, left = Matched(), []
    for row, key in sorted(rows):
        goes_to = key if key in named and row in was_named else followed.get(row)
        if goes_to is None:
            left.append((row, key))
        elif goes_to in found.rows:
            found.merged[row] = found.rows[goes_to]
        else:
            found.rows[goes_to] = row
    found.orphans = [row for row, key in left if not _taken_back(found, row, key, folded)]
    return found


def _taken_back(found: Matched, row: UUID, key: str, folded: Sequence[Folded]) -> bool:
    """A row that had lost its evidence for a while: the same attempt, or the only one there is, is its own again."""
    same = [attempt.attempt_key for attempt in folded if attempt.attempt_key == key or len(folded) == 1]
    if not same or same[0] in found.rows:
        return False
    found.rows[same[0]] = row
    return True


def _followed(folded: Sequence[Folded]) -> dict[UUID, str]:
    """Where each row's earliest event went: row -> attempt key."""
    aged = sorted(
        (event.arrived, attempt.attempt_key, event.outcome_id) for attempt in folded for event in attempt.events
    )
    went: dict[UUID, str] = {}
    for _, went_to, row in aged:
        if row is not None:
            went.setdefault(row, went_to)
    return went
