"""Logs: JSON lines on standard error. Event names are constants, ids stand beside them.

Secrets never stand in them, and bodies in one event alone: ``receipt_not_stored``, when no store takes a callback
(``callbacks.ladder.last``).
"""

import logging
import sys

import orjson
import structlog
from structlog.typing import Processor

from lib import addresses
from service.standard_error import StandardError

SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


class TokensHidden(logging.Filter):
    """gunicorn and Flask write a request's path beside an error of their own; the token in it is left out."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not isinstance(record.msg, dict):  # structlog's, which says itself what it holds
            record.msg, record.args = addresses.hidden(record.getMessage()), ()
        return True


def formatter() -> logging.Formatter:
    """Makes a JSON line of our own and of every library's record."""
    render = structlog.processors.JSONRenderer(serializer=lambda event, **_: orjson.dumps(event, default=str).decode())
    return structlog.stdlib.ProcessorFormatter(
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render], foreign_pre_chain=SHARED
    )


def configure(level: str, serving: bool = False) -> None:
    """Send our own and every library's log lines through one JSON renderer. ``serving``: nobody waits for whoever reads them."""
    handler = StandardError() if serving else logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter())
    handler.addFilter(TokensHidden())
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # which dialect it found is no news to anybody
    # It writes URLs at DEBUG, and where headers are odd also above it; in some dialers' URLs stand secrets.
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
