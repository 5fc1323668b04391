"""Receipts that kill whoever reads them: each is found, and put into quarantine, and all others become outcomes.

Who comes after one that died takes half as many at once, until it is one; that is read alone; and where that kills, too, it is
not read any more.
"""

import sys
import threading
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from uuid import UUID

import structlog
from sqlalchemy import select

from dialers.base import Connection
from lib import clock
from models import Receipt
from models.database import Database
from models.receipts import PENDING, QUARANTINED
from outcomes.in_hand import FOLDER, Hand, dead, hand_of
from outcomes.normalize import conclude, normalize_pending
from outcomes.reading import KILLED, Fate

log = structlog.get_logger(__name__)

DETAIL = "The process that read it was killed, and so was the next one, which read nothing else meanwhile."


class Normalizing:
    """Normalizes in one process, in any of its threads. ``data_dir``: where is noted what is being read. ``newest``: as with
    ``normalize_pending``."""

    def __init__(self, database: Database, connections: Mapping[str, Connection], data_dir: Path, newest: bool = False):
        self._database = database
        self._connections = connections
        self._folder = data_dir / FOLDER
        self._newest = newest
        self._of_thread = threading.local()
        self._lock = threading.Lock()
        self._begun = False
        self._most = sys.maxsize  # receipts at once, in the beginning

    def step(self) -> int:
        """The next batch; how many receipts it was. Before the first, those are read alone of which one may have killed."""
        with self._lock:
            if not self._begun:
                self._after_the_dead()
                self._begun = True
        if not hasattr(self._of_thread, "hand"):
            self._of_thread.hand = hand_of(self._folder, self._most)
        hand: Hand = self._of_thread.hand
        taken = normalize_pending(self._database, self._connections, newest=self._newest, hand=hand)
        if taken:
            hand.survived()
        return taken

    def _after_the_dead(self) -> None:
        """Where the database is away, what they left stays, and is seen to with the next step."""
        with closing(dead(self._folder)) as found:
            for hand, note in found:
                self._most = min(self._most, max(1, note.count // 2))
                log.warning("reader_died", receipts=note.count)
                if note.receipt and note.alone:
                    _quarantine(self._database, note.receipt)
                elif note.receipt:
                    normalize_pending(self._database, self._connections, only=[note.receipt], hand=hand)
                hand.forgets()


def _quarantine(database: Database, receipt: UUID) -> None:
    with database.write() as session:
        # One that another worker has is its: that one may understand it.
        waits = select(Receipt.id).where(Receipt.id == receipt, Receipt.state == PENDING)
        if session.scalar(waits.with_for_update(skip_locked=True)):
            log.error("receipt_kills", receipt_id=str(receipt))
            conclude(session, [(receipt, Fate(QUARANTINED, KILLED, DETAIL), None)], clock.now())
