"""What strangers can fill is capped: anybody can post to an unknown connection or guess at a token."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callbacks.draft import Draft
from models import Receipt, StrangerQuota
from models.database import insert_into


def keep_strangers(session: Session, drafts: Sequence[Draft], receipts: int, bytes_: int) -> None:
    """Keep strangers' drafts while they fit under the caps, in their order; what does not fit is counted.

    ``receipts`` and ``bytes_`` are the caps. The quota's row is locked first, so that no number of processes can overshoot.
    """
    session.execute(update(StrangerQuota).values(overflow=StrangerQuota.overflow))
    quota = session.execute(select(StrangerQuota.receipts, StrangerQuota.bytes)).one()
    known = set(session.scalars(select(Receipt.id).where(Receipt.id.in_([draft.id for draft in drafts]))))
    fresh = [draft for draft in drafts if draft.id not in known]
    fitting, size = 0, 0
    while fitting < len(fresh) and quota.receipts + fitting < receipts:
        if quota.bytes + size + len(fresh[fitting].body) > bytes_:
            break
        size += len(fresh[fitting].body)
        fitting += 1
    if fitting:
        session.execute(
            insert_into(session, Receipt).on_conflict_do_nothing(), [draft.row() for draft in fresh[:fitting]]
        )
    counted = {"receipts": StrangerQuota.receipts + fitting, "bytes": StrangerQuota.bytes + size}
    if fitting < len(fresh):
        counted |= {"overflow": StrangerQuota.overflow + len(fresh) - fitting, "last_overflow_at": _latest(fresh)}
    session.execute(update(StrangerQuota).values(counted), execution_options={"synchronize_session": False})


def _latest(drafts: Sequence[Draft]) -> datetime:
    return max(draft.received_at for draft in drafts)
