"""The inbox: a draft is put in, and when ``put`` returns it is durable."""

import base64

import structlog
from sqlalchemy import insert

from callbacks.draft import Draft
from callbacks.quarantine import admit
from lib import clock
from models import Receipt
from models.database import Database

log = structlog.get_logger(__name__)


class Inbox:
    """Keeps drafts as receipts: one transaction each, committed before ``put`` returns."""

    def __init__(self, database: Database, settings):
        self._database = database
        self._caps = (settings.stranger_receipts, settings.stranger_bytes)

    def put(self, draft: Draft) -> None:
        """Keep the draft. Never raises: where the database does not take it, it stands in full in the error log."""
        try:
            with self._database.write() as session:
                if draft.stranger and not admit(session, len(draft.body), draft.received_at, *self._caps):
                    return
                session.execute(insert(Receipt), draft.row())
        # Drivers refuse what they cannot bind with errors of their own, which are not SQLAlchemy's.
        except Exception as error:  # noqa: BLE001 - the answer is 200, so the receipt must stand somewhere
            _last_rung(draft, error)


def _last_rung(draft: Draft, error: Exception) -> None:
    """The whole receipt as one line of the error log: the only place where a body is written to a log."""
    log.error(
        "receipt_not_stored",
        error=type(error).__name__,
        receipt={
            **draft.row(),
            "id": str(draft.id),
            "received_at": clock.iso(draft.received_at),
            "seen_at": clock.iso(draft.received_at),
            "body": base64.b64encode(draft.body).decode(),
        },
    )
