"""Brings back up what went down the ladder: spool and memory into the database, as soon as it is well."""

import random
import threading
import time
from collections.abc import Callable

import structlog

from callbacks.ladder.database import DatabaseStore
from callbacks.ladder.last import Memory
from callbacks.ladder.rung import Rung
from callbacks.ladder.spooled import understood, waiting
from callbacks.spool import Spool
from callbacks.strangers import Strangers

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 8.0  # between two looks at a database that fails again as soon as it is used
STEADY_SECONDS = 10.0
AT_ONCE = 100  # receipts: while they are read and written, callbacks of this process wait for Python's lock
LATE_SECONDS = 0.25  # what was put aside and is older than this no worker has taken in (``callbacks.ladder.taking_in``)
LAST_SECONDS = 1.5  # for the spool, when the process ends, of its ``callbacks.http.worker.CLOSE_SECONDS``


class Keeper:
    """One per process; which process drains the spool, the spool itself decides.

    Two threads, for a database or a disk that hangs is not to hold up what the other one could take: one looks at the
    database, one at the spool. What both take from memory at the same time is stored twice, and is there once.
    """

    def __init__(
        self,
        open_store: Callable[[], DatabaseStore],
        spool: Spool,
        memory: Memory,
        database: Rung,
        spooling: Rung,
        strangers: Strangers,
        strangers_apart: Rung,
    ):
        self._open = open_store
        self._spool = spool
        self._memory = memory
        self._database = database
        self._spooling = spooling
        self._strangers = strangers
        self._rungs = (database, strangers_apart)  # both of the database
        self._pause = LOOK_SECONDS
        self._mended_at = 0.0
        self._over = threading.Event()
        self._aside = threading.Event()

    def start(self) -> None:
        for name, look, pause in (
            ("database", self.look_at_database, lambda: self._pause),
            ("spool", self.look_at_spool, lambda: LOOK_SECONDS),
            ("aside", self._look_aside, lambda: 0.0),
        ):
            threading.Thread(target=self._run, args=[look, pause], name=f"keeper-{name}", daemon=True).start()

    def put_aside(self) -> None:
        """Something waits in the spool only because another one wrote: it is looked after before the next look."""
        self._aside.set()

    def _look_aside(self) -> None:
        self._aside.wait()
        self._aside.clear()
        until = time.monotonic() + LOOK_SECONDS
        while not self._over.wait(LATE_SECONDS) and self._spool.waiting() and time.monotonic() < until:
            if waiting(self._spool, LATE_SECONDS):
                self._drain()

    def look_at_database(self) -> None:
        """Use it again when it is well; what is in memory goes there, and what strangers lost is counted."""
        self._strangers.tell()
        behind = not self._strangers.learned or self._strangers.uncounted()
        if not (self._tripped() or self._memory or behind):
            if time.monotonic() - self._mended_at > STEADY_SECONDS:
                self._pause = LOOK_SECONDS
            return
        try:
            store = self._open()
            try:
                store.probe()
                self._mend()
                while held := self._memory.first():
                    store.keep(held)
                    self._memory.forget(held)
                if behind:
                    store.catch_up()
            finally:
                store.close()
        # Whatever is wrong with the database: the next look will show.
        except Exception as error:  # noqa: BLE001
            log.debug("database_still_away", error=type(error).__name__)

    def look_at_spool(self) -> None:
        """Use it again when it is well; what is in memory goes there. Drain it when the database is well."""
        self._mend_spool()
        if self._database.tripped:
            return
        if not self._spool.waiting():
            if not self._memory:
                self._strangers.all_is_above()
        elif waiting(self._spool) and (drained := self._drain()):
            log.warning("spool_drained", receipts=drained)

    def _drain(self) -> int:
        drained = 0
        if self._database.tripped:
            return drained
        try:
            store = self._open()
            try:
                # Segment by segment: what happens to the spool itself meanwhile is not to wait for the end of an outage's.
                while some := self._spool.drain(store.keep, batch=AT_ONCE, read=understood, most=1):
                    drained += some
                    self._mend_spool()
            finally:
                store.close()
        except Exception as error:  # noqa: BLE001 - the database's, which the next look will show, or a segment's, logged there
            log.debug("spool_not_drained", error=type(error).__name__)
        return drained

    def close(self) -> None:
        """The process ends: what is in memory alone gets a last chance, first where nobody waits for a network."""
        self._over.set()
        self._aside.set()
        self._strangers.tell(at_once=True)
        if self._memory:
            first = threading.Thread(target=self._mend_spool, daemon=True)
            first.start()
            first.join(LAST_SECONDS)
        if self._memory or (self._strangers.uncounted() and not self._database.tripped):
            self.look_at_database()

    def _mend_spool(self) -> None:
        if not (self._spooling.tripped or self._memory):
            return
        try:
            self._spool.probe()
            self._spooling.mend()
            while held := self._memory.first():
                self._spool.append([draft.line() for draft in held])
                self._memory.forget(held)
        except OSError as error:
            log.debug("spool_still_away", error=type(error).__name__)

    def _mend(self) -> None:
        """Use the database again, after a pause that doubles where it failed soon after the last time."""
        if tripped := self._tripped():
            now = time.monotonic()
            again = now - self._mended_at < STEADY_SECONDS
            self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS) if again else LOOK_SECONDS
            self._mended_at = now
            for rung in tripped:
                rung.mend()

    def _tripped(self) -> list[Rung]:
        return [rung for rung in self._rungs if rung.tripped]

    def _run(self, look: Callable[[], None], pause: Callable[[], float]) -> None:
        # Not all processes at the same moment.
        while not self._over.wait(pause() * random.uniform(0.8, 1.2)):
            try:
                look()
            except Exception as error:
                log.exception("keeper_failed", error=type(error).__name__)
