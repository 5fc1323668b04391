"""From when on each kind is kept: whole calendar months, in UTC. With ``receipts = "13 months"`` everything of this month and
of the thirteen before it is kept, so that nothing goes before it is thirteen months old."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lib import months

NOTHING: Mapping[str, int] = {}


@dataclass(frozen=True)
class Ages:
    """Kind (``models.retention.KINDS``) -> for how many months it is kept. What is not named is kept for ever."""

    months: Mapping[str, int] = field(default_factory=dict)

    def since(self, kind: str, now: datetime) -> datetime | None:
        """From when on it is kept; None: all of it is."""
        count = self.months.get(kind)
        return None if count is None else months.later(months.begin(now), -count)


def days(count: int) -> int:
    """How many days so many months have at least."""
    return count * 365 // 12 - 2
