"""Ringostat's words: rows of its call log, and webhooks. Both tell of calls by ``uniqueid``, so that they become one outcome."""

from dialers.base import Connection, Evidence, Reading, Unreadable
from dialers.ringostat import calls, webhooks
from lib import rawjson

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
    try:
        row = rawjson.loads(evidence.body)
    except rawjson.NotJson as error:
        raise Unreadable("unparseable", f"The record is not JSON: {error}.") from None
    if not isinstance(row, rawjson.Members):
        raise Unreadable("not_an_object", "The record is JSON, but no object.")
    return Reading(events=calls.events(row, connection, True, row.conflicts()))
