"""A copy of the database that readers may ask, and how far it is behind.

A standby says what it has replayed, and never how long ago that was true: its own clock for it stands still while nobody writes,
and goes on as if all were well where it is cut off. So the primary is asked where it is, now and then, and what the standby has
reached of that is as old as the question was.
"""

import time
from collections import deque
from threading import Lock

import structlog
from sqlalchemy import make_url, text
from sqlalchemy.exc import SQLAlchemyError

from models.database import Database
from models.errors import said

log = structlog.get_logger(__name__)

_WRITTEN = text("SELECT (pg_current_wal_lsn() - '0/0')::bigint")
_REPLAYED = text("SELECT CASE WHEN pg_is_in_recovery() THEN (pg_last_wal_replay_lsn() - '0/0')::bigint END")

LOOK_SECONDS = 0.5  # so long a look holds, and is counted as behind
WAITS = (0.002, 0.005, 0.01, 0.02, 0.04)  # for a standby to reach what was just written
REST_SECONDS = 10.0  # after a copy was broken or too far behind, until it is looked at again


class Replica:
    """Any thread may ask. ``bound``: of how many seconds behind it is still asked."""

    def __init__(self, database: Database, url: str, bound: float):
        self._database = database
        named = make_url(url)
        if "target_session_attrs" not in named.query:
            named = named.update_query_dict({"target_session_attrs": "prefer-standby"})
        self._copy = Database(named.render_as_string(hide_password=False), stand_ins=database.stand_ins)
        self._bound = bound
        self._lock = Lock()
        # When, and up to where the primary had written by then.
        self._marks: deque[tuple[float, int]] = deque(maxlen=64)
        self._looked_at = 0.0
        self._as_of: float | None = None  # the moment that the copy shows at least; None: it is not asked
        self._resting_until = 0.0

    def choose(self) -> tuple[Database, float | None]:
        """Whom to ask now, and how many seconds the answer may be behind; None: it is the database itself that answers."""
        with self._lock:
            now = time.monotonic()
            if now >= self._resting_until and now - self._looked_at > LOOK_SECONDS:
                self._look(now)
            if self._as_of is None or (behind := time.monotonic() - self._as_of) > self._bound:
                return self._database, None
            return self._copy, behind

    def close(self) -> None:
        self._copy.close()

    def _look(self, now: float) -> None:
        self._looked_at = now
        try:
            self._as_of = self._reached(now)
        except SQLAlchemyError as error:
            self._rest(now, said(error))
            return
        if self._as_of is not None and now - self._as_of > self._bound:
            self._rest(now, f"it is {now - self._as_of:.0f} seconds behind")

    def _rest(self, now: float, why: str) -> None:
        self._as_of, self._resting_until = None, now + REST_SECONDS
        log.warning("replica_not_asked", why=why)

    def _reached(self, now: float) -> float | None:
        """The latest moment of which the copy is known to show everything; None where there is no standby to ask, or none of
        whom that is known."""
        written = self._mark(now)
        for wait in (*WAITS, None):
            with self._copy.read() as session:
                replayed: int | None = session.scalar(_REPLAYED)
            if replayed is None:  # a primary: where no standby is left, the URL leads there
                return None
            if written is None or replayed >= written or wait is None:
                break
            time.sleep(wait)
        assert replayed is not None
        return max((at for at, mark in self._marks if mark <= replayed), default=None)

    def _mark(self, now: float) -> int | None:
        try:
            with self._database.read() as session:
                written: int | None = session.scalar(_WRITTEN)
        except SQLAlchemyError:  # the copy is asked for as long as what it shows is known to be young enough
            return None
        if written is not None:
            self._marks.append((now, written))
        return written
