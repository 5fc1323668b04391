"""What it means that work on a destination failed as a whole: for each of its deliveries, and for the destination."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from crm import budgets, desk, due, sharing
from crm.base import Crm, NotSetUp, QuotaSpent, SwitchedOff
from crm.destination import Destination
from crm.settling import Settled
from crm.taken import Taken
from lib import masking
from lib import text as texts
from lib.http.errors import AskedWrongly, CredentialsRefused, Declined, ExchangeError, TooOften, Unavailable, Uncertain
from models import DestinationState
from models.database import Database
from models.deliveries import PARKED, PENDING, REFUSED, UNKNOWN

log = structlog.get_logger(__name__)

SET_UP_REST = timedelta(minutes=1)  # asking again harms nobody, and somebody may just be setting it up
ANSWERED = {"failures": 0, "error_id": None, "error": None}
NOT_KEPT = "What came of it cannot be kept. This is a fault of Wrapup, or an answer that no store can hold."


@dataclass(frozen=True)
class Failed:
    """``results``: what each delivery comes to; ``state``: what the destination's row says from now on. ``goes_on``: whether
    something else is worth trying; ``smaller``: what it fails at is to be looked for in smaller batches."""

    results: Sequence[Settled]
    state: Mapping[str, object]
    goes_on: bool = False
    smaller: bool = False


class Failures:
    """Of one destination."""

    def __init__(self, database: Database, destination: Destination, crm: Crm, now: Callable[[], datetime]):
        self._database = database
        self._destination = destination
        self._crm = crm
        self._now = now

    def understood(self, error: Exception) -> ExchangeError:
        """What it means that work was not done to its end. Whatever is no answer of the CRM's: the request may have left."""
        if isinstance(error, ExchangeError):
            return error
        if isinstance(error, SQLAlchemyError):
            log.error("delivering_without_database", destination=self._destination.name, error=type(error).__name__)
            return Uncertain("The database was away while it was being sent.")
        return Uncertain(f"Sending failed: {type(error).__name__}. This is a fault of Wrapup.")

    def of_all(self, error: ExchangeError, some: Sequence[Taken]) -> Failed:
        """What it means that all of these failed with this error. Notes in the budget that a quota is spent."""
        at = self._now()
        said = str(masking.masked(texts.clean(str(error)), self._crm.secrets(self._destination)))
        log.warning("delivering_failed", destination=self._destination.name, error_id=error.error_id, count=len(some))
        told = {"error_id": error.error_id, "error": said}
        if isinstance(error, Declined):
            return Failed([Settled(one, REFUSED, error.error_id, said) for one in some], ANSWERED, goes_on=True)
        if isinstance(error, CredentialsRefused | QuotaSpent):
            rests = SET_UP_REST if isinstance(error, NotSetUp) else desk.CREDENTIALS_REST
            until = error.until if isinstance(error, QuotaSpent) else at + rests
            parked = [self.put_off(one, PARKED, error.error_id, said, until) for one in some]
            if isinstance(error, QuotaSpent):
                self._spend(until, at)
            return Failed(parked, told | {"parked_until": until})
        if isinstance(error, SwitchedOff):
            waiting = [self.put_off(one, PENDING, error.error_id, said) for one in some]
            return Failed(waiting, told | {"paused_at": at, "paused_by": said})
        if isinstance(error, TooOften) and error.tried is None and error.retry_after is not None:
            # The account's limit, and no delivery's fault: it has room again when the answer says.
            again = at + timedelta(seconds=error.retry_after)
            waiting = [self.put_off(one, PENDING, error.error_id, said, again) for one in some]
            return Failed([replace(one, failed=True) for one in waiting], told | {"next_at": again})
        return self._of_some(error, some, said, at)

    def _of_some(self, error: ExchangeError, some: Sequence[Taken], said: str, at: datetime) -> Failed:
        """Which of them it fails at is seen in smaller batches, and not at all where it is the account."""
        failures = self._failures() + 1
        wait = desk.rest(failures, error.retry_after)
        sure = isinstance(error, AskedWrongly | Unavailable)  # the first is the settings' fault, or the account's
        seen = at + timedelta(seconds=self._crm.look_up_after)
        results = []
        for one in some:
            tried = len(some) == 1 if error.tried is None else one.id in error.tried
            last = due.behind(at, wait, one.attempts, failures) if tried else at + wait
            certain = sure or (error.tried is not None and not tried)  # and it was not taken
            if certain and one.was != UNKNOWN:
                sent = tried or error.tried is None
                result = self.put_off(one, PENDING, error.error_id, said, last, sent)
            else:
                again = max(last, seen) if tried else seen
                result = Settled(one, UNKNOWN, error.error_id, said, set=one.noted, due=again)
            results.append(replace(result, failed=tried))
        told = {"error_id": error.error_id, "error": said, "failures": failures, "next_at": at + wait}
        return Failed(results, told, smaller=True)

    def put_off(
        self,
        one: Taken,
        state: str,
        reason: str | None = None,
        said: str | None = None,
        until: datetime | None = None,
        tried: bool = True,
    ) -> Settled:
        """What was certainly not sent now. One of which it was not known whether it had been is to be looked up still."""
        if one.was == UNKNOWN:
            seen = self._now() + timedelta(seconds=self._crm.look_up_after)
            return Settled(one, UNKNOWN, reason, said, set=one.noted, due=seen)
        return Settled(one, state, reason, said, due=until, tried=tried)

    def not_kept(self, one: Taken) -> Settled:
        """What came of it cannot be written down: nobody knows it."""
        again = due.later(self._now(), one.attempts, self._crm.look_up_after)
        return Settled(one, UNKNOWN, "not_kept", NOT_KEPT, set=one.noted, due=again)

    def _spend(self, until: datetime, at: datetime) -> None:
        with sharing.write(self._database) as session:
            budgets.spend(session, self._crm.portal(self._destination), until, at)

    def _failures(self) -> int:
        with self._database.read() as session:
            found = select(DestinationState.failures).where(DestinationState.name == self._destination.name)
            return session.scalar(found) or 0
