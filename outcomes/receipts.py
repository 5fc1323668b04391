"""What is done with receipts that were read, or could not be: sent back to be read again, or dismissed as garbage."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session, aliased

from models import CallEvent, Receipt
from models.database import changed, chunks
from models.receipts import CALLBACK, KEPT_BYTES, PENDING, QUARANTINED
from models.strangers import take_away


def replay(session: Session, conditions: Iterable[ColumnElement[bool]]) -> int:
    """Send every such receipt (``queries.evidence.conditions``) back to be read again; how many. Those that wait already are left
    as they are."""
    return _replay(session, [*conditions, Receipt.state != PENDING])


def replay_one(session: Session, receipt_id: UUID) -> Receipt | None:
    """Send one receipt back to be read again. None where there is no such receipt."""
    _replay(session, [Receipt.id == receipt_id, Receipt.state != PENDING])
    return session.get(Receipt, receipt_id, populate_existing=True)


def _replay(session: Session, wanted: list[ColumnElement[bool]]) -> int:
    found = retries(session, wanted)
    replayed = _read_again(session, wanted)
    for some in chunks(sorted(found)):
        _read_again(session, [Receipt.id.in_(some), Receipt.state != PENDING])
    return replayed


def retries(session: Session, wanted: Iterable[ColumnElement[bool]]) -> set[UUID]:
    """The callbacks that were read and say, to the byte, what one of these receipts says, of the same call; with these. One that
    is not read again together with its first delivery would say the old words, and look like an edit."""
    again = aliased(Receipt)
    told, retold = aliased(CallEvent), aliased(CallEvent)
    found = (
        select(again.id)
        .join(retold, retold.receipt_id == again.id)
        .join(told, told.group_id == retold.group_id)
        .join(Receipt, Receipt.id == told.receipt_id)
        .where(*wanted, again.content_hash == Receipt.content_hash, again.source == CALLBACK, again.state != PENDING)
    )
    return set(session.scalars(found))


def _read_again(session: Session, wanted: list[ColumnElement[bool]]) -> int:
    # An operator who has a stranger's receipt read vouches for it: it no longer counts against the strangers' quota.
    # ``readings`` stays: the reader must know that it has read this receipt before.
    again = {"state": PENDING, "reason": None, "detail": None, "forgiven": None, "processed_at": None}
    again |= {"dismissed_at": None, "dismissed_by": None}
    gone = session.execute(
        update(Receipt)
        .where(*wanted, Receipt.stranger.is_(True))
        .values(again | {"stranger": False})
        .returning(Receipt.share, KEPT_BYTES),
        execution_options={"synchronize_session": False},
    ).all()
    take_away(session, gone)
    return len(gone) + changed(session, update(Receipt).where(*wanted).values(again))


def dismiss(session: Session, conditions: Iterable[ColumnElement[bool]], by: str, now: datetime) -> int:
    """Say of receipts in quarantine that they are garbage: kept and counted, but no trouble any more. How many."""
    mine = (*conditions, Receipt.state == QUARANTINED, Receipt.dismissed_at.is_(None))
    return changed(session, update(Receipt).where(*mine).values(dismissed_at=now, dismissed_by=by))


def dismiss_one(session: Session, receipt_id: UUID, by: str, now: datetime) -> Receipt | None:
    """The same of one; None where there is no such receipt. One that is not in quarantine is left as it is."""
    dismiss(session, [Receipt.id == receipt_id], by, now)
    return session.get(Receipt, receipt_id, populate_existing=True)
