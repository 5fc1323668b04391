"""Our ids: UUIDv7, so that they sort by the time of their making."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new() -> UUID:
    """A new id, later than every earlier one of this process."""
    return uuid7()


def parse(text: object) -> UUID | None:
    """The id, or None where the text is none."""
    try:
        return UUID(str(text))
    except ValueError:
        return None
