"""PostgreSQL on several hosts: which of them is asked first, and when a connection is not to be used any more.

Behind a URL that names several hosts one may write at a time. Which one that is changes without a word to us: a server that is a
standby now still answers ``SELECT 1``, and one whose machine is gone answers nothing at all.
"""

import time
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, Dialect, Engine, ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

# What of ``target_session_attrs`` is looked for here, and in which order where it is several.
WANTED = {"read-write": ("read-write",), "primary": ("primary",), "prefer-standby": ("standby", "any")}
RECYCLE_SECONDS = 1800
# Who has not answered for so long is not asked for the time thereafter, while there are others.
LONG_SECONDS, ALONE_SECONDS = 1.0, 5.0

Place = tuple[str, str]  # host, port

# With a server that is gone without a word: its machine lost power, or a network swallows what is sent.
PATIENCE: Mapping[str, str | int] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 12_000,  # milliseconds
}
# The least that the driver waits: while one of several is waited for, the one that took over is not asked.
OF_SEVERAL: Mapping[str, str | int] = {"connect_timeout": 2, "target_session_attrs": "read-write"}

# What a server says that is no primary, or not for long: by its code, because words are translated. 25006 is "cannot execute ...
# in a read-only transaction", and comes at a commit, too; 57P03 "the database system is starting up", "in recovery mode".
_NO_PRIMARY = ("25006", "57P01", "57P02", "57P03", "57P05")
_OF_CONNECTIONS = "08"


def is_lost(error: BaseException) -> bool:
    """Whether what the driver raised says that this connection leads to nobody who writes, whatever it still answers."""
    state: str = getattr(error, "sqlstate", None) or ""
    return state in _NO_PRIMARY or state.startswith(_OF_CONNECTIONS)


def several(url: URL) -> bool:
    """Whether the URL names more than one host."""
    hosts = url.query.get("host", ())
    return len(hosts) > 1 if not isinstance(hosts, str) else "," in hosts


def options_for(url: URL) -> dict[str, Any]:
    """What an engine for PostgreSQL is made with. What the URL says itself is as it says."""
    wanted = {**PATIENCE, **(OF_SEVERAL if several(url) else {})}
    said = {name: value for name, value in wanted.items() if name not in url.query}
    # Recycled, so that hosts that have come back are used again, and nothing that a server keeps for a connection grows for ever.
    return {"pool_pre_ping": True, "pool_recycle": RECYCLE_SECONDS, "connect_args": said}


def watch(engine: Engine) -> None:
    """Have the engine leave connections that lead to nobody who writes, all of its pool with the first."""
    event.listen(engine, "handle_error", _leave_what_is_lost)
    event.listen(engine, "connect", _remember)
    event.listen(engine, "checkout", _leave_what_was_demoted)
    event.listen(engine, "do_connect", Hosts().connect)


def _leave_what_is_lost(context: ExceptionContext) -> None:
    if is_lost(context.original_exception):
        context.is_disconnect = True


def _remember(connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["wrote"] = _writes(connection)


def _leave_what_was_demoted(connection: Any, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
    """The pool has just asked whether it answers, and with that the server has told how it is now. One that never could write,
    because the URL asked for no more, is nobody's mistake."""
    if record.info.get("wrote") and not _writes(connection):
        raise InvalidatePoolError


def _writes(connection: Any) -> bool:
    """As far as the server has told by itself: it does so at a connection's start and whenever that changes (from PostgreSQL 14
    on)."""
    told = connection.pgconn.parameter_status
    return b"on" not in (told(b"in_hot_standby"), told(b"default_transaction_read_only"))


class Hosts:
    """Asks the hosts of a URL one after the other, first the one that was found last, then those that refuse at once. One that
    lets us wait is left alone for a while: else whoever stands first in the URL and is gone would cost every new connection its
    patience, and a callback has a second; and whoever has just taken over would be found late."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._took: dict[Place, float] = {}  # seconds until it failed last; below 0: the one that was found last
        self._silent: dict[Place, float] = {}  # until when it is left alone

    def connect(
        self, dialect: Dialect, _record: ConnectionPoolEntry, cargs: Sequence[Any], cparams: dict[str, Any]
    ) -> DBAPIConnection | None:
        """A connection; None where that is the driver's own matter: of one host, or where any is as welcome."""
        places = _places(cparams)
        wanted = WANTED.get(cparams.get("target_session_attrs", ""))
        if len(places) < 2 or wanted is None:
            return None
        errors = dialect.loaded_dbapi
        refused = []
        for state, place in ((state, place) for state in wanted for place in self.in_order(places)):
            began = time.monotonic()
            try:
                more = {"host": place[0], "port": place[1], "target_session_attrs": state}
                found = dialect.connect(*cargs, **{**cparams, **more})
            except errors.OperationalError as error:
                self._note(place, time.monotonic() - began)
                refused.append(str(error).strip().partition("\n")[0].removesuffix("."))
                continue
            self._note(place, -1.0)
            return found
        raise errors.OperationalError(f"No host is {wanted[0]}: " + "; ".join(refused))

    def in_order(self, places: Sequence[Place]) -> list[Place]:
        """Those to be asked now."""
        now = time.monotonic()
        with self._lock:
            heard = [place for place in places if self._silent.get(place, 0.0) < now]
            return sorted(heard or places, key=lambda place: self._took.get(place, 0.0))

    def _note(self, place: Place, took: float) -> None:
        with self._lock:
            if took < 0:
                self._took = {other: max(0.0, before) for other, before in self._took.items()}
            self._took[place] = took
            if took > LONG_SECONDS:
                self._silent[place] = time.monotonic() + ALONE_SECONDS


def _places(cparams: Mapping[str, Any]) -> list[Place]:
    """(host, port), as the driver is given them: with commas between."""
    hosts = str(cparams.get("host", "")).split(",")
    ports = str(cparams.get("port") or "").split(",")
    return list(zip(hosts, ports * len(hosts) if len(ports) == 1 else ports, strict=False))
