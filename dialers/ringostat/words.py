"""Ringostat's words: rows of its call log, and webhooks. Both tell of calls by ``uniqueid``, so that they become one outcome."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from dialers import bodies
from dialers.base import Connection, Evidence, Reading, Unreadable
from dialers.fields import said_once, spelled
from dialers.ringostat import calls, webhooks
from lib.rawjson import Members

CALL = "call"  # the kind of webhook; one URL takes all of them
CALLS = "calls"  # the report


def read(evidence: Evidence, connection: Connection) -> Reading:
    """Understand one receipt. Raises Unreadable."""
    if evidence.source == "report":
        return _logged(evidence, connection)
    return bodies.each(evidence, partial(_posted, webhooks.in_url(evidence), connection), ("json", "form", "query"))


def _posted(in_url: Mapping[str, Any], connection: Connection, said: Members) -> Reading:
    row, conflicts = webhooks.row(said, in_url, connection)
    return Reading(events=calls.events(row, connection, False, conflicts))


def _logged(evidence: Evidence, connection: Connection) -> Reading:
    if evidence.kind != CALLS:
        raise Unreadable("unknown_report", "Ringostat has no report of this name.")
    return bodies.record(evidence.body, _row, connection)


def _row(row: Members, connection: Connection) -> Reading:
    row = spelled(row, calls.COLUMNS, "uniqueid")
    said_once(row, "uniqueid")
    return Reading(events=calls.events(row, connection, True, row.conflicts()))
