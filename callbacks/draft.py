"""A callback as it was received, before it has a place in any store."""

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from lib import clock, ids
from models.receipts import CALLBACK, PENDING, QUARANTINED

LARGEST_SIZE = 2**63 - 1  # what a BIGINT holds; a Content-Length may say more

REASONS = {
    "unknown_connection": "No connection of this name is configured.",
    "wrong_token": "The token in the URL is none of the connection's tokens.",
    "wrong_authorization": "The Authorization header is none that the connection's settings name, or is missing.",
    "unknown_kind": "The dialer posts no callbacks of this kind.",
    "oversized": "The body is larger than 1 MiB; its beginning was kept.",
    "cut_off": "The sender hung up, stalled or broke off before the end of the body; what came was kept.",
    "malformed_request": "The server could not, or would not, take the request apart as HTTP; the bytes that came were kept.",
    "refused_by_database": "The database refused to hold all that came with it; the body was kept.",
}


# What a record holds besides its id, time, body and size. One of a newer release may hold something else there, and no store
# would take it: whatever waits behind it would wait for ever.
FORMS = {
    "connection": str,
    "dialer": str | None,
    "kind": str,
    "method": str,
    "query": str | None,
    "headers": dict,
    "reason": str | None,
}


class NotADraft(ValueError):
    """What was read is no draft that was written down."""


@dataclass(slots=True)
class Draft:
    """What the receiver saw. ``reason`` says why it goes to quarantine without being read; None: it will be read."""

    connection: str
    dialer: str | None
    kind: str
    received_at: datetime
    method: str
    query: str | None
    headers: dict[str, str]
    body: bytes
    body_size: int  # as sent; more than len(body) when only the beginning is kept
    stranger: bool
    reason: str | None
    id: UUID = field(default_factory=ids.new)

    @property
    def kept_bytes(self) -> int:
        """How much is kept of it: its body, and what its sender wrote around it."""
        texts = (self.connection, self.kind, self.method, self.query or "", *self.headers, *self.headers.values())
        return len(self.body) + sum(len(one) if one.isascii() else len(one.encode()) for one in texts if one)

    def row(self) -> dict[str, Any]:
        """The columns of its receipt."""
        return {
            "id": self.id,
            "connection": self.connection,
            "dialer": self.dialer,
            "source": CALLBACK,
            "kind": self.kind,
            "received_at": self.received_at,
            "seen_at": self.received_at,
            "method": self.method,
            "query": self.query,
            "headers": self.headers,
            "body": self.body,
            "body_size": min(self.body_size, LARGEST_SIZE),
            "truncated": self.body_size > len(self.body),
            "content_hash": hashlib.sha256(self.body).hexdigest(),
            "stranger": self.stranger,
            "state": QUARANTINED if self.reason else PENDING,
            "reason": self.reason,
            "detail": REASONS.get(self.reason or ""),
            "readings": 0,
        }

    def record(self) -> dict[str, Any]:
        """Everything in it, as JSON can hold it: for stores other than the database. ``from_record`` reads it back."""
        return {
            "id": str(self.id),
            "connection": self.connection,
            "dialer": self.dialer,
            "kind": self.kind,
            "received_at": clock.iso(self.received_at),
            "method": self.method,
            "query": self.query,
            "headers": self.headers,
            "body": base64.b64encode(self.body).decode(),
            "body_size": min(self.body_size, LARGEST_SIZE),
            "stranger": self.stranger,
            "reason": self.reason,
        }

    def line(self) -> bytes:
        """The record as one line of JSON, without its end."""
        return orjson.dumps(self.record())

    @classmethod
    def from_record(cls, record: Any) -> "Draft":
        """Read what ``record`` wrote. Raises NotADraft."""
        try:
            return cls(
                **_told(record),
                id=UUID(record["id"]),
                received_at=_moment(record["received_at"]),
                body=base64.b64decode(record["body"], validate=True),
                body_size=int(record["body_size"]),
                stranger=bool(record["stranger"]),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise NotADraft(f"{type(error).__name__} while reading a receipt that was written down") from None

    @classmethod
    def from_line(cls, line: bytes) -> "Draft":
        """Read what ``line`` wrote. Raises NotADraft."""
        try:
            return cls.from_record(orjson.loads(line))
        except orjson.JSONDecodeError:
            raise NotADraft("a line that is no JSON") from None


def _told(record: Any) -> dict[str, Any]:
    """Raises KeyError or TypeError where it does not have the forms."""
    told = {name: record[name] for name in FORMS}
    wrong = [name for name, form in FORMS.items() if not isinstance(told[name], form)]
    if wrong or not all(type(text) is str for pair in told["headers"].items() for text in pair):
        raise TypeError
    return told


def _moment(text: str) -> datetime:
    """Raises ValueError, or OverflowError where there is no such moment in UTC."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError
    return moment.astimezone(UTC)
