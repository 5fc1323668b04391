"""The past of dialers that somebody has begun to ask for (``polling.history``), and how far it has come."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lib.clock import iso
from models import PollCursor
from models.leases import is_held
from models.polls import BEGUN_HISTORY, HISTORY

RESUMED = timedelta(minutes=2)  # whoever asks for a past goes on by then, once it is due again


def begun(session: Session, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Connection -> the histories (``polling.history``) that were begun and are not at their end. ``under_way``: somebody asks,
    or did until a moment ago, or waits until the dialer may be asked again."""
    found: dict[str, list[dict[str, Any]]] = {}
    order = (PollCursor.layer, PollCursor.report)
    for cursor in session.scalars(select(PollCursor).where(BEGUN_HISTORY).order_by(*order)):
        since, _, until = cursor.layer.removeprefix(HISTORY).partition("/")
        found.setdefault(cursor.connection, []).append(
            {
                "report": cursor.report,
                "since": since,
                "until": until,
                "complete_to": iso(cursor.complete_to),
                "asked_at": iso(cursor.last_started_at),
                "under_way": is_asked(cursor, now) or now - cursor.due_at < RESUMED,
                "error_id": cursor.error_id,
                "error": cursor.error,
            }
        )
    return found


def is_asked(cursor: PollCursor, now: datetime) -> bool:
    """Whether a worker is asking at this moment: it holds a lease, which ends a few minutes after it has died."""
    return is_held(cursor.lease_until, now)
