"""The worker takes in what receivers have put aside: while a receiver reads and writes receipts, those whom it is to answer
wait for Python's lock. Where no worker does so, the keepers of the receivers do (``callbacks.ladder.keeper``)."""

import time

import structlog

from callbacks.ladder.database import DatabaseStore
from callbacks.ladder.spooled import understood, waiting
from callbacks.spool import Spool
from callbacks.strangers import Strangers
from models.database import Database

log = structlog.get_logger(__name__)

AT_ONCE = 250  # receipts: some ten milliseconds, in which nobody else can write
MOST = 1000  # in one step, or what one segment of the spool has: outcomes are made meanwhile
TROUBLE_SECONDS = 1.0


class TakingIn:
    """For one thread. ``strangers``: what of theirs lies in the spool keeps to their caps."""

    def __init__(self, database: Database, spool: Spool, strangers: Strangers):
        self._database = database
        self._spool = spool
        self._strangers = strangers
        self._store: DatabaseStore | None = None
        self._again_at = 0.0

    def step(self) -> int:
        """Store what waits in the spool, or of much of it the first; how many receipts that was. Raises nothing: where the
        database is in trouble, it stays there for a later step."""
        if time.monotonic() < self._again_at or not self._spool.waiting():
            return 0
        try:
            late = waiting(self._spool)
            self._store = self._store or DatabaseStore(self._database, self._strangers, patient=False)
            taken = self._spool.drain(self._store.keep, batch=AT_ONCE, read=understood, most=MOST)
        # Whatever is wrong with the database or a segment: whoever finds it says so, and a later step will show.
        except Exception as error:  # noqa: BLE001
            log.debug("spool_not_drained", error=type(error).__name__)
            self.close()
            self._again_at = time.monotonic() + TROUBLE_SECONDS
            return 0
        if late and taken:
            log.warning("spool_drained", receipts=taken)
        return taken

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None
