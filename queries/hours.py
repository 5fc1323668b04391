"""Calls by the hour: what the last day of each connection looked like."""

from datetime import datetime, timedelta

from sqlalchemy import Integer, func, literal_column, select

from dialers.vocabulary import CONNECTED
from models import CallOutcome
from queries.asks import Asks
from queries.counting import count_if
from queries.expressions import micros
from queries.selection import conditions

HOUR = timedelta(hours=1)
_MICROS = 3_600_000_000


def by_hour(session: Asks, since: datetime, hours: int) -> dict[str, dict[int, tuple[int, int]]]:
    """Connection -> which hour after ``since``, from 0 on -> (calls, of them connected), for the hours that have calls."""
    beginning = int(since.timestamp() * 1_000_000)
    hour = (micros(CallOutcome.occurred_at) - beginning) // _MICROS
    counts = func.count(), count_if(CallOutcome.connect_outcome == CONNECTED)
    statement = (
        select(CallOutcome.connection, hour, *counts)
        .where(*conditions({"since": since, "until": since + hours * HOUR}))
        .group_by(*(literal_column(str(at), Integer) for at in (1, 2)))
    )
    found: dict[str, dict[int, tuple[int, int]]] = {}
    for connection, at, calls, connected in session.execute(statement):
        found.setdefault(connection, {})[int(at)] = calls, int(connected)
    return found
