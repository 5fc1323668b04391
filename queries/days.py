"""Days and weeks as numbers, as engines count them, and as readers are shown them; and the span of time that there are
calls of."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, select

from lib import clock
from models import CallOutcome
from models.database import AnyColumn
from queries.asks import Asks

Span = tuple[datetime, datetime]
_FIRST_DAY = date(1970, 1, 1)
_BEGINNING, _END = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_ROOM = timedelta(days=1)


def day_text(days: int | None) -> str | None:
    """``2026-11-18`` of the days since 1970."""
    return None if days is None else (_FIRST_DAY + timedelta(days)).isoformat()


def day_number(text: str) -> int:
    """Raises ValueError where that is no day."""
    return (date.fromisoformat(text) - _FIRST_DAY).days


def week_text(monday: int | None) -> str | None:
    """As ISO 8601 writes weeks: ``2026-W48``."""
    if monday is None:
        return None
    year, week, _ = (_FIRST_DAY + timedelta(monday)).isocalendar()
    return f"{year}-W{week:02d}"


def week_number(text: str) -> int:
    """Its Monday, as a number of days. Raises ValueError."""
    year, _, week = text.partition("-W")
    return (date.fromisocalendar(int(year), int(week), 1) - _FIRST_DAY).days


def first(session: Asks) -> datetime | None:
    """When the first call was that is known here; None where there is none."""
    ((found,),) = session.execute(select(func.min(CallOutcome.occurred_at)))
    moment: datetime | None = found
    return moment


def span(session: Asks, moment: AnyColumn = CallOutcome.occurred_at) -> Span:
    """From before the first such time to behind the last one."""
    # Two questions, each of which an index answers.
    ends = (select(end(moment)).scalar_subquery() for end in (func.min, func.max))
    ((first, last),) = session.execute(select(*ends))
    if first is None or last is None:
        return clock.now() - _ROOM, clock.now() + _ROOM
    return max(first - _ROOM, _BEGINNING), min(last + _ROOM, _END)
