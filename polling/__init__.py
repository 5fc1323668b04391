"""Us asking dialers: claims a report that is due, walks its pages, keeps the records, moves the cursor."""

from polling.checks import Check, check, todo
from polling.engine import poll_connection, poll_due
from polling.history import Busy, History, NoHistory, unfinished
from polling.walk import Polled

__all__ = [
    "Busy",
    "Check",
    "History",
    "NoHistory",
    "Polled",
    "check",
    "poll_connection",
    "poll_due",
    "todo",
    "unfinished",
]
