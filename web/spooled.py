"""What waits in this machine's spool: callbacks that are answered, and that the database has not taken yet."""

import structlog
from flask import current_app

log = structlog.get_logger(__name__)


def waiting() -> int | None:
    """How many bytes; None where the spool cannot be read."""
    try:
        return current_app.extensions["spool"].size()
    except OSError as error:
        log.error("spool_unreadable", error=type(error).__name__)
        return None
