"""Events for tests of the pure core: as they would be kept, without a database. Times are minutes after ``START``."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from marshmallow import Schema

from dialers.base import Connection, Dialer, KeptEvent, Reading
from lib import clock
from tests.evidence import START

DIALED, AGENT_ANSWERED, CUSTOMER_ANSWERED, MILESTONE = "dialed", "agent_answered", "customer_answered", "milestone"
ENDED, DISPOSED, LEAD_SEEN = "call_ended", "disposed", "lead_status_seen"

PLAIN = Dialer(name="plain", settings=Schema, read=lambda evidence, connection: Reading())
CONNECTION = Connection("plain-main", "plain")


def moment(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def iso(minute: float) -> str:
    return clock.iso(moment(minute))


def number(at: int) -> UUID:
    """An id; a higher number is a higher id."""
    return UUID(int=at)


_made = iter(range(1_000, 10_000_000))


def told(
    kind: str,
    minute: float = 0.0,
    happened: float | None = None,
    *,
    attempt: str | None = "1",
    source: str = "report:calls",
    seen: float | None = None,
    receipt: int | None = None,
    ordinal: int = 0,
    row: int | None = None,
    **facts: Any,
) -> KeptEvent:
    """An event that came at this minute; ``happened`` by the dialer's clock; ``row`` is the outcome that it was part of."""
    return KeptEvent(
        id=number(next(_made)),
        receipt_id=number(next(_made) if receipt is None else receipt),
        ordinal=ordinal,
        source=source,
        kind=kind,
        attempt=attempt,
        happened_at=None if happened is None else moment(happened),
        received_at=moment(minute),
        seen_at=moment(minute if seen is None else seen),
        facts=facts,
        outcome_id=None if row is None else number(row),
    )


def some(values: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the values that a row of a table names."""
    return {name: values.get(name) for name in names}
