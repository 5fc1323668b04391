"""Delivering: what is due is written down as being sent before its request leaves, and settled when the answer has come.

So whatever dies in between, nothing is sent twice without being looked up: what was on its way is ``unknown``, and asked for.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError, TimeoutError
from sqlalchemy.orm import Session

from crm import budgets, claiming, desk, due, operations, settling, sharing
from crm.base import AnyClient, Crm, NotSetUp, QuotaSpent, SwitchedOff
from crm.claiming import Taken
from crm.desk import Held
from crm.destination import Destination
from crm.registry import CRMS
from crm.settling import Settled
from crm.work import Work
from lib import clock, masking
from lib import text as texts
from lib.http.errors import AskedWrongly, CredentialsRefused, Declined, ExchangeError, Unavailable, Uncertain
from models import Delivery, DestinationState
from models.database import Database
from models.deliveries import DONE, IS_OPEN, OPERATIONS, PARKED, PENDING, REFUSED, UNKNOWN
from models.leases import LeaseLost

log = structlog.get_logger(__name__)

SHIFT_SECONDS = 30.0  # after which the destination is given back
SETTLE_AGAIN_SECONDS = 0.5
SET_UP_REST = timedelta(minutes=1)  # asking again harms nobody, and somebody may just be setting it up
CLOCK_SECONDS = 60.0  # by which a clock is set back at the least where it is looked for what it has put off
_ANSWERED = {"failures": 0, "error_id": None, "error": None}
NOT_KEPT = "What came of it cannot be kept. This is a fault of Wrapup, or an answer that no store can hold."


class Deliverer:
    """Delivers to one destination, in one thread. Its client stays, with what it has learned of the CRM."""

    def __init__(
        self,
        database: Database,
        destination: Destination,
        now: Callable[[], datetime] = clock.now,
        stop: threading.Event | None = None,
    ):
        self._database = database
        self._destination = destination
        self._crm: Crm = CRMS[destination.kind]
        self._now = now
        self._stop = stop or threading.Event()
        self._turns = budgets.turns_of(database, self._crm, destination, now, self._stop)
        self._client: AnyClient = None
        self._since = now()
        self._looked = False  # whether what was parked before us was let go on
        self._most = due.Most(sharing.most(database, self._crm.batch))
        self._ahead = float("inf")  # of the steady clock

    def step(self) -> bool:
        """Send what is due. False where nothing is, somebody else sends, or the destination is left in peace. Raises
        SQLAlchemyError where the database is away."""
        name = self._destination.name
        if not self._looked:
            with sharing.write(self._database) as session:
                desk.unpark(session, name, self._since, self._now())
            self._looked = True
        ahead = self._now().timestamp() - time.monotonic()
        if ahead < self._ahead - CLOCK_SECONDS:  # also at the start: nobody knows what the clock was before
            with sharing.write(self._database) as session:
                due.bring_back(session, name, self._now())
        self._ahead = ahead
        with self._database.read() as session:
            waiting = (Delivery.destination == name, IS_OPEN, Delivery.due_at <= self._now())
            if session.scalar(select(Delivery.id).where(*waiting).limit(1)) is None:
                return False
        with sharing.write(self._database) as session:
            held = desk.claim(session, self._destination, self._now())
        if held is None:
            return False
        if self._client is None:  # not before: what fails here stops this destination alone
            self._client = self._crm.client(self._destination, self._turns)
        self._turns.before = held.check
        try:
            with desk.kept(self._database, held, self._now):
                return self._shift(held).run()
        except LeaseLost:
            log.warning("delivering_lease_lost", destination=name)
            return False

    def _shift(self, held: Held) -> "Shift":
        return Shift(
            self._database, self._destination, self._crm, self._client, held, self._now, self._stop, self._most
        )


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
    ):
        self._database = database
        self._destination = destination
        self._crm = crm
        self._client = client
        self._held = held
        self._now = now
        self._stop = stop
        self._most = most
        self._goes_on = True
        self._fault = False  # something failed at the batch at hand as a whole

    def run(self) -> bool:
        """Whether anything was sent."""
        until, sent = time.monotonic() + SHIFT_SECONDS, False
        with sharing.write(self._database) as session:
            seen = self._now() + timedelta(seconds=self._crm.look_up_after)
            desk.renew(session, self._held, self._now())
            claiming.recover(session, self._destination.name, seen)
            taken = self._taken(session)
        while taken:
            sent = True
            self._fault = False
            results, state = self._done(taken)
            over = self._stop.is_set() or time.monotonic() > until
            taken = self._written(results, state, over)
            self._most.told(self._fault)
        return sent

    def _taken(self, session: Session) -> list[Taken]:
        """What is next, noted as being sent; nothing, and the destination left to others, also where somebody has paused it."""
        name = self._destination.name
        paused = session.scalar(select(DestinationState.paused_at).where(DestinationState.name == name))
        found = [] if paused else claiming.take(session, name, self._most.now, self._now())
        if not found:
            desk.release(session, self._held)
        return found

    def _written(self, results: Sequence[Settled], state: Mapping[str, object], over: bool) -> list[Taken]:
        """Write down what came of it, and what is next. What the CRM said is known only here: a database that is away is
        waited for as long as the destination is ours."""
        kept = True
        while True:
            try:
                with sharing.write(self._database) as session:
                    desk.renew(session, self._held, self._now(), **state)
                    settling.settle(session, results, self._now())
                    if self._goes_on and not over:
                        return self._taken(session)
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
        work = Work(
            self._crm, self._destination, self._client, at, self._overtaken, self._uncertain, self._note, self._note_set
        )
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
                results += operations.done(work, operation, some)
            except LeaseLost:
                raise
            except (ExchangeError, SQLAlchemyError) as error:
                state = self._failed(self._meant(error), [work.placed(one) for one in some], results)
            except Exception as error:
                log.exception("delivering_failed", destination=self._destination.name, error=type(error).__name__)
                self._fault = True
                state = self._failed(self._meant(error), [work.placed(one) for one in some], results)
        if any(one.state == DONE and one.reason is None for one in results):
            state = {**state, "sent_at": at}
        secrets = self._crm.secrets(self._destination)
        return [_without_secrets(one, secrets) for one in results], state

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
        self._fault = (
            True  # which of them it fails at is seen in smaller batches, and not at all where it is the account
        )
        failures = self._failures() + 1
        wait = desk.rest(failures, error.retry_after)
        sure = isinstance(error, AskedWrongly | Unavailable)  # the first is the settings' fault, or the account's
        seen = at + timedelta(seconds=self._crm.look_up_after)
        for one in some:
            tried = len(some) == 1 if error.tried is None else one.id in error.tried
            last = due.behind(at, wait, one.attempts, failures) if tried else at + wait
            if sure and one.was != UNKNOWN:
                sent = tried or error.tried is None
                results.append(self._put_off(one, PENDING, error.error_id, said, last, sent))
            else:
                results.append(
                    Settled(one, UNKNOWN, error.error_id, said, set=one.noted, due=max(last, seen) if tried else seen)
                )
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

    def _note_set(self, changes: Mapping[UUID, claiming.Set]) -> None:
        with sharing.write(self._database) as session:
            settling.note_set(session, changes)


def _without_secrets(one: Settled, secrets: Sequence[str]) -> Settled:
    """Kinds see to it that no word of theirs holds one. This is for the word that was forgotten."""
    told = {"answer": one.answer, "remote_url": one.remote_url, "candidates": one.candidates}
    said = {name: value for name, value in told.items() if value}
    return replace(one, **masking.masked(said, secrets)) if said else one
