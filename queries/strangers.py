"""What strangers have in quarantine, and what of theirs was dropped."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lib.clock import iso
from models import StrangerQuota, StrangerShare
from models.strangers import NOBODY


def known(session: Session, configured: Iterable[str], most_receipts: int, most_bytes: int) -> dict[str, Any]:
    """How much of the quarantine strangers fill, what they may fill, and how many receipts did not fit or gave way."""
    quota = session.scalars(select(StrangerQuota)).one()
    return {
        "receipts": quota.receipts,
        "bytes": quota.bytes,
        "overflow": quota.overflow,
        "last_overflow_at": iso(quota.last_overflow_at),
        "most_receipts": most_receipts,
        "most_bytes": most_bytes,
        "shares": shares(session, configured),
    }


def shares(session: Session, configured: Iterable[str]) -> list[dict[str, Any]]:
    """The share of each configured connection, and, last and without a name, of all other names together."""
    there = {one.connection: one for one in session.scalars(select(StrangerShare))}
    found = []
    for name in (*sorted(configured), NOBODY):
        one = there.get(name) or StrangerShare(receipts=0, bytes=0, dropped=0)
        counts = {"receipts": one.receipts, "bytes": one.bytes, "dropped": one.dropped}
        found.append({"connection": name or None} | counts | {"last_dropped_at": iso(one.last_dropped_at)})
    return found


def dropped(session: Session) -> int:
    """How many receipts of strangers did not fit, or gave way."""
    return session.scalars(select(StrangerQuota.overflow)).one()
