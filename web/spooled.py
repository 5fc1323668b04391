"""What waits in this machine's spool: callbacks that are answered, and that the database has not taken for a second."""

import structlog

from callbacks.ladder import spooled
from web.context import context

log = structlog.get_logger(__name__)


def waiting() -> int | None:
    """How many bytes; None where the spool cannot be read."""
    try:
        return spooled.waiting(context().spool)
    except OSError as error:
        log.error("spool_unreadable", error=type(error).__name__)
        return None
