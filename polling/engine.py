"""What is polled when. One call of ``poll_due`` is one walk at most, so that a worker's loop stays in charge.

Several workers may poll one connection: each cursor is walked by one at a time. While a wide layer is walked, the more
frequent ones are walked in between, so that a week's look-back does not make the last hour wait.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from dialers import clients
from dialers.base import Connection
from dialers.registry import DIALERS
from lib import clock
from models import PollCursor
from models.database import Database
from models.leases import LeaseLost
from polling import cursors
from polling.cursors import Claim
from polling.keep import Kept
from polling.tasks import Task, tasks, window
from polling.walk import Clock, Polled, Walk

log = structlog.get_logger(__name__)

LOOK_AGAIN = 0.2  # seconds, while another worker holds what we wait for


def poll_due(
    database: Database, connection: Connection, now: Clock = clock.now, stop: threading.Event | None = None
) -> bool:
    """Walk the cursor of the connection that is due longest. False where none is due, or others hold those that are.

    ``stop``: set, it ends the walk after the page at hand and leaves the cursor to others. Raises SQLAlchemyError where
    the database is away; what the dialer does wrong is noted at the cursor and logged.
    """
    poller = Poller(database, connection, clients.known(connection, now()), now, stop)
    return poller.walk_due(poller.tasks) is not None


def poll_connection(
    database: Database, connection: Connection, now: Clock = clock.now, patience: float = 60.0
) -> list[Polled]:
    """Poll everything of the connection now, due or not, also beside a running worker: a cursor that is held is waited
    for, ``patience`` seconds at most. One entry per layer, the most frequent first; none for a dialer without reports."""
    poller = Poller(database, connection, clients.fresh(connection, now()), now)
    return [poller.walk_now(task, patience) for task in poller.tasks]


@dataclass
class Poller:
    """Polls one connection, in one thread."""

    database: Database
    connection: Connection
    known: clients.Known
    now: Clock = clock.now
    stop: threading.Event | None = None

    @property
    def tasks(self) -> list[Task]:
        return tasks(self.connection, DIALERS[self.connection.dialer])

    def walk_due(self, among: list[Task]) -> Polled | None:
        """Walk the one of these that is due longest; None where there is none."""
        at = self.now()
        rows = self._cursors(among, at)
        due = [task for task in among if cursors.is_due(rows[task.key], task, at, self.known.since)]
        for task in sorted(due, key=lambda task: rows[task.key].due_at):
            polled = self._walk(rows[task.key], task, at)
            if polled and not polled.idle:
                return polled
        return None

    def walk_now(self, task: Task, patience: float) -> Polled:
        """Walk this one, after whoever holds it."""
        until = time.monotonic() + patience
        while True:
            at = self.now()
            cursor = self._cursors([task], at)[task.key]
            polled = self._walk(cursor, task, at) if cursors.is_free(cursor, at) else None
            if polled:
                return polled
            if time.monotonic() >= until:
                return _busy(task, "Another worker has been polling it all the time; nothing was asked.")
            time.sleep(LOOK_AGAIN)

    def _cursors(self, wanted: list[Task], at: datetime) -> dict[tuple[str, str], PollCursor]:
        with self.database.read() as session:
            rows = cursors.read(session, self.connection.name, wanted)
        if len(rows) < len(wanted):
            with self.database.write() as session:
                cursors.make(session, self.connection.name, wanted, at)
                rows = cursors.read(session, self.connection.name, wanted)
        return rows

    def _walk(self, cursor: PollCursor, task: Task, at: datetime) -> Polled | None:
        """Claim and walk; None where somebody else was faster."""
        with self.database.write() as session:
            held = cursors.claim(session, cursor, task, at)
            if held is None:
                return None
            asked = window(session, self.connection, task, cursor.complete_to, at)
            if asked is False:
                # Nothing was asked, so nothing is complete: see queries.completeness.
                cursors.finish(session, held, at, {"idle_at": at, "warning": None}, Kept())
                return Polled(*task.key, idle=True)
        walk = Walk(self.database, self.connection, self.known.client, held, self.now, self._between(task), self.stop)
        logged: dict[str, Any] = {"connection": self.connection.name, "report": task.key[0], "layer": task.key[1]}
        began = time.monotonic()
        try:
            polled = walk.run(asked)
        except LeaseLost:
            log.warning("poll_lease_lost", **logged)
            return _busy(task, "Another worker took over; what was read was kept.")
        except SQLAlchemyError:
            self._give_up(held)
            raise
        logged |= {"pages": polled.pages, "records": polled.kept.seen, "new": polled.kept.new}
        logged |= {"seconds": round(time.monotonic() - began, 3)}
        if polled.error_id:
            log.warning("poll_failed", **logged, error_id=polled.error_id, error=polled.error)
        else:
            log.info("polled", **logged)
        return polled

    def _between(self, task: Task) -> Callable[[], object]:
        """What is done between two pages: the more frequent layers, where they are due."""
        quicker = [other for other in self.tasks if other.every < task.every]
        return (lambda: self.walk_due(quicker)) if quicker else (lambda: None)

    def _give_up(self, held: Claim) -> None:
        """The database failed in the middle. If it is back already, nobody has to wait for the lease to end."""
        try:
            with self.database.write() as session:
                cursors.release(session, held)
        except SQLAlchemyError:
            log.warning("poll_lease_left", connection=self.connection.name, report=held.task.key[0])


def _busy(task: Task, sentence: str) -> Polled:
    return replace(Polled(*task.key), error_id="busy", error=sentence)
