"""What an account still allows, kept in the database by all processes and all destinations there.

Turns are given out evenly, some at once: so many as may come in one go without anybody noticing. When the next one comes is said
by the clock that all hosts share: by their own, one that is a minute behind would wait a minute for each.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm import sharing
from crm.base import Crm, Limit, QuotaSpent
from crm.destination import Destination
from crm.due import FARTHEST_PARKED
from lib import clock
from models import PortalBudget
from models.database import Database, insert_into
from models.shared_clock import shared

BUDGETS = PortalBudget.__table__
_SHARE = 40  # of a limit's requests are given out at once
_AT_ONCE = 0.25  # seconds for which turns are given out at once, where that is more: each time costs a transaction
_LONGEST = timedelta(hours=1)  # a turn that is further off was given by a clock that has been set back
DAY = "day"  # under which a spent quota of the day is kept


class Turns:
    """The budget of one account, for one sender. ``before`` is called when a turn has come, and may raise: it is set for as long
    as a destination is held."""

    def __init__(
        self,
        database: Database,
        portal: str,
        limits: Mapping[str, Limit],
        now: Callable[[], datetime] = clock.now,
        stop: threading.Event | None = None,
    ):
        self._database = database
        self._portal = portal
        self._limits = limits
        self.before: Callable[[], None] = lambda: None
        self._now = now
        self._stop = stop or threading.Event()
        self._left: dict[str, int] = {}
        self._lock = threading.Lock()

    def take(self, limit: str) -> None:
        """Wait for a request's turn. Raises QuotaSpent, and what ``before`` raises."""
        with self._lock:
            if not self._left.get(limit):
                self._wait(self._reserved(limit))
            self._left[limit] -= 1
        self.before()

    def put_off(self, limit: str, seconds: float) -> None:
        """Nobody at the account has a turn before so many seconds have passed."""
        until = shared(self._now()) + min(timedelta(seconds=seconds), _LONGEST)
        with self._lock:
            self._left[limit] = 0
            with sharing.write(self._database) as session:
                if _locked(session, self._portal, limit, until) < until:
                    mine = (BUDGETS.c.portal == self._portal, BUDGETS.c.limit == limit)
                    session.execute(update(BUDGETS).where(*mine).values(next_at=until))

    def _reserved(self, limit: str) -> datetime:
        """When the next turns have come."""
        given = self._limits[limit]
        count = max(1, given.requests // _SHARE, int(given.requests / given.seconds * _AT_ONCE))
        share = timedelta(seconds=given.seconds * count / given.requests)
        at = self._now()
        with sharing.write(self._database) as session:
            spent = _spent_until(session, self._portal)
            if spent is not None and at < spent <= at + FARTHEST_PARKED:
                raise QuotaSpent("The account's quota of the day is spent.", spent, DAY)
            at = shared(at)
            next_at = _locked(session, self._portal, limit, at)
            # Who was busy for a moment may catch up on one share: else whatever takes time takes some of the limit. Where that
            # is one request of a few, it would be one too many.
            caught_up = share if count > 1 else timedelta()
            free = max(at - caught_up, next_at) if next_at <= at + _LONGEST else at
            mine = (BUDGETS.c.portal == self._portal, BUDGETS.c.limit == limit)
            session.execute(update(BUDGETS).where(*mine).values(next_at=free + share))
        self._left[limit] = count
        return free

    def _wait(self, until: datetime) -> None:
        self._stop.wait(max(0.0, (until - shared(self._now())).total_seconds()))


def turns_of(
    database: Database,
    crm: Crm,
    destination: Destination,
    now: Callable[[], datetime] = clock.now,
    stop: threading.Event | None = None,
) -> Turns:
    """The budget of the account behind a destination."""
    return Turns(database, crm.portal(destination), crm.limits(destination), now, stop)


def spend(session: Session, portal: str, until: datetime, at: datetime) -> None:
    """The account's day is over until then, for every destination there."""
    _locked(session, portal, DAY, at)
    mine = (BUDGETS.c.portal == portal, BUDGETS.c.limit == DAY)
    session.execute(update(BUDGETS).where(*mine).values(spent_until=until))


def reopen(session: Session, portal: str) -> None:
    """Somebody says that the account allows more than it did; where it does not, it will say so."""
    mine = (BUDGETS.c.portal == portal, BUDGETS.c.limit == DAY)
    session.execute(update(BUDGETS).where(*mine).values(spent_until=None))


def _spent_until(session: Session, portal: str) -> datetime | None:
    return session.scalar(select(BUDGETS.c.spent_until).where(BUDGETS.c.portal == portal, BUDGETS.c.limit == DAY))


def _locked(session: Session, portal: str, limit: str, at: datetime) -> datetime:
    row = {"portal": portal, "limit": limit, "next_at": at}
    session.execute(insert_into(session, BUDGETS).values(row).on_conflict_do_nothing())
    mine = (BUDGETS.c.portal == portal, BUDGETS.c.limit == limit)
    next_at: datetime = session.scalars(select(BUDGETS.c.next_at).where(*mine).with_for_update()).one()
    return next_at
