"""One walk of one report: page after page is kept, and the cursor moves in the transaction of the last one.

A page after which another one comes for certain is kept while that one is asked for. Any other is kept when the next one has
come, or the end, or an error: only then is it known whether it is the last. Either way no more than one is asked for meanwhile.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm import Session

from dialers import masking
from dialers.asking import Jobs, ReportPage, Window
from dialers.base import Connection
from lib.http.errors import ExchangeError, WalkStuck
from models.database import Database
from models.leases import LeaseLost
from polling import cursors
from polling.cursors import Claim
from polling.keep import Kept, keep_page

log = structlog.get_logger(__name__)

Clock = Callable[[], datetime]
MOST_AT_ONCE = 5_000  # records in one transaction
MOST_OF_A_WALK = 2_000_000
DATABASE_AWAY = (OperationalError, InterfaceError, PoolExhausted)


class PollingFailed(ExchangeError):
    """Wrapup itself failed while it read the report; the log has the details."""

    error_id = "internal_error"


@dataclass(frozen=True)
class Polled:
    """What came of polling one layer of one report. ``error`` is a sentence; None where all went well."""

    report: str
    layer: str
    pages: int = 0
    kept: Kept = Kept()
    complete_to: datetime | None = None
    error_id: str | None = None
    error: str | None = None
    warning: str | None = None
    idle: bool = False  # there was nothing to ask for


def small(pages: Iterable[ReportPage]) -> Iterator[ReportPage]:
    """The pages, with no more records than one transaction is to keep. Raises WalkStuck where there is no end to them."""
    seen = 0
    for page in pages:
        seen += len(page.records)
        if seen > MOST_OF_A_WALK:
            raise WalkStuck(f"There was no end after {MOST_OF_A_WALK:,} records; what came before was kept.")
        for start in range(0, max(1, len(page.records)), MOST_AT_ONCE):
            last = start + MOST_AT_ONCE >= len(page.records)
            records = page.records[start : start + MOST_AT_ONCE]
            yield ReportPage(records, page.warning, page.more) if last else ReportPage(records, more=True)


class Walk:
    """The walk of a claimed cursor. ``between`` is called after each page that is not the last; ``stop``, where it is
    set, ends the walk after the page at hand."""

    def __init__(
        self,
        database: Database,
        connection: Connection,
        client: Any,
        held: Claim,
        now: Clock,
        between: Callable[[], object] = lambda: None,
        stop: threading.Event | None = None,
    ):
        self._database = database
        self._connection = connection
        self._client = client
        self._held = held
        self._now = now
        self._between = between
        self._stop = stop
        self._told: set[str] = set()
        self._in_hand: tuple[ReportPage, datetime] | None = None
        self._keeper = ThreadPoolExecutor(1, "poll-keeper")  # begins when there is something for it
        self._being_kept: Future[None] | None = None
        self._polled = Polled(*held.task.key)

    def run(self, window: Window | Jobs | None) -> Polled:
        """Walk to the end, or to the first error, which is noted at the cursor and returned.

        Raises LeaseLost, and SQLAlchemyError where the database is away.
        """
        try:
            with self._keeper:
                self._walk(window)
        except ExchangeError as error:
            masking.hide(error, self._connection, self._client)
            return self._failed(error)
        except (LeaseLost, *DATABASE_AWAY):
            raise
        except Exception as error:
            if isinstance(error, SQLAlchemyError):
                self._in_hand = None  # the page is what the database refuses
            log.exception("polling_failed", report=self._held.task.key[0], error=type(error).__name__)
            return self._failed(PollingFailed(f"Reading it failed: {type(error).__name__}. This is a fault of Wrapup."))
        return self._polled

    def _walk(self, window: Window | Jobs | None) -> None:
        try:
            whole = self._pages(window)
        finally:
            self._wait()  # also after an error: what was being kept is kept, or says why not
        if whole:
            self._finish(window)

    def _pages(self, window: Window | Jobs | None) -> bool:
        """Ask for one page after the other. False where the walk was stopped; else the last one may be in hand."""
        asked = self._now()
        for number, page in enumerate(small(self._held.task.report.walk(self._client, self._connection, window))):
            self._wait()
            if self._in_hand:
                self._keep(self._renew)
            if number:
                self._between()
            self._in_hand = (page, asked)
            if self._stop and self._stop.is_set():
                self._keep(lambda session, kept: cursors.release(session, self._held))
                return False
            if page.more:
                self._being_kept = self._keeper.submit(self._keep, self._renew)
            asked = self._now()
        return True

    def _wait(self) -> None:
        """Until the page before is kept. Raises what keeping it raised."""
        being_kept, self._being_kept = self._being_kept, None
        if being_kept:
            being_kept.result()

    def _renew(self, session: Session, kept: Kept) -> None:
        cursors.renew(session, self._held, self._now(), kept)

    def _finish(self, window: Window | Jobs | None) -> None:
        warning = self._warning()
        moved: dict[str, Any] = {"last_ok_at": self._now(), "idle_at": None, "warning": warning}
        if isinstance(window, Window):  # the next one begins there, or they would grow; completeness tells of the gap
            moved["complete_to"] = window.end
        elif warning is None:  # else not all that was asked for was answered
            moved["complete_to"] = self._held.at
        self._keep(lambda session, kept: cursors.finish(session, self._held, self._now(), moved, kept))
        self._polled = replace(self._polled, complete_to=moved.get("complete_to"))

    def _failed(self, error: ExchangeError) -> Polled:
        self._keep(lambda session, kept: cursors.fail(session, self._held, self._now(), error, kept))
        return replace(self._polled, error_id=error.error_id, error=str(error))

    def _keep(self, then: Callable[[Session, Kept], None]) -> None:
        """Keep the page at hand, if there is one, and what ``then`` does, in one transaction."""
        with self._database.write() as session:
            page, kept = None, Kept()
            if self._in_hand:
                page, asked = self._in_hand
                kept = keep_page(session, self._connection, self._held.task.key[0], page, asked, self._told)
            then(session, kept)
        self._in_hand = None
        self._polled = replace(
            self._polled,
            pages=self._polled.pages + (page is not None),
            kept=self._polled.kept + kept,
            warning=(page.warning if page else None) or self._polled.warning,
        )

    def _warning(self) -> str | None:
        said = (self._in_hand[0].warning if self._in_hand else None) or self._polled.warning
        shown: str = masking.masked(said, self._connection, self._client)
        return shown
