"""Whom a CRM says not to call is asked now and then, and put on the list of numbers that must not be called; who is not among
them any more is taken off, when the CRM has said so of the record itself."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import or_, select, update

from crm import budgets, sharing, tokens
from crm.accounts import Account
from crm.base import AnyClient, Crm, Refusals
from crm.destination import Destination
from crm.registry import CRMS, asks_whom_not_to_call
from dialers import numbers
from dialers.base import Connection
from dialers.giving import Refused
from lib import clock, masking
from lib.http.errors import ExchangeError
from models import DestinationState, Suppression
from models.bulk import among
from models.database import AnyRow, Database, changed, chunks
from models.suppressions import CRM
from outcomes import suppressions
from outcomes.suppressions import Wanted

EVERY = timedelta(minutes=10)
AT_ONCE = 250  # rows of one transaction
LONGEST_REST = timedelta(hours=1)

log = structlog.get_logger(__name__)

Said = dict[tuple[str, str], Wanted]  # by number and origin


@dataclass
class Listed:
    """What a CRM has said. ``unread``: how many of its numbers cannot be read; ``partly``: origins that have such a number."""

    said: Said = field(default_factory=dict)
    unread: int = 0
    partly: set[str] = field(default_factory=set)


class Refuser:
    """Asks one destination, in one thread. Several may do this: the destination's row says when it is due, and for whom."""

    def __init__(
        self,
        database: Database,
        destination: Destination,
        connections: Mapping[str, Connection],
        now: Callable[[], datetime] = clock.now,
        stop: threading.Event | None = None,
    ):
        self._database, self._destination, self._now = database, destination, now
        self._crm: Crm = CRMS[destination.kind]
        self._countries = numbers.countries(connections.values())
        self._turns = budgets.turns_of(database, self._crm, destination, now, stop or threading.Event())
        self._account = Account(database, destination, self._crm)
        self._by = f"destination {destination.name}"  # who takes off; no key of the same name is meant
        self._client: AnyClient = None

    @property
    def is_wanted(self) -> bool:
        """Whether the destination's table asks for it."""
        return asks_whom_not_to_call(self._destination)

    def step(self) -> bool:
        """Ask, where it is due; False where it is not. What goes wrong there is noted. Raises SQLAlchemyError."""
        refusals = self._crm.refusals
        if refusals is None or not self._claimed():
            return False
        try:
            if self._client is None:
                self._client = tokens.opened(self._database, self._crm, self._destination, self._turns)
            self._account.check(self._client)  # another account's records have the same ids, and say nothing of these
            listed = self._listed(refusals)
            self._take_off(refusals, listed)
        except ExchangeError as error:
            told = str(masking.masked(str(error), self._crm.secrets(self._destination)))
            log.warning("asking_whom_not_to_call_failed", destination=self._destination.name, error_id=error.error_id)
            wait = min(timedelta(seconds=error.retry_after or 0), LONGEST_REST)
            self._note(refusals_error=told, **({"refusals_due": self._now() + wait} if wait > EVERY else {}))
            return False
        self._note(refusals_error=None, refusals_at=self._now(), refusals_unread=listed.unread)
        return True

    def _claimed(self) -> bool:
        """Whether it is due, and ours now: whoever dies with it leaves it until it is due again."""
        at = self._now()
        row = DestinationState
        due = or_(row.refusals_due.is_(None), row.refusals_due <= at, row.refusals_due > at + 2 * LONGEST_REST)
        mine = (row.name == self._destination.name, row.kind == self._destination.kind, due)
        with self._database.read() as session:
            if session.scalar(select(row.name).where(*mine)) is None:
                return False
        with sharing.write(self._database) as session:
            return changed(session, update(row).where(*mine).values(refusals_due=at + EVERY)) == 1

    def _note(self, **values: Any) -> None:
        with sharing.write(self._database) as session:
            mine = DestinationState.name == self._destination.name
            changed(session, update(DestinationState).where(mine).values(values))

    def _listed(self, refusals: Refusals) -> Listed:
        """What the CRM says, put on the list page by page: what stops half-way has not said less."""
        found = Listed()
        for page in refusals.listed(self._client):
            said: Said = {}
            for record in page:
                origin = self._origin(record.id)
                for written in record.numbers:
                    try:
                        number = numbers.read(self._countries, written).number
                    except Refused:
                        found.unread += 1
                        found.partly.add(origin)
                    else:
                        said[number, origin] = Wanted(number, written, record.reason, None, origin)
            self._put(said)
            found.said |= said
        return found

    def _put(self, said: Said) -> None:
        """What is not there, and was not: what a person has taken off stays off."""
        for some in chunks(sorted(said.values(), key=lambda one: (one.number, one.origin)), AT_ONCE):
            with sharing.write(self._database) as session:
                among_them = among(session, Suppression.origin, {one.origin for one in some})
                rows = session.execute(
                    select(Suppression.number, Suppression.origin, Suppression.taken_off_by).where(
                        Suppression.source == CRM, among_them
                    )
                )
                # What the destination has taken off itself may be said anew.
                kept = {(row.number, row.origin) for row in rows if row.taken_off_by != self._by}
                new = [one for one in some if kept.isdisjoint(self._as_kept(one.number, one.origin))]
                suppressions.put(session, CRM, new, self._destination.name, self._now())

    def _take_off(self, refusals: Refusals, listed: Listed) -> None:
        """What is there and was not said: a record that is said with other numbers, all of which can be read, has lost this one;
        one of which some cannot be read may still have it; any other is asked about."""
        said = {place for number, origin in listed.said for place in self._as_kept(number, origin)}
        gone = [row for row in self._standing() if (row.number, row.origin) not in said]
        said_at_all = {origin for _, origin in listed.said} | listed.partly
        asked = [row for row in gone if row.origin not in said_at_all]
        off = [row.id for row in gone if row.origin in said_at_all - listed.partly]
        for some in chunks(asked, AT_ONCE):
            ids = sorted({self._record(row.origin) for row in some})
            still = refusals.still(self._client, ids)
            off += [row.id for row in some if not still.get(self._record(row.origin), True)]
        for part in chunks(off, AT_ONCE):
            with sharing.write(self._database) as session:
                which = [among(session, Suppression.id, part)]
                suppressions.take_off(session, which, self._by, self._now())

    def _as_kept(self, number: str, origin: str) -> list[tuple[str, str]]:
        """How the list may have it: of a person who was erased it has what stands for the number."""
        return [(number, origin), (self._database.stand_ins.number(number), origin)]

    def _standing(self) -> list[AnyRow]:
        mine = (Suppression.source == CRM, Suppression.added_by == self._destination.name)
        columns = select(Suppression.id, Suppression.number, Suppression.origin)
        with self._database.read() as session:
            return list(session.execute(columns.where(*mine, Suppression.taken_off_at.is_(None))))

    def _origin(self, record_id: str) -> str:
        return f"{self._destination.name}:{record_id}"[:200]

    def _record(self, origin: str) -> str:
        return origin.removeprefix(f"{self._destination.name}:")
