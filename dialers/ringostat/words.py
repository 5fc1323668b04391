"""Ringostat's words: rows of its call log, and webhooks. Both tell of calls by ``uniqueid``, so that they become one outcome."""

from dialers.base import Connection, Evidence, Reading, Unreadable
from dialers.fields import record, spelled
from dialers.ringostat import calls, webhooks

CALL = "call"  # the kind of webhook; one URL takes all of them
CALLS = "calls"  # the report


def read(evidence: Evidence, connection: Connection) -> Reading:
    """Understand one receipt. Raises Unreadable."""
    if evidence.source == "report":
        return _logged(evidence, connection)
    if not evidence.body.strip() and not evidence.query:
        return Reading(ignored="empty_body")  # somebody probes the URL
    row, conflicts = webhooks.row(evidence, connection)
    return Reading(events=calls.events(row, connection, False, conflicts))


def _logged(evidence: Evidence, connection: Connection) -> Reading:
    if evidence.kind != CALLS:
        raise Unreadable("unknown_report", "Ringostat has no report of this name.")
    row = spelled(record(evidence.body), calls.COLUMNS)
    return Reading(events=calls.events(row, connection, True, row.conflicts()))
