"""Receipts that are sorted out by somebody, over HTTP or on a page: sent back to be read again, or dismissed as garbage."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from lib import clock
from models import Receipt, audit
from outcomes import receipts
from queries import evidence
from web import limits
from web.context import context

log = structlog.get_logger(__name__)


def replay(filters: Mapping[str, Any], by: str) -> int:
    """Have every such receipt read again; how many."""
    with context().database.write() as session:
        replayed = receipts.replay(session, evidence.conditions(filters))
        _note(session, "receipts.replay", filters, replayed)
    log.info("receipts_replayed", receipts=replayed, filters=sorted(filters), key=by)
    return replayed


def replay_one(receipt_id: UUID, by: str) -> dict[str, Any] | None:
    """Have it read again; as it is shown, None where there is no such receipt."""
    with context().database.write() as session:
        if not _may_see(session, receipt_id):
            return None
        receipt = receipts.replay_one(session, receipt_id)
        _note_one(session, "receipts.replay", receipt)
        shown = evidence.shown(receipt) if receipt else None
    if shown:
        log.info("receipt_replayed", receipt_id=str(receipt_id), key=by)
    return shown


def dismiss(filters: Mapping[str, Any], by: str, besides: Iterable[ColumnElement[bool]] = ()) -> int:
    """Say that every such receipt in quarantine is garbage; how many."""
    with context().database.write() as session:
        dismissed = receipts.dismiss(session, [*evidence.conditions(filters), *besides], by, clock.now())
        _note(session, "receipts.dismiss", filters, dismissed)
    log.info("receipts_dismissed", receipts=dismissed, filters=sorted(filters), key=by)
    return dismissed


def dismiss_one(receipt_id: UUID, by: str) -> dict[str, Any] | None:
    """Say it of one; as it is shown, None where there is no such receipt."""
    with context().database.write() as session:
        if not _may_see(session, receipt_id):
            return None
        receipt = receipts.dismiss_one(session, receipt_id, by, clock.now())
        _note_one(session, "receipts.dismiss", receipt)
        shown = evidence.shown(receipt) if receipt else None
    if shown:
        log.info("receipt_dismissed", receipt_id=str(receipt_id), key=by)
    return shown


def _may_see(session: Session, receipt_id: UUID) -> bool:
    connection = session.scalar(select(Receipt.connection).where(Receipt.id == receipt_id))
    return connection is not None and limits.may_see(connection)


def _note(session: Session, act: str, filters: Mapping[str, Any], count: int) -> None:
    """With which filters, none of which tells anything of who was called."""
    audit.note(session, act, count=count, details=audit.said(filters))


def _note_one(session: Session, act: str, receipt: Receipt | None) -> None:
    if receipt is not None:
        audit.note(session, act, connection=receipt.connection, subject=receipt.id, count=1)
