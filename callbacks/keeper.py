"""Brings back up what went down the ladder: spool and memory into the database, as soon as it is well."""

import random
import threading
import time
from collections.abc import Callable, Sequence

import structlog

from callbacks.draft import Draft, NotADraft
from callbacks.last import Memory
from callbacks.rung import Rung
from callbacks.spool import Spool
from callbacks.store import DatabaseStore

log = structlog.get_logger(__name__)

LOOK_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 8.0  # between two looks at a database that fails again as soon as it is used
STEADY_SECONDS = 10.0


class Keeper:
    """One per process; which process drains the spool, the spool itself decides."""

    def __init__(
        self, open_store: Callable[[], DatabaseStore], spool: Spool, memory: Memory, database: Rung, spooling: Rung
    ):
        self._open = open_store
        self._spool = spool
        self._memory = memory
        self._database = database
        self._spooling = spooling
        self._pause = LOOK_SECONDS
        self._mended_at = 0.0
        self._over = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="keeper", daemon=True).start()

    def step(self) -> None:
        """One look: nothing to do, or the database is asked, and the spool where the database still does not answer."""
        if not (self._database.tripped or self._spooling.tripped or self._memory or self._spool.waiting()):
            return
        try:
            self._to_database()
        # Whatever is wrong with the database: the next look will show.
        except Exception as error:  # noqa: BLE001
            log.debug("database_still_away", error=type(error).__name__)
        if self._memory or self._spooling.tripped:
            self._to_spool()

    def close(self) -> None:
        """The process ends: what is in memory alone gets a last chance."""
        self._over.set()
        if self._memory:
            self.step()

    def _to_database(self) -> None:
        store = self._open()
        try:
            store.probe()
            self._mend()
            while held := self._memory.first():
                store.keep(held)
                self._memory.forget(held)
            drained = self._spool.drain(lambda lines: store.keep(drafts(lines)))
            if drained:
                log.warning("spool_drained", receipts=drained)
        finally:
            store.close()

    def _to_spool(self) -> None:
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
        if self._database.tripped:
            now = time.monotonic()
            again = now - self._mended_at < STEADY_SECONDS
            self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS) if again else LOOK_SECONDS
            self._mended_at = now
            self._database.mend()
        elif time.monotonic() - self._mended_at > STEADY_SECONDS:
            self._pause = LOOK_SECONDS

    def _run(self) -> None:
        # Not all processes at the same moment.
        while not self._over.wait(self._pause * random.uniform(0.8, 1.2)):
            try:
                self.step()
            except Exception as error:
                log.exception("keeper_failed", error=type(error).__name__)


def drafts(lines: Sequence[bytes]) -> list[Draft]:
    """Read what was spooled. A line that is whole and no receipt (of a newer release, say) goes to the error log in full: it
    must not stand in front of the others for ever."""
    found = []
    for line in lines:
        try:
            found.append(Draft.from_line(line))
        except NotADraft:
            log.error("spool_line_unreadable", line=line.decode("utf-8", "backslashreplace"))
    return found
