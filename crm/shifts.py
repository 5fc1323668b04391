"""A shift: what is due is written down as being sent before its request leaves, and settled when the answer has come.

So whatever dies in between, nothing is sent twice without being looked up: what was on its way is ``unknown``, and asked for.
What is next is read while the requests of what goes before are away.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError, TimeoutError
from sqlalchemy.orm import Session

from crm import budgets, claiming, desk, due, giving_up, operations, settling, sharing
from crm.accounts import Account
from crm.agreeing import agreed
from crm.base import AnyClient, Crm, NotSetUp, QuotaSpent, SwitchedOff
from crm.claiming import Batch
from crm.desk import Held
from crm.destination import Destination
from crm.giving_up import Failing
from crm.settling import Settled
from crm.statuses import PUT_BACK
from crm.taken import Set, Taken
from crm.work import Work
from lib import masking, memory
from lib import text as texts
from lib.http.errors import AskedWrongly, CredentialsRefused, Declined, ExchangeError, TooOften, Unavailable, Uncertain
from models import DestinationState
from models.database import Database
from models.deliveries import DONE, OPERATIONS, PARKED, PENDING, REFUSED, UNKNOWN
from models.leases import LeaseLost

log = structlog.get_logger(__name__)

SHIFT_SECONDS = 30.0  # after which the destination is given back
SETTLE_AGAIN_SECONDS = 0.5
SET_UP_REST = timedelta(minutes=1)  # asking again harms nobody, and somebody may just be setting it up
_ANSWERED = {"failures": 0, "error_id": None, "error": None}
NOT_KEPT = "What came of it cannot be kept. This is a fault of Wrapup, or an answer that no store can hold."


class Shift:
    """Sends while the destination is ours."""

    def __init__(
        self,
        database: Database,
        destination: Destination,
        crm: Crm,
        client: AnyClient,
        held: Held,
        now: Callable[[], datetime],
        stop: threading.Event,
        most: due.Most,
        account: Account,
    ):
        self._database = database
        self._destination = destination
        self._crm = crm
        self._client = client
        self._held = held
        self._now = now
        self._stop = stop
        self._most = most
        self._account = account
        self._goes_on = True
        self._failing_since: datetime | None = None  # as the destination's row says
        self._fault = False  # something failed at the batch at hand as a whole

    def run(self) -> bool:
        """Whether anything was sent."""
        until, sent = time.monotonic() + SHIFT_SECONDS, False
        with sharing.write(self._database) as session:
            seen = self._now() + timedelta(seconds=self._crm.look_up_after)
            desk.renew(session, self._held, self._now())
            claiming.recover(session, self._destination.name, seen)
            taken = self._taken(session, Batch())
        with ThreadPoolExecutor(1, "look_ahead") as ahead:
            while taken:
                sent = True
                self._fault = False
                found = ahead.submit(self._next) if len(taken) >= self._most.now else None
                results, state = self._done(taken)
                over = self._stop.is_set() or time.monotonic() > until
                taken = self._written(results, state, over, self._found(found))
                self._most.told(self._fault)
        if time.monotonic() > until:  # a backlog, after which there is no quiet for hours
            memory.give_back()
        return sent

    def _next(self) -> Batch:
        """What may be next, where that is much: nobody waits for its being read."""
        with self._database.snapshot() as session:
            return claiming.look(session, self._destination.name, self._most.now, self._now())

    def _found(self, ahead: Future[Batch] | None) -> Batch:
        if ahead is None:
            return Batch()
        try:
            found = ahead.result()
        except SQLAlchemyError as error:
            log.error("looking_ahead_failed", destination=self._destination.name, error=type(error).__name__)
            return Batch()
        return Batch() if self._fault else found  # fewer are to be taken then

    def _taken(self, session: Session, found: Batch) -> list[Taken]:
        """What is next, noted as being sent; nothing, and the destination left to others, also where somebody has paused it."""
        name = self._destination.name
        asked = select(DestinationState.paused_at, DestinationState.failing_since).where(DestinationState.name == name)
        paused_at, self._failing_since = session.execute(asked).one()
        if paused_at is not None:
            taken = []
        else:
            taken = claiming.note(session, name, found, self._now())
            taken = taken or claiming.take(session, name, self._most.now, self._now())
            if self._failing_since is not None and not giving_up.still_fails(session, name, taken):
                self._failing_since = None
        if not taken:
            desk.release(session, self._held)
        return taken

    def _written(
        self, results: Sequence[Settled], state: Mapping[str, object], over: bool, found: Batch
    ) -> list[Taken]:
        """Write down what came of it, and what is next. What the CRM said is known only here: a database that is away is
        waited for as long as the destination is ours."""
        kept = True
        while True:
            try:
                with sharing.write(self._database) as session:
                    # First: whoever else is at the account locks in the same order.
                    kept_ones = agreed(session, self._account, results)
                    desk.renew(session, self._held, self._now(), **state)
                    settling.settle(session, self._destination.name, kept_ones, self._now())
                    if self._goes_on and not over:
                        return self._taken(session, found)
                    desk.release(session, self._held)
                    return []
            except (OperationalError, InterfaceError, TimeoutError) as error:
                self._held.check()
                log.error("settling_waits_for_database", destination=self._held.name, error=type(error).__name__)
                time.sleep(SETTLE_AGAIN_SECONDS)
            except (SQLAlchemyError, ValueError) as error:  # and so again, however long is waited
                if not kept:
                    raise
                log.error("settling_failed", destination=self._held.name, error=type(error).__name__)
                self._fault, kept, over = True, False, True
                results = [self._not_kept(one.taken) for one in results]

    def _not_kept(self, one: Taken) -> Settled:
        """What came of it cannot be written down: nobody knows it."""
        again = due.later(self._now(), one.attempts, self._crm.look_up_after)
        return Settled(one, UNKNOWN, "not_kept", NOT_KEPT, set=one.noted, due=again)

    def _done(self, taken: Sequence[Taken]) -> tuple[list[Settled], Mapping[str, object]]:
        """(what each comes to, what the destination's row says from now on)."""
        at = self._now()
        known = (self._overtaken, self._uncertain, self._note, self._note_set, self._account.logged_by_others)
        work = Work(self._crm, self._destination, self._client, at, *known)
        results: list[Settled] = []
        state: Mapping[str, object] = _ANSWERED
        for operation in OPERATIONS:
            some = [one for one in taken if one.operation == operation]
            if not some:
                continue
            if not self._goes_on:
                results += [self._put_off(one, PENDING) for one in some]  # its request was not made
                continue
            try:
                self._account.check(self._client)
                results += operations.done(work, operation, some)
            except LeaseLost:
                raise
            except (ExchangeError, SQLAlchemyError) as error:
                state = self._failed(self._meant(error), [work.placed(one) for one in some], results)
            except Exception as error:
                log.exception("delivering_failed", destination=self._destination.name, error=type(error).__name__)
                self._fault = True
                state = self._failed(self._meant(error), [work.placed(one) for one in some], results)
        if any(one.state == DONE and one.reason in (None, PUT_BACK) for one in results):
            state = {**state, "sent_at": at}
        secrets = self._crm.secrets(self._destination)
        failing = self._looked_at([_without_secrets(one, secrets) for one in results], state)
        return list(failing.results), {**state, **failing.state}

    def _looked_at(self, results: Sequence[Settled], state: Mapping[str, object]) -> Failing:
        """What has failed for long."""
        answered = "parked_until" in state or "paused_at" in state
        found = giving_up.looked_at(results, answered, self._failing_since, self._now())
        self._failing_since = found.since
        self._goes_on = self._goes_on and "paused_at" not in found.state
        return found

    def _meant(self, error: Exception) -> ExchangeError:
        """What it means that work was not done to its end. Whatever is no answer of the CRM's: the request may have left."""
        if isinstance(error, ExchangeError):
            return error
        if isinstance(error, SQLAlchemyError):
            log.error("delivering_without_database", destination=self._destination.name, error=type(error).__name__)
            return Uncertain("The database was away while it was being sent.")
        return Uncertain(f"Sending failed: {type(error).__name__}. This is a fault of Wrapup.")

    def _failed(self, error: ExchangeError, some: Sequence[Taken], results: list[Settled]) -> Mapping[str, object]:
        """What a failure of the whole means for the deliveries, and for the destination."""
        at = self._now()
        said = str(masking.masked(texts.clean(str(error)), self._crm.secrets(self._destination)))
        log.warning("delivering_failed", destination=self._destination.name, error_id=error.error_id, count=len(some))
        told = {"error_id": error.error_id, "error": said}
        if isinstance(error, Declined):
            results += [Settled(one, REFUSED, error.error_id, said) for one in some]
            return _ANSWERED
        self._goes_on = False
        if isinstance(error, CredentialsRefused | QuotaSpent):
            rests = SET_UP_REST if isinstance(error, NotSetUp) else desk.CREDENTIALS_REST
            until = error.until if isinstance(error, QuotaSpent) else at + rests
            results += [self._put_off(one, PARKED, error.error_id, said, until) for one in some]
            if isinstance(error, QuotaSpent):
                self._spend(until, at)
            return told | {"parked_until": until}
        if isinstance(error, SwitchedOff):
            results += [self._put_off(one, PENDING, error.error_id, said) for one in some]
            return told | {"paused_at": at, "paused_by": said}
        if isinstance(error, TooOften) and error.tried is None and error.retry_after is not None:
            # The account's limit, and no delivery's fault: it has room again when the answer says.
            again = at + timedelta(seconds=error.retry_after)
            put_off = [self._put_off(one, PENDING, error.error_id, said, again) for one in some]
            results += [replace(one, failed=True) for one in put_off]
            return told | {"next_at": again}
        # Which of them it fails at is seen in smaller batches, and not at all where it is the account.
        self._fault = True
        failures = self._failures() + 1
        wait = desk.rest(failures, error.retry_after)
        sure = isinstance(error, AskedWrongly | Unavailable)  # the first is the settings' fault, or the account's
        seen = at + timedelta(seconds=self._crm.look_up_after)
        for one in some:
            tried = len(some) == 1 if error.tried is None else one.id in error.tried
            last = due.behind(at, wait, one.attempts, failures) if tried else at + wait
            certain = sure or (error.tried is not None and not tried)  # and it was not taken
            if certain and one.was != UNKNOWN:
                sent = tried or error.tried is None
                results.append(self._put_off(one, PENDING, error.error_id, said, last, sent))
            else:
                results.append(
                    Settled(one, UNKNOWN, error.error_id, said, set=one.noted, due=max(last, seen) if tried else seen)
                )
            results[-1] = replace(results[-1], failed=tried)
        return told | {"failures": failures, "next_at": at + wait}

    def _put_off(
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

    def _spend(self, until: datetime, at: datetime) -> None:
        with sharing.write(self._database) as session:
            budgets.spend(session, self._crm.portal(self._destination), until, at)

    def _failures(self) -> int:
        with self._database.read() as session:
            found = select(DestinationState.failures).where(DestinationState.name == self._destination.name)
            return session.scalar(found) or 0

    def _overtaken(self, records: Sequence[str]) -> Mapping[str, datetime]:
        with self._database.read() as session:
            return settling.overtaken(session, self._destination.name, records)

    def _uncertain(self, records: Sequence[str]) -> Mapping[str, datetime]:
        with self._database.read() as session:
            return settling.uncertain(session, self._destination.name, records)

    def _note(self, records: Mapping[UUID, str]) -> None:
        with sharing.write(self._database) as session:
            settling.note(session, records)

    def _note_set(self, changes: Mapping[UUID, Set]) -> None:
        with sharing.write(self._database) as session:
            settling.note_set(session, changes)


def _without_secrets(one: Settled, secrets: Sequence[str]) -> Settled:
    """Kinds see to it that no word of theirs holds one. This is for the word that was forgotten."""
    told = {"answer": one.answer, "remote_url": one.remote_url, "candidates": one.candidates}
    said = {name: value for name, value in told.items() if value}
    return replace(one, **masking.masked(said, secrets)) if said else one
