"""Reading one receipt: what it says, or why it cannot be understood. Pure, but for the log of our own faults."""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from dialers.base import Connection, Evidence, Reading, Unreadable
from dialers.event_words import with_meanings
from dialers.registry import DIALERS
from models.receipts import CALLBACK, CHECK, QUARANTINED
from outcomes import erased
from outcomes.taken import Taken

log = structlog.get_logger(__name__)

KILLED = "reading_killed"  # the reason of a receipt that kills whoever reads it: see ``outcomes.deadly``


@dataclass(frozen=True)
class Fate:
    """What became of one receipt."""

    state: str
    reason: str | None = None
    detail: str | None = None
    forgiven: str | None = None  # the slips that were passed over, as the receipt's column holds them


Understood = Reading | Fate  # of reading one receipt


def understand(receipt: Taken, connections: Mapping[str, Connection]) -> Understood:
    """What the receipt says, or why it cannot be understood."""
    connection = connections.get(receipt.connection)
    if connection is None:
        return Fate(QUARANTINED, "unknown_connection", "No connection of this name is configured.")
    if receipt.erased_at is not None:
        return erased.reading(receipt.body)
    if receipt.source == CALLBACK and receipt.kind == CHECK:
        return Reading(ignored="check")
    if receipt.truncated:
        detail = f"The body had {receipt.body_size} bytes; its beginning was kept."
        return Fate(QUARANTINED, "oversized", detail)
    evidence = Evidence(
        source=receipt.source,
        kind=receipt.kind,
        body=receipt.body,
        content_type=receipt.content_type,
        query=receipt.query,
        method=receipt.method,
        context=receipt.context,
        seen_at=receipt.seen_at,
        content_encoding=receipt.content_encoding,
    )
    try:
        return with_meanings(DIALERS[connection.dialer].read(evidence, connection), connection)
    except Unreadable as error:
        return Fate(QUARANTINED, error.reason, error.detail)
    except Exception as error:  # our own fault in reading one receipt must not stop the others
        log.exception("reading_failed", receipt_id=str(receipt.id), error=type(error).__name__)
        detail = f"Reading it failed: {type(error).__name__}. This is a fault of Wrapup."
        return Fate(QUARANTINED, "reading_failed", detail)
