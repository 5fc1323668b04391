"""What waits in this machine's spool: callbacks that are answered, and that the database has not taken yet."""

import structlog

from web.context import context

log = structlog.get_logger(__name__)


def waiting() -> int | None:
    """How many bytes; None where the spool cannot be read."""
    try:
        return context().spool.size()
    except OSError as error:
        log.error("spool_unreadable", error=type(error).__name__)
        return None
