"""Tokens that end by themselves, kept in the database: one process at a time has them renewed, and all use what it was given.

Where a CRM gives a new refresh token each time, the one before is used up as soon as it has been sent. So it is noted before it
leaves, what comes is written down at once, and again until it is written; whoever comes after one that died in between knows why
the old token is refused. A CRM that refuses is not asked again for an hour, by nobody.

They stand there as they are. What could be encrypted with lies on the same machine or in the same settings; the table is in no
view, no answer, no log and no role of analysts. Whoever loses a backup has the CRM revoke them.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.exc import SQLAlchemyError

from crm.base import AnyClient, Budget, Crm, Granted
from crm.destination import Destination
from lib import clock, ids, secrets
from lib.http.errors import CredentialsRefused, ExchangeError, Uncertain
from models import DestinationTokens, leases
from models.database import AnyRow, Database, changed, insert_into

KEPT = DestinationTokens.__table__
SPAN = timedelta(seconds=60)  # longer than a request may take, and than what it brings is tried to be written
EARLY = timedelta(seconds=30)  # before its end that a token is renewed; of a short life, a tenth
REFUSED = timedelta(hours=1)
LOOK_SECONDS = 0.1
WRITE_AGAIN_SECONDS = 0.5
DIED = (
    "Its refresh token may have been used by a process that ended before it could keep the new one: authorise it anew."
)

log = structlog.get_logger(__name__)


def opened(database: Database, crm: Crm, destination: Destination, turns: Budget) -> AnyClient:
    """The kind's client; where its tokens end by themselves, with the one that all processes have."""
    given, renew = crm.refresh(destination), crm.renew
    if given is None or renew is None:
        return crm.client(destination, turns)
    access = KeptTokens(database, destination.name, given, lambda refresh: renew(destination, refresh))
    return crm.client(destination, turns, access)


@dataclass
class _Renewal:
    """One that is ours to make: by the row that it was begun with."""

    lease: str
    row: AnyRow


class KeptTokens:
    """Of one destination; ``crm.base.Access``. ``given``: the refresh token, or whatever the settings say to begin with.
    ``renew`` asks the CRM with a refresh token. Raises CredentialsRefused where that is good no more, Uncertain where nobody
    knows whether it was used, and other ExchangeErrors."""

    def __init__(
        self,
        database: Database,
        name: str,
        given: str,
        renew: Callable[[str], Granted],
        now: Callable[[], datetime] = clock.now,
        span: timedelta = SPAN,
    ):
        self._database = database
        self._name = name
        self._given = given
        self._hash = secrets.hashed(given)
        self._renew = renew
        self._now = now
        self._span = span
        self._lock = threading.Lock()  # the threads of this process wait here, and not at the database
        self._mine = KEPT.c.name == name

    def token(self, stale: str | None = None) -> str:
        """As of ``crm.base.Access``."""
        with self._lock:
            while True:
                row, at = self._row(), self._now()
                if (
                    row.access is not None
                    and row.access != stale
                    and (row.access_until is None or at < row.access_until)
                ):
                    return str(row.access)
                if row.refused_until is not None and at < row.refused_until <= at + REFUSED:
                    raise CredentialsRefused(row.refused)
                renewal = self._begun(row, at)
                if renewal is None:  # somebody else is at it
                    time.sleep(LOOK_SECONDS)
                    continue
                found = self._renewed(renewal)
                if found is not None:
                    return found

    def _row(self) -> AnyRow:
        """The row as it is, begun anew where the settings say something else than they did."""
        with self._database.read() as session:
            row = session.execute(select(KEPT).where(self._mine, KEPT.c.given == self._hash)).one_or_none()
        if row is not None:
            return row
        empty = dict.fromkeys(column.name for column in KEPT.columns)
        new = empty | {"name": self._name, "given": self._hash, "version": 0}
        anew = {name: value for name, value in new.items() if name not in ("name", "version")}
        with self._database.write() as session:
            into = insert_into(session, KEPT).values(new)
            other = KEPT.c.given != self._hash
            session.execute(
                into.on_conflict_do_update(
                    index_elements=["name"], set_=anew | {"version": KEPT.c.version + 1}, where=other
                )
            )
            return session.execute(select(KEPT).where(self._mine)).one()

    def _begun(self, row: AnyRow, at: datetime) -> _Renewal | None:
        """The renewal of what the row says, where nobody else makes it or has made it."""
        lease = str(ids.new())
        held = {
            "lease_owner": lease,
            "lease_until": leases.until(at, self._span),
            "renewing_since": row.renewing_since or at,
        }
        free = leases.free(KEPT.c.lease_until, at, self._span)
        return _Renewal(lease, row) if self._written(held, free, KEPT.c.version == row.version) else None

    def _renewed(self, renewal: _Renewal) -> str | None:
        """The new access token; None where somebody else has brought one meanwhile. Raises as ``renew`` does."""
        row = renewal.row
        same = (KEPT.c.version == row.version, KEPT.c.lease_owner == renewal.lease)
        try:
            granted = self._renew(row.refresh or self._given)
        except CredentialsRefused as error:
            said = f"{error} {DIED}" if row.renewing_since is not None else str(error)
            until = {"refused": said, "refused_until": self._now() + REFUSED, "renewing_since": None}
            if not self._written(leases.FREE | until, *same):
                return None
            raise CredentialsRefused(said) from None
        except ExchangeError as error:
            used = {} if isinstance(error, Uncertain) else {"renewing_since": row.renewing_since}
            self._written(leases.FREE | used, *same)
            raise
        except BaseException:  # a fault of ours: nobody waits for it
            self._written(dict(leases.FREE), *same)
            raise
        # Whoever had to wait for too long for us has asked with the same token; what was written first counts.
        return granted.access if self._kept(granted, row) else None

    def _kept(self, granted: Granted, row: AnyRow) -> bool:
        lasts = None if granted.seconds is None else timedelta(seconds=granted.seconds)
        until = None if lasts is None else self._now() + lasts - min(EARLY, lasts / 10)
        values = {"access": granted.access, "access_until": until, "refresh": granted.refresh or row.refresh}
        values |= {"version": row.version + 1, "renewing_since": None, "refused": None, "refused_until": None}
        end = time.monotonic() + self._span.total_seconds()
        while True:
            try:
                return self._written(leases.FREE | values, KEPT.c.version == row.version)
            except SQLAlchemyError as error:  # what was given is known only here
                if time.monotonic() > end:
                    raise
                log.error("keeping_tokens_failed", destination=self._name, error=type(error).__name__)
                time.sleep(WRITE_AGAIN_SECONDS)

    def _written(self, values: dict[str, Any], *which: ColumnElement[bool]) -> bool:
        with self._database.write() as session:
            mine = (self._mine, KEPT.c.given == self._hash, *which)
            return changed(session, update(KEPT).where(*mine).values(values)) == 1
