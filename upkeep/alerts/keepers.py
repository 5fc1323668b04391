"""Where the state of alerts is kept: in the database, and of what is this machine's in its data folder, so that the alert about
the database needs no database. Of several workers one watches: who has the row's lease, or the file's lock.
"""

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from lib import clock, durable, ids, locks, private
from models import AlertState
from models.database import Database, changed, insert_into
from models.errors import said
from models.leases import free, until
from upkeep.alerts.state import State

SPAN = timedelta(seconds=90)  # of the lease: so long after a worker's death nobody watches
WINDOWS_EVERY = timedelta(minutes=1)  # what is counted alone, and when it was looked, is kept so often
UNTOLD = ("windows", "looked")
PATIENCE = 1.0  # seconds
ROW = "everywhere"
FILE, LOCK = "alerts.json", "alerts.lock"
_TABLE = AlertState.__table__

log = structlog.get_logger(__name__)


class Keeper:
    """Shared by the threads of a worker. What it has in memory counts as long as it is the one who watches."""

    def __init__(self, now: Callable[[], datetime]):
        self._now = now
        self._lock = threading.RLock()
        self._state: State | None = None
        self._kept: dict[str, Any] = {}
        self._kept_at = clock.EARLIEST

    def watches(self) -> bool:
        """Take, or keep, the watch; whether it is ours. Raises where what it is kept in is away."""
        with self._lock:
            if not self._take():
                self._state = None
                return False
            if self._state is None:
                self._kept = self._load()
                self._state = State.read(self._kept)
            return True

    @contextmanager
    def state(self, patient: bool = False) -> Iterator[State | None]:
        """The state, for nobody else meanwhile; None where another one watches, or, unless ``patient``, where what it is kept in
        does not answer. It is kept with ``keep``."""
        if not self._lock.acquire(timeout=-1 if patient else PATIENCE):
            yield None
            return
        try:
            yield self._state
        finally:
            self._lock.release()

    def keep(self) -> None:
        """Raises where that cannot be done; then it stays in memory, and is kept the next time."""
        with self._lock:
            if self._state is None:
                return
            document = self._state.document()
            told = {name: value for name, value in document.items() if name not in UNTOLD}
            same = told == {name: value for name, value in self._kept.items() if name not in UNTOLD}
            if same and self._kept_at <= self._now() < self._kept_at + WINDOWS_EVERY:
                return
            # A copy: alerts are changed where they stand.
            self._save(text := json.dumps(document))
            self._kept, self._kept_at = json.loads(text), self._now()

    def _take(self) -> bool:
        raise NotImplementedError

    def _load(self) -> dict[str, Any]:
        raise NotImplementedError

    def _save(self, text: str) -> None:
        raise NotImplementedError


class InTable(Keeper):
    """Raises SQLAlchemyError."""

    def __init__(self, database: Database, now: Callable[[], datetime] = clock.now):
        super().__init__(now)
        self._database = database
        self._me = str(ids.new())

    def _take(self) -> bool:
        now = self._now()
        mine = or_(_TABLE.c.lease_owner == self._me, free(_TABLE.c.lease_until, now, SPAN))
        held = (
            update(_TABLE).where(_TABLE.c.name == ROW, mine).values(lease_owner=self._me, lease_until=until(now, SPAN))
        )
        with self._database.write() as session:
            if changed(session, held) == 1:
                return True
            session.execute(insert_into(session, _TABLE).values(name=ROW, document={}).on_conflict_do_nothing())
            return changed(session, held) == 1

    def _load(self) -> dict[str, Any]:
        with self._database.read() as session:
            found: dict[str, Any] = session.scalar(select(_TABLE.c.document).where(_TABLE.c.name == ROW)) or {}
            return found

    def _save(self, text: str) -> None:
        mine = (_TABLE.c.name == ROW, _TABLE.c.lease_owner == self._me)
        with self._database.write() as session:
            if changed(session, update(_TABLE).where(*mine).values(document=json.loads(text))) != 1:
                self._state = None  # another one watches by now, and may tell once more what we have told

    def leave(self) -> None:
        """Another worker may watch at once."""
        with self._lock, self._database.write() as session:
            gone = update(_TABLE).where(_TABLE.c.lease_owner == self._me)
            session.execute(gone.values(lease_owner=None, lease_until=None))
            self._state = None


class InFile(Keeper):
    """Of this machine. Raises OSError where the disk refuses to keep it: then it is in memory alone, and whoever is started anew
    tells once more what is on."""

    def __init__(self, folder: Path, now: Callable[[], datetime] = clock.now):
        super().__init__(now)
        self.path, self._lock_path = folder / FILE, folder / LOCK
        self._file: int | None = None

    def _take(self) -> bool:
        if self._file is not None:
            return True
        try:
            private.make_folder(self._lock_path.parent)
            private.make_file(self._lock_path)
            file = self._lock_file()
        except OSError as error:
            log.error("alerts_unlocked", error=type(error).__name__, said=said(error))
            return True  # rather twice than never
        if not locks.take(file):
            os.close(file)
            return False
        self._file = file
        return True

    def is_watched(self) -> bool:
        """Whether a worker of this machine watches it, be it stopped. Raises OSError."""
        try:
            file = self._lock_file()
        except FileNotFoundError:
            return False
        try:
            return not locks.take(file, shared=True)
        finally:
            os.close(file)

    def noted(self) -> dict[str, Any]:
        """What the file holds, whoever watches; nothing where there is none. Raises OSError, or ValueError where it is no
        document."""
        try:
            found: Any = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        if not isinstance(found, dict):
            raise ValueError
        return found

    def _lock_file(self) -> int:
        return os.open(self._lock_path, os.O_RDONLY | os.O_CLOEXEC)  # on a disk that is read-only by now, too

    def _load(self) -> dict[str, Any]:
        try:
            return self.noted()
        except (OSError, ValueError) as error:  # what is on is begun anew: rather told twice than never
            log.error("alerts_unreadable", error=type(error).__name__, said=said(error))
            return {}

    def _save(self, text: str) -> None:
        durable.replace(self.path, text)

    def leave(self) -> None:
        with self._lock:
            if self._file is not None:
                os.close(self._file)
            self._file = self._state = None


def kept(keeper: Keeper) -> bool:
    """Keep it, or say in the log why not: it is tried again at the next look."""
    try:
        keeper.keep()
    except (SQLAlchemyError, OSError) as error:
        log.error("alerts_not_kept", error=type(error).__name__, said=said(error))
        return False
    return True
