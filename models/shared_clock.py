"""The clock that all hosts share: PostgreSQL's. SQLite has one machine's, which is ours.

Who holds what for how long, and who was heard last, one host writes down and another one judges, and their clocks may differ. So
both say it by this clock (``shared``). Each process compares its own clock with it whenever a connection is made, so that it
knows of another server before it asks that one for anything, and each ten seconds in which it asks something.

Where another server takes over, whose clock differs, this clock jumps. What was written before is of the time before: for as
long as a lease lasts nobody takes another one's then (``jumped_within``), while those who hold any renew them by the new time.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import Any

import structlog
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from lib import clock

EVERY_SECONDS = 10.0
LONGEST_LOOK = timedelta(seconds=1)  # in the middle of a longer one the other clock may have said anything
SAME = timedelta(seconds=0.1)  # what a look may be wrong by, and more
OFF = timedelta(seconds=2)  # from here on it is a clock that differs, and no look that was slow
# A standby says nothing: who holds what is written on the primary.
_THERE = "SELECT clock_timestamp() WHERE NOT pg_is_in_recovery()"
SAID = (
    "This host's clock is {} {} PostgreSQL's: set both by NTP. Leases and beats go by PostgreSQL's; what is due, and when a "
    "receipt came, is said by this one."
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Seen:
    """By so much is our clock before PostgreSQL's; when it was looked at last, and when that clock jumped, by our steady one;
    ``told``: what the log was told of it."""

    ahead: timedelta = timedelta()
    looked_at: float = -inf
    jumped_at: float = -inf
    told: timedelta = timedelta()


_seen = Seen()


def shared(at: datetime) -> datetime:
    """What the shared clock says at this moment of ours."""
    return at - _seen.ahead


def ours(at: datetime) -> datetime:
    """What our clock says at this moment of the shared one."""
    return at + _seen.ahead


def jumped_within(span: timedelta) -> bool:
    """Whether the shared clock has jumped so lately."""
    return time.monotonic() - _seen.jumped_at < span.total_seconds()


def watch(engine: Engine) -> None:
    """Compare the clocks with whatever PostgreSQL the engine leads to."""
    event.listen(engine, "connect", _at_connecting)
    event.listen(engine, "checkout", _now_and_then)


def _at_connecting(connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["tells_time"] = compare(connection)


def _now_and_then(connection: Any, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
    if record.info.get("tells_time") and time.monotonic() - _seen.looked_at > EVERY_SECONDS:
        compare(connection)


def compare(connection: Any, now: Callable[[], datetime] = clock.now) -> bool:
    """See by how much our clock differs from PostgreSQL's; ``connection`` is the driver's. Whether that is a server that says it.
    Raises nothing: a connection that is broken says so to whoever uses it next."""
    global _seen
    try:
        began = now()
        row = connection.execute(_THERE).fetchone()
        took = now() - began
    except Exception as error:  # noqa: BLE001 - of any kind that a driver has
        log.debug("clocks_not_compared", error=type(error).__name__)
        return False
    finally:
        with suppress(Exception):
            connection.rollback()
    if row is None:
        return False
    ahead = began + took / 2 - row[0] if timedelta() <= took < LONGEST_LOOK else _seen.ahead
    _seen = _known(_seen, timedelta() if abs(ahead) < SAME else ahead, time.monotonic())
    return True


def _known(before: Seen, ahead: timedelta, at: float) -> Seen:
    jumped = before.looked_at > -inf and abs(ahead - before.ahead) > OFF
    told = before.told
    if abs(ahead - told) > OFF:
        told = ahead if abs(ahead) > OFF else timedelta()
        if told:
            which = "ahead of" if ahead > timedelta() else "behind"
            log.warning("clocks_differ", said=SAID.format(clock.span(abs(ahead)), which))
    return Seen(ahead, at, at if jumped else before.jumped_at, told)
