"""A callback as it was received, before it has a place in any store."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from lib import ids
from models.receipts import CALLBACK, PENDING, QUARANTINED

LARGEST_SIZE = 2**63 - 1  # what a BIGINT holds; a Content-Length may say more

REASONS = {
    "unknown_connection": "No connection of this name is configured.",
    "wrong_token": "The token in the URL is none of the connection's tokens.",
    "unknown_kind": "The dialer posts no callbacks of this kind.",
    "oversized": "The body is larger than 1 MiB; its beginning was kept.",
    "cut_off": "The sender hung up, stalled or broke off before the end of the body; what came was kept.",
}


@dataclass(frozen=True)
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
            "detail": REASONS.get(self.reason),
            "readings": 0,
        }
