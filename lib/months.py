"""Calendar months, in UTC: each as the moment at which it begins."""

from datetime import UTC, datetime


def begin(moment: datetime) -> datetime:
    """The month that the moment is in."""
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def later(month: datetime, count: int) -> datetime:
    """The month so many after it; before it, where the count is negative."""
    number = month.year * 12 + month.month - 1 + count
    return month.replace(year=number // 12, month=number % 12 + 1)


def name(month: datetime) -> str:
    """``2026-11``."""
    return f"{month:%Y-%m}"


def named(text: str) -> datetime:
    """The month of such a name. Raises ValueError."""
    return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC)
