"""Slips that were passed over in bodies and records, counted for each connection: whoever builds them may want to know."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from dialers.bodies.forgiven import FORGIVEN
from models import Receipt

SPAN = timedelta(days=7)


def counted(session: Session, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Connection -> ``{"word", "sentence", "receipts", "sample_receipt_id"}`` for each slip in what came within the last seven
    days, most receipts first; the sample is the latest of them."""
    figures = (func.count(), func.max(cast(Receipt.id, Text)))
    statement = select(Receipt.connection, Receipt.forgiven, *figures)
    statement = statement.where(Receipt.forgiven.is_not(None), Receipt.received_at >= now - SPAN)
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for connection, words, receipts, latest in session.execute(
        statement.group_by(Receipt.connection, Receipt.forgiven)
    ):
        latest = str(UUID(latest))
        own = found.setdefault(connection, {})
        for word in (words or "").split():
            entry = own.setdefault(
                word,
                {"word": word, "sentence": FORGIVEN.get(word, word), "receipts": 0, "sample_receipt_id": latest},
            )
            entry["receipts"] += receipts
            entry["sample_receipt_id"] = max(entry["sample_receipt_id"], latest)
    return {
        connection: sorted(own.values(), key=lambda entry: (-entry["receipts"], entry["word"]))
        for connection, own in found.items()
    }
