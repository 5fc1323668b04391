"""What would be deleted now: counted for each kind, table and month."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lib import months
from models.retention import KINDS
from upkeep.retention import due
from upkeep.retention.ages import Ages
from upkeep.retention.due import Rows

LOOKED_AT = 200  # rows of a month, for how large they are


@dataclass(frozen=True)
class Counted:
    """``month``: ``2025-10``. ``bytes``: about how much they say, without what their indexes take."""

    kind: str
    table: str
    month: str
    rows: int
    bytes: int


def counted(session: Session, ages: Ages, now: datetime) -> list[Counted]:
    """By kind in the order of ``KINDS``, by table and by month; nothing of a kind that is kept for ever."""
    found = []
    for kind in KINDS:
        since = ages.since(kind, now)
        if since is not None:
            for rows in due.of_kind(session, kind):
                found += _months(session, kind, rows, since)
    return found


def _months(session: Session, kind: str, rows: Rows, since: datetime) -> list[Counted]:
    found: list[Counted] = []
    oldest = due.oldest(session, rows)
    while oldest is not None and oldest < since:
        month = months.begin(oldest)
        following = months.later(month, 1)
        within = (rows.column >= rows.value(month), due.condition(rows, following))
        count = session.scalar(select(func.count()).select_from(rows.table).where(*within)) or 0
        some = session.execute(select(*rows.table.__table__.columns).where(*within).limit(LOOKED_AT)).all()
        size = sum(map(_size, some)) * count // max(1, len(some))
        found.append(Counted(kind, rows.name, months.name(month), count, size))
        oldest = due.oldest(session, rows, following)
    return found


def _size(row: Sequence[Any]) -> int:
    return sum(_length(value) for value in row if value is not None)


def _length(value: Any) -> int:
    if isinstance(value, bytes | str):
        return len(value)
    if isinstance(value, dict | list):
        return len(json.dumps(value))
    return 8 if isinstance(value, int | float | datetime) else 16


def lines(found: Sequence[Counted]) -> list[str]:
    """``receipts    2025-10    call_events        1,234 rows     0.4 MB``."""
    return [
        f"{one.kind:<11} {one.month}  {one.table:<18} {one.rows:>12,} rows {one.bytes / 1_000_000:>10,.1f} MB"
        for one in found
    ]


def shown(found: Sequence[Counted]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [asdict(one) for one in found]
