"""Pages by key: a cursor names the last row shown, so that rows coming in meanwhile shift nothing."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from lib import ids
from lib import text as texts

Item = TypeVar("Item")


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Some of a list, and the cursor of the next page; None where this is the last."""

    rows: list[Item]
    next: str | None


class BadCursor(ValueError):
    """The cursor is not one that this list gave. The message is a sentence for the caller."""


def encode(order: str, *place: str) -> str:
    """The cursor of a place in an order: opaque, safe in a URL."""
    text = json.dumps([order, *place], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode(order: str, cursor: str, size: int) -> list[str]:
    """The ``size`` texts of the place. Raises BadCursor where the cursor is damaged or comes from another order."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        place = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        raise BadCursor("This is not a cursor of ours.") from None
    if not isinstance(place, list) or len(place) != size + 1 or not all(isinstance(part, str) for part in place):
        raise BadCursor("This is not a cursor of ours.")
    if place[0] != order:
        raise BadCursor("This cursor comes from another list or another order.")
    return [texts.clean(part) for part in place[1:]]


def row(order: str, cursor: str) -> UUID:
    """The id of the row that a place in a list by ids names. Raises BadCursor."""
    found = ids.parse(decode(order, cursor, 1)[0])
    if found is None:
        raise BadCursor("This is not a cursor of ours.")
    return found


def page(rows: Sequence[Item], limit: int, cursor: Callable[[Item], str]) -> Page[Item]:
    """The page of these rows, of which one more than ``limit`` were asked for: where it came, another page follows. ``cursor``:
    of the last row that is shown."""
    if len(rows) <= limit:
        return Page(list(rows), None)
    return Page(list(rows[:limit]), cursor(rows[limit - 1]))
