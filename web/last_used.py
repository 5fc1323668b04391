"""When keys and sessions were last used, and from where: written once a minute of each at most, and never in anybody's way.

It is written after the answer has left, together with whatever else waits to be; on SQLite only where nobody else is writing.
What could not be written waits for the next one.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import bindparam, update
from sqlalchemy.exc import SQLAlchemyError

from lib import clock
from models import ApiKey, SignIn
from models.database import Database
from models.write_lock import Busy

EACH = timedelta(minutes=1)
PATIENCE = 0.05  # seconds for SQLite's turn to write
MOST = 10_000  # keys and sessions that wait to be written; beyond them it is forgotten

log = structlog.get_logger(__name__)
_KEYS, _SESSIONS = ApiKey.__table__, SignIn.__table__


class LastUsed:
    """Of one process. ``now`` is the present, unless a test says otherwise."""

    def __init__(self, database: Database, now: Callable[[], datetime] = clock.now):
        self._database, self._now = database, now
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._written: dict[UUID | str, datetime] = {}
        self._waiting: dict[UUID | str, tuple[datetime, str]] = {}

    def note(self, key_id: UUID, address: str, session: str | None = None) -> bool:
        """A key was used now from this address, and with it perhaps a session (by its hash); whether ``write`` has anything to
        do."""
        now = self._now()
        with self._lock:
            used: list[UUID | str] = [key_id] if session is None else [key_id, session]
            for one in used:
                before = self._written.get(one)
                if (before is None or now - before >= EACH) and len(self._waiting) < MOST:
                    self._waiting[one] = (now, address[:64])
            return bool(self._waiting)

    def write(self) -> None:
        """Write what waits; where somebody else does, or the database is away, later."""
        if not self._writing.acquire(blocking=False):
            return
        try:
            with self._lock:
                some, self._waiting = self._waiting, {}
            try:
                self._write(some)
            except (SQLAlchemyError, Busy) as error:
                log.debug("last_use_not_kept", error=type(error).__name__)
                with self._lock:
                    self._waiting = some | self._waiting
                return
            with self._lock:
                oldest = self._now() - EACH
                self._written = {one: at for one, at in self._written.items() if at > oldest}
                self._written |= {one: at for one, (at, _) in some.items()}
        finally:
            self._writing.release()

    def _write(self, some: dict[UUID | str, tuple[datetime, str]]) -> None:
        found = [{"of": one, "at": at, "source": source} for one, (at, source) in some.items()]
        # In one order: two processes that lock rows in different ones would wait for each other.
        found.sort(key=lambda one: str(one["of"]))
        keys = [one for one in found if isinstance(one["of"], UUID)]
        sessions = [{"of": one["of"], "at": one["at"]} for one in found if isinstance(one["of"], str)]
        used: dict[str, Any] = {"last_used_at": bindparam("at"), "last_used_from": bindparam("source")}
        seen = update(_SESSIONS).where(_SESSIONS.c.secret_hash == bindparam("of")).values(last_seen_at=bindparam("at"))
        with self._database.write(within=PATIENCE) as session:
            if keys:
                session.connection().execute(update(_KEYS).where(_KEYS.c.id == bindparam("of")).values(used), keys)
            if sessions:
                session.connection().execute(seen, sessions)
