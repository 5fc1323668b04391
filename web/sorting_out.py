"""Receipts that are sorted out by somebody, over HTTP or on a page: sent back to be read again, or dismissed as garbage."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement

from lib import clock
from outcomes import receipts
from queries import evidence
from web.context import context

log = structlog.get_logger(__name__)


def replay(filters: Mapping[str, Any], by: str) -> int:
    """Have every such receipt read again; how many."""
    with context().database.write() as session:
        replayed = receipts.replay(session, evidence.conditions(filters))
    log.info("receipts_replayed", receipts=replayed, filters=sorted(filters), key=by)
    return replayed


def replay_one(receipt_id: UUID, by: str) -> dict[str, Any] | None:
    """Have it read again; as it is shown, None where there is no such receipt."""
    with context().database.write() as session:
        receipt = receipts.replay_one(session, receipt_id)
        shown = evidence.shown(receipt) if receipt else None
    if shown:
        log.info("receipt_replayed", receipt_id=str(receipt_id), key=by)
    return shown


def dismiss(filters: Mapping[str, Any], by: str, besides: Iterable[ColumnElement[bool]] = ()) -> int:
    """Say that every such receipt in quarantine is garbage; how many."""
    with context().database.write() as session:
        dismissed = receipts.dismiss(session, [*evidence.conditions(filters), *besides], by, clock.now())
    log.info("receipts_dismissed", receipts=dismissed, filters=sorted(filters), key=by)
    return dismissed


def dismiss_one(receipt_id: UUID, by: str) -> dict[str, Any] | None:
    """Say it of one; as it is shown, None where there is no such receipt."""
    with context().database.write() as session:
        receipt = receipts.dismiss_one(session, receipt_id, by, clock.now())
        shown = evidence.shown(receipt) if receipt else None
    if shown:
        log.info("receipt_dismissed", receipt_id=str(receipt_id), key=by)
    return shown
