from datetime import UTC, datetime


def at(text: str) -> datetime:
    """``2026-11-18 10:00``, of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
