"""The beat of a worker: one row for each, written every few seconds, with when each of its loops went round last.

A loop that hangs is told from a worker that is dead, and a worker on another machine is seen as well: the row is in the database,
and not in this machine's folder. It is written, and judged, by the clock that all hosts share.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from math import inf

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from lib import clock, ids
from models import WorkerBeat
from models.database import Database, insert_into
from models.shared_clock import shared
from upkeep.metrics.names import BEATS as LOOP

BEATS = WorkerBeat.__table__
EVERY_SECONDS = 10.0
READS = "normalize"  # the loop that reads receipts
DEAD_SECONDS = 60.0  # without a beat, as for the alert worker_away
# Who was last heard so much before another one is dead, and says nothing of what runs now.
TOGETHER = timedelta(seconds=DEAD_SECONDS)
KEPT = timedelta(days=1)


class Beats:
    """Of this worker."""

    def __init__(self, database: Database, now: Callable[[], datetime] = clock.now):
        self._database = database
        self._now = now
        self._started = shared(now())
        self._worker = f"{socket.gethostname()[:100]}:{os.getpid()}:{str(ids.new())[-12:]}"
        self._lock = threading.Lock()
        self._last: dict[str, float] = {}

    def note(self, loop: str) -> None:
        """It went round, to an end or into trouble; or begins."""
        with self._lock:
            self._last[loop] = time.monotonic()

    def write(self) -> None:
        """Raises SQLAlchemyError."""
        self.note(LOOP)
        steady, at = time.monotonic(), shared(self._now())
        with self._lock:
            loops = {name: round(steady - last, 1) for name, last in self._last.items()}
        row = {"worker": self._worker, "started_at": self._started, "beat_at": at, "loops": loops}
        with self._database.write() as session:
            new = insert_into(session, BEATS).values(row)
            kept = {name: new.excluded[name] for name in ("beat_at", "loops")}
            session.execute(new.on_conflict_do_update(index_elements=["worker"], set_=kept))
            session.execute(delete(BEATS).where(BEATS.c.beat_at < at - KEPT))

    def end(self) -> None:
        """It was stopped on purpose: nobody need wait for it. Raises SQLAlchemyError."""
        with self._database.write() as session:
            session.execute(delete(BEATS).where(BEATS.c.worker == self._worker))


def ages(session: Session, now: datetime) -> dict[str, float]:
    """Loop -> seconds since it went round, or began, in the worker where it did so last; nothing where no worker ever ran, or all
    were stopped. A beat that is still to come was written before a clock was set back and says nothing: who lives writes anew."""
    now = shared(now)
    come = BEATS.c.beat_at <= now + clock.AHEAD
    latest = session.scalar(select(func.max(BEATS.c.beat_at)).where(come))
    if latest is None:
        return {}
    found: dict[str, float] = {}
    lately = select(BEATS.c.beat_at, BEATS.c.loops).where(come, BEATS.c.beat_at >= latest - TOGETHER)
    for row in session.execute(lately):
        since = clock.waited(row.beat_at, now)
        for loop, before in row.loops.items():
            found[loop] = min(found.get(loop, since + before), since + before)
    return found


def silence(loops: Mapping[str, float]) -> timedelta | None:
    """How long each worker that was not stopped on purpose has been silent; None where one is heard, or none is known. ``loops``:
    what ``ages`` gives."""
    seconds = loops.get(LOOP, 0.0)
    return timedelta(seconds=seconds) if seconds > DEAD_SECONDS else None


def is_reading(loops: Mapping[str, float]) -> bool:
    """Whether a worker is heard, and has lately looked for receipts to be read."""
    return all(loops.get(name, inf) <= DEAD_SECONDS for name in (LOOP, READS))


def forget(session: Session) -> None:
    """Of all workers: in a database that was put back are the beats of those who ran when it was saved."""
    session.execute(delete(BEATS))


def other_hosts(session: Session) -> list[str]:
    """Where else than on this machine a worker runs, or has died lately."""
    named = {worker.rpartition(":")[0].rpartition(":")[0] for worker in session.scalars(select(BEATS.c.worker))}
    return sorted(named - {socket.gethostname()[:100]})
