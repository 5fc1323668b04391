"""What reports in pages have in common: rows that are calls, by their time, and cursors that name the last one shown."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_

from lib import clock, ids
from models import CallOutcome
from models.database import AnyColumn
from queries.keyset import BadCursor
from queries.summary import AGENT_NAMES, AGENT_SHOWN

# Of a call, as each of its rows shows it, in this order.
SHOWN: dict[str, AnyColumn] = {
    "id": CallOutcome.id,
    "connection": CallOutcome.connection,
    "number": CallOutcome.customer_number,
    "campaign_id": CallOutcome.campaign_id,
    "campaign_name": CallOutcome.campaign_name,
    "agent": AGENT_SHOWN,
    "agent_name": func.coalesce(*AGENT_NAMES),
}


def row(*values: Any, **more: Any) -> dict[str, Any]:
    """A call of ``SHOWN`` as a row, and what the report adds to it."""
    found = dict(zip(SHOWN, values, strict=True))
    return {**more, **found, "id": str(found["id"])}


def behind(at: AnyColumn, row_id: AnyColumn, place: tuple[datetime, UUID] | None) -> list[ColumnElement[bool]]:
    """Only what comes after the place, by time and id."""
    if place is None:
        return []
    moment, last = place
    return [or_(at > moment, and_(at == moment, row_id > last))]


def place(at: str, row_id: str) -> tuple[datetime, UUID]:
    """What a cursor says. Raises BadCursor."""
    moment, last = clock.read(at), ids.parse(row_id)
    if moment is None or last is None:
        raise BadCursor("This is not a cursor of ours.")
    return moment, last
