"""Us asking dialers: claims a report that is due, walks its pages, keeps the records, moves the cursor."""

from polling.engine import Polled, poll_connection, poll_due

__all__ = ["Polled", "poll_connection", "poll_due"]
