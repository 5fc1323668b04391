"""Leases: a row is somebody's for a while, so that no two processes do the same at once.

Whoever changes the row names the lease; an update that touches no row means that the lease was lost, to a clock that jumped or to
a pause that was too long, and that somebody else holds it now. Cursors are taken, renewed and
left in ``polling.cursors``, desks in ``leads.desks``, decisions in ``outcomes.applying``, destinations in ``crm.desk``.

When one ends is said by PostgreSQL's clock, which all hosts share: by their own, a host that is a minute ahead would take what
another one holds. Each process of a worker compares its clock with that one now and then.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from lib import clock
from models.database import AnyColumn, Database

FREE = {"lease_owner": None, "lease_until": None}
BEATS = 4  # in a lease's span; three may fail
LONGEST_LOOK = timedelta(seconds=1)  # at the other clock: in the middle of a longer one it may have said anything

_ahead = timedelta()  # by so much is our clock before the database's

log = structlog.get_logger(__name__)


class LeaseLost(Exception):
    """Somebody else holds the row now."""


def compare(database: Database, now: Callable[[], datetime] = clock.now) -> None:
    """See by how much our clock differs from PostgreSQL's; SQLite has ours. Raises SQLAlchemyError."""
    global _ahead
    if database.is_sqlite:
        return
    with database.read() as session:
        session.connection()  # which may take a while to come about
        began = now()
        theirs = session.scalars(select(func.clock_timestamp())).one()
        took = now() - began
    if timedelta() <= took < LONGEST_LOOK:
        _ahead = began + took / 2 - theirs


def until(at: datetime, span: timedelta) -> datetime:
    """When a lease ends that is taken or renewed at this moment of our clock."""
    return at - _ahead + span


def is_free(until: datetime | None, at: datetime, span: timedelta) -> bool:
    """Whether nobody holds it; leases last for ``span``. One that ends absurdly late was given by a clock that has been set back.
    Its twin in SQL is ``free``."""
    at -= _ahead
    return until is None or not at < until <= at + 2 * span


def free(until: AnyColumn, at: datetime, span: timedelta) -> ColumnElement[bool]:
    """The same of a column. Its twin is ``is_free``."""
    at -= _ahead
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
