"""Our ids: UUIDv7, so that they sort by the time of their making."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new() -> UUID:
    """A new id, later than every earlier one of this process."""
    return uuid7()


def first(moment: datetime) -> UUID:
    """Below every id that is made at the moment or later, and not below any that was made in a millisecond before it."""
    return UUID(int=((moment - _EPOCH) // _MILLISECOND) << 80)


def made_at(an_id: UUID) -> datetime:
    """When it was made, to the millisecond. Raises OverflowError where it is none of ours, and of a time that is none."""
    return _EPOCH + (an_id.int >> 80) * _MILLISECOND


def parse(text: object) -> UUID | None:
    """The id, or None where the text is none."""
    try:
        return UUID(str(text))
    except ValueError:
        return None
