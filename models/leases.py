"""Leases: a row is somebody's for a while, so that no two processes do the same at once.

Whoever changes the row names the lease; an update that touches no row means that the lease was lost, to a clock that jumped or to
a pause that was too long, and that somebody else holds it now. Cursors are taken, renewed and
left in ``polling.cursors``, desks in ``leads.desks``, decisions in ``outcomes.applying``, destinations in ``crm.desk``.

When one ends is said by the clock that all hosts share (``models.shared_clock``): by their own, a host that is a minute ahead
would take what another one holds, and one that is a minute behind would say that nobody works.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog
from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, or_
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from lib.clock import EARLIEST, LATEST
from models.base import Base, UtcDateTime
from models.database import AnyColumn, Database
from models.shared_clock import jumped_within, shared

FREE = {"lease_owner": None, "lease_until": None}
BEATS = 4  # in a lease's span; three may fail
LONGEST = timedelta(minutes=10)  # of all leases

log = structlog.get_logger(__name__)


class LeaseLost(Exception):
    """Somebody else holds the row now."""


def until(at: datetime, span: timedelta) -> datetime:
    """When a lease ends that is taken or renewed at this moment of our clock."""
    return shared(at) + span


def is_free(until: datetime | None, at: datetime, span: timedelta) -> bool:
    """Whether it may be taken; leases last for ``span``. Its twin in SQL is ``free``."""
    return until is None or not (jumped_within(span) or is_held(until, at, span))


def free(until: AnyColumn, at: datetime, span: timedelta) -> ColumnElement[bool]:
    """The same of a column, by what is known of the shared clock when the statement has a connection: that may lead to another
    server than before. Its twin is ``is_free``."""
    begun = _when_sent(lambda: EARLIEST if jumped_within(span) else shared(at))
    absurd = _when_sent(lambda: LATEST if jumped_within(span) else shared(at) + 2 * span)
    return or_(until.is_(None), until <= begun, until > absurd)


def is_held(until: datetime | None, at: datetime, span: timedelta = LONGEST) -> bool:
    """Whether somebody is at work, for whoever shows it. A lease that ends absurdly late was given by a clock that has been set
    back. Its twin in SQL is ``held``."""
    return until is not None and shared(at) < until <= shared(at) + 2 * span


def held(until: AnyColumn, at: datetime, span: timedelta = LONGEST) -> ColumnElement[bool]:
    """The same of a column. Its twin is ``is_held``."""
    return and_(until.is_not(None), until > shared(at), until <= shared(at) + 2 * span)


def _when_sent(moment: Callable[[], datetime]) -> BindParameter[datetime]:
    return bindparam(None, callable_=moment, type_=UtcDateTime(), unique=True)


def end_all(session: Session) -> None:
    """Nobody holds anything any more: in a database that was put back those whose leases it has are not at work."""
    for table in Base.metadata.tables.values():
        if "lease_until" in table.c:
            left = {name: None for name in FREE if name in table.c}
            session.execute(table.update().where(table.c.lease_until.is_not(None)).values(left))


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
