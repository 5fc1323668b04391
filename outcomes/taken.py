"""A receipt as it is taken up to be understood: which columns are read, and what they are."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from models import Receipt


class Taken(NamedTuple):
    """What is read of a receipt: first what names it, then what it takes to understand it."""

    id: UUID
    connection: str
    source: str
    kind: str
    received_at: datetime
    seen_at: datetime
    readings: int
    body: bytes = b""
    body_size: int = 0
    truncated: bool = False
    query: str | None = None
    method: str | None = None
    context: Mapping[str, Any] | None = None
    erased_at: datetime | None = None
    content_type: str | None = None
    content_encoding: str | None = None


WHOLE = (
    *(getattr(Receipt, name) for name in Taken._fields[:-2]),
    Receipt.headers["content-type"].as_string().label("content_type"),
    Receipt.headers["content-encoding"].as_string().label("content_encoding"),
)
