"""Times on a reader's clocks, as spreadsheets read them."""

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo


def local(moment: str, zone: str) -> str:
    """A time as CSV has it, on a zone's clocks: ``2026-11-18 15:42:52``; what is over a second is cut off."""
    minute = _local_minute(moment[:16], zone)
    return minute + moment[16:19]


@lru_cache(maxsize=50_000)
def _local_minute(minute: str, zone: str) -> str:
    # Every zone's offset is whole minutes since 1972.
    at = datetime.fromisoformat(minute).replace(tzinfo=UTC)
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
