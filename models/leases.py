"""Leases: a row is somebody's for a while, so that no two processes do the same at once.

Whoever changes the row names the lease; an update that touches no row means that the lease was lost, to a clock that jumped or to
a pause that was too long, and that somebody else holds it now. Cursors are taken, renewed and
left in ``polling.cursors``, desks in ``leads.desks``, decisions in ``outcomes.applying``, destinations in ``crm.desk``.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, or_
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from models.database import AnyColumn, Database

FREE = {"lease_owner": None, "lease_until": None}
BEATS = 4  # in a lease's span; three may fail

log = structlog.get_logger(__name__)


class LeaseLost(Exception):
    """Somebody else holds the row now."""


def is_free(until: datetime | None, at: datetime, span: timedelta) -> bool:
    """Whether nobody holds it; leases last for ``span``. One that ends absurdly late was given by a clock that has been set back.
    Its twin in SQL is ``free``."""
    return until is None or not at < until <= at + 2 * span


def free(until: AnyColumn, at: datetime, span: timedelta) -> ColumnElement[bool]:
    """The same of a column. Its twin is ``is_free``."""
    return or_(until.is_(None), until <= at, until > at + 2 * span)


@contextmanager
def kept(database: Database, span: timedelta, renew: Callable[[Session], None], whose: str) -> Iterator[None]:
    """Within it the row stays ours, however long the work takes: ``renew`` holds it for another ``span``, or raises
    LeaseLost."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(span.total_seconds() / BEATS):
            try:
                with database.write() as session:
                    renew(session)
            except LeaseLost:  # or left by ourselves: whoever works finds out which
                return
            except SQLAlchemyError as error:
                log.error("renewing_failed", whose=whose, error=type(error).__name__)

    beating = threading.Thread(target=beat, daemon=True)
    beating.start()
    try:
        yield
    finally:
        over.set()
        beating.join()
