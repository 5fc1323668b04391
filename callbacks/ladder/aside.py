"""SQLite has one writer at a time, and a worker is it for as long as a batch takes. What would wait for it is put aside: into the
spool, which is as durable on the same disk, and from there into the database as soon as that is free.
See docs/decisions/0017-aside.md."""

from collections.abc import Callable, Sequence

from callbacks.draft import Draft
from callbacks.ladder.database import DatabaseStore
from callbacks.spool import Spool
from models.write_lock import Busy

PATIENCE_SECONDS = 0.002  # what another receiver takes; a worker holds it for tens of milliseconds


class Aside:
    """The database where it is free, the spool where somebody else writes: a store that keeps drafts in either. ``told`` is
    called when something waits in the spool for that reason alone."""

    def __init__(self, store: DatabaseStore, spool: Spool, told: Callable[[], None]):
        self._store = store
        self._spool = spool
        self._told = told
        self.abort = store.abort
        self.close = store.close

    def keep(self, drafts: Sequence[Draft]) -> None:
        """As ``DatabaseStore.keep`` does it; nobody here is a stranger, for whose drafts there is no place below the database."""
        try:
            self._store.keep(drafts, within=PATIENCE_SECONDS)
        except Busy:
            try:
                self._spool.append([draft.line() for draft in drafts])
            except OSError:  # a disk that is full for the spool may still have room in the database
                self._store.keep(drafts)
            else:
                self._told()
