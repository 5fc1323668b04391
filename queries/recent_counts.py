"""What is counted of all receipts and calls, for whoever asks every few seconds: the scrape of ``/metrics``, the live page.

Counting them takes no time in a small table and seconds in one of millions. What took longer than a scrape may is counted
beside, by a thread of its own, and rests for RESTS times as long; meanwhile the last answer is given, with its age. Never an
answer that nobody could renew: after LONGEST it is counted while the reader waits, and fails where the database does. A process
that has just been started gives what the one before it left, and goes on from there.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from dialers.base import Connection
from models import ChangeFeed
from models.database import Database
from models.errors import said
from queries import delivery_counts, health, receipt_counts, unread_values, words_seen
from queries.delivery_counts import Counts
from queries.left_counts import LeftCounts

QUICK_SECONDS = 0.02  # what takes no longer is always counted anew
OPEN_SECONDS = 0.3  # the same of what waits for somebody, which is little but in a backlog
FEW_CALLS = 1_000  # the same of so few, on however slow a machine
RESTS = 20  # of what takes longer: so many times as long
LONGEST = 600.0  # seconds for which an answer that could not be renewed is given
# What nobody has asked for in so long is waited for, where that took no longer when it was counted last.
AGED, SOON = 30.0, 1.0

Found = TypeVar("Found")


class NotYet(Exception):
    """Nothing was counted yet in this process; it is being counted."""


Configured = Mapping[str, Connection]

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Kept(Generic[Found]):
    """What was found, of at most so many calls, when it was begun, and how long it took."""

    found: Found
    calls: int
    at: float
    took: float

    @property
    def quick(self) -> bool:
        return self.calls <= FEW_CALLS or self.took <= QUICK_SECONDS

    def is_usable(self, now: float) -> bool:
        """Whether it may still be given, while it is counted anew."""
        return not self.quick and now - self.at <= max(LONGEST, 2 * RESTS * self.took)


class Recent(Generic[Found]):
    """What ``count`` finds, or found a while ago. One for a process. ``left``: where it is kept for the next one."""

    def __init__(
        self,
        database: Database,
        count: Callable[[Session, Configured], Found],
        clock: Callable[[], float] = time.monotonic,
        left: LeftCounts | None = None,
    ):
        self._database = database
        self._count = count
        self._left = left
        self._begun = False  # whether what was left was looked at
        self._clock = clock
        self._kept: _Kept[Found] | None = None
        self._counting = threading.Lock()

    def get(self, configured: Configured, patience: float | None = None) -> tuple[Found, float]:
        """(what is counted, how many seconds ago; 0 of this moment). The first of all, and the next after nobody has asked for
        long, are waited for ``patience`` seconds; None: for as long as it takes. Raises SQLAlchemyError, and NotYet."""
        if self._kept is None:
            self._take_over()
        if patience is not None and not self._usable() and not (self._kept and self._kept.quick):
            self._first(configured, patience)
        kept, now = self._kept, self._clock()
        if kept is not None and self._usable():
            if now - kept.at > RESTS * kept.took and self._counting.acquire(blocking=False):
                threading.Thread(target=self._renew, args=(configured,), name="counts", daemon=True).start()
            if now - kept.at > AGED and kept.took <= SOON and self._counting.acquire(timeout=SOON):
                self._counting.release()
                kept, now = self._kept or kept, self._clock()
            return kept.found, now - kept.at
        with self._counting:
            found = self._kept
            if found is None or found is kept:  # several who ask at once need it counted once
                found = self._kept = self._counted(configured)
            return found.found, 0.0 if found.quick else self._clock() - found.at

    def _usable(self) -> bool:
        return self._kept is not None and self._kept.is_usable(self._clock())

    def forget(self) -> None:
        """Count anew at the next question: somebody has just changed what is counted."""
        self._kept, self._begun = None, True

    def _take_over(self) -> None:
        """What the process before left, if it is not too old to be given."""
        if self._left is None or self._begun:
            return
        self._begun = True
        kept = self._as_left(self._left)
        if kept is not None and kept.is_usable(self._clock()):
            self._kept = kept

    def _lately_left(self) -> "_Kept[Found] | None":
        """What another process of this machine has counted meanwhile, as long as it would rest here."""
        if self._left is None or self._kept is None:
            return None
        kept = self._as_left(self._left)
        if kept is None or self._clock() - kept.at > RESTS * kept.took or kept.at <= self._kept.at:
            return None
        return kept

    def _as_left(self, left: LeftCounts) -> "_Kept[Found] | None":
        with self._database.read() as session:
            found = left.load(session)
        return _Kept(found.found, found.calls, self._clock() - found.age, found.took) if found else None

    def _first(self, configured: Configured, patience: float) -> None:
        """Counted beside, so that who will not wait can go, and the next finds it."""
        if self._counting.acquire(blocking=False):
            threading.Thread(target=self._renew, args=(configured,), name="counts", daemon=True).start()
        if not self._counting.acquire(timeout=patience):
            raise NotYet
        self._counting.release()

    def _renew(self, configured: Configured) -> None:
        """In a thread of its own, which lets go of the lock."""
        try:
            self._kept = self._lately_left() or self._counted(configured)
        except SQLAlchemyError as error:
            log.error("counting_failed", error=type(error).__name__, said=said(error))
        finally:
            self._counting.release()

    def _counted(self, configured: Configured) -> _Kept[Found]:
        began = self._clock()
        with self._database.snapshot() as session:  # of one moment, so that parts and sums agree
            calls = session.scalars(select(ChangeFeed.last_position)).one()
            found = self._count(session, configured)
            kept = _Kept(found, calls, began, self._clock() - began)
            if self._left is not None and not kept.quick:
                self._left.save(session, found, kept.took)
        return kept


@dataclass(frozen=True)
class OfCalls:
    """``settling`` as of ``health.settling_counts``, ``undecided`` of ``words_seen.undecided_calls``. Of ``words_seen.unmapped``,
    connection -> field -> words; of ``unread_values.unread``, connection -> field -> calls. No word and no value itself, which
    would outlive its call in a file."""

    settling: list[tuple[str, str, int]]
    words: dict[str, dict[str, int]]
    undecided: dict[str, int]
    unread: dict[str, dict[str, int]]


class RecentCounts:
    """Receipts, calls and deliveries, each counted by itself. ``folder``: where they are kept for the next process."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic, folder: Path | None = None):
        def left(name: str, read: Callable[[Any], Any] = lambda told: told) -> LeftCounts | None:
            return LeftCounts(folder / f"counted_{name}.json", read) if folder else None

        def deliveries(told: dict[str, Any]) -> dict[str, Counts]:
            return {name: Counts(**one) for name, one in told.items()}

        self._open: tuple[list[dict[str, Any]], float] = [], 0.0  # and until when it counts
        self._receipts = Recent(database, lambda session, _: receipt_counts.by_state(session), clock, left("receipts"))
        self._calls = Recent(database, _of_calls, clock, left("calls", lambda told: OfCalls(**told)))
        self._deliveries = Recent(
            database, lambda session, _: delivery_counts.counted(session), clock, left("deliveries", deliveries)
        )

    def calls(self, configured: Configured, patience: float | None = None) -> tuple[OfCalls, float]:
        """Of the calls, and how many seconds ago. ``patience`` and errors: as of ``Recent.get``."""
        return self._calls.get(configured, patience)

    def receipts(
        self, session: Session, configured: Configured, patience: float | None = None
    ) -> tuple[list[dict[str, Any]], float]:
        """``receipt_counts.by_state``, and how many seconds ago what is read and done with was counted; what waits for somebody,
        the worker or an operator, is counted now, unless so much waits that this takes long by itself. ``patience`` and errors:
        as of ``Recent.get``."""
        found, age = self._receipts.get(configured, patience)
        if not age:
            return found, age
        return [row for row in found if row["state"] not in receipt_counts.OPEN_STATES] + self._open_ones(session), age

    def _open_ones(self, session: Session) -> list[dict[str, Any]]:
        found, until = self._open
        began = time.monotonic()
        if began >= until:
            found = receipt_counts.open_ones(session)
            took = time.monotonic() - began
            self._open = found, began + RESTS * took if took > OPEN_SECONDS else 0.0
        return found

    def known_receipts(
        self, session: Session, configured: Configured, patience: float
    ) -> tuple[list[dict[str, Any]], float | None]:
        """The same; where it takes longer than ``patience`` to count those that were read and done with, the others alone, and
        None. Raises SQLAlchemyError."""
        try:
            return self.receipts(session, configured, patience)
        except NotYet:
            return receipt_counts.open_ones(session), None

    def deliveries(self, patience: float | None = None) -> tuple[dict[str, Counts], float]:
        """``delivery_counts.counted``, and how many seconds ago. ``patience`` and errors: as of ``Recent.get``."""
        return self._deliveries.get({}, patience)

    def forget_deliveries(self) -> None:
        self._deliveries.forget()


def _of_calls(session: Session, configured: Configured) -> OfCalls:
    settling, undecided = health.settling_counts(session), words_seen.undecided_calls(session, {}, configured)
    words = {
        name: dict(Counter(word["field"] for word in own))
        for name, own in words_seen.unmapped(session, configured).items()
    }
    unread = {
        name: {value["field"]: value["calls"] for value in own} for name, own in unread_values.unread(session).items()
    }
    return OfCalls(settling, words, undecided, unread)
