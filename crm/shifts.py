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

from crm import claiming, desk, due, giving_up, operations, settling, sharing
from crm.accounts import Account
from crm.agreeing import agreed
from crm.base import AnyClient, Crm
from crm.claiming import Batch
from crm.desk import Held
from crm.destination import Destination
from crm.failing import ANSWERED, Failures
from crm.giving_up import Failing
from crm.settling import Settled
from crm.statuses import PUT_BACK
from crm.taken import Set, Taken
from crm.work import Work
from lib import masking, memory
from lib.http.errors import ExchangeError
from models import DestinationState
from models.database import Database
from models.deliveries import DONE, OPERATIONS, PENDING
from models.leases import LeaseLost

log = structlog.get_logger(__name__)

SHIFT_SECONDS = 30.0  # after which the destination is given back
SETTLE_AGAIN_SECONDS = 0.5


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
        self._failures = Failures(database, destination, crm, now)
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
            taken = self._take_next(session, Batch())
        with ThreadPoolExecutor(1, "look_ahead") as ahead:
            while taken:
                sent = True
                self._fault = False
                found = ahead.submit(self._look_ahead) if len(taken) >= self._most.now else None
                results, state = self._carry_out(taken)
                over = self._stop.is_set() or time.monotonic() > until
                taken = self._settle_and_take_next(results, state, over, self._looked_ahead(found))
                self._most.told(self._fault)
        if time.monotonic() > until:  # a backlog, after which there is no quiet for hours
            memory.give_back()
        return sent

    def _look_ahead(self) -> Batch:
        """What may be next, where that is much: nobody waits for its being read."""
        with self._database.snapshot() as session:
            return claiming.look(session, self._destination.name, self._most.now, self._now())

    def _looked_ahead(self, ahead: Future[Batch] | None) -> Batch:
        if ahead is None:
            return Batch()
        try:
            found = ahead.result()
        except SQLAlchemyError as error:
            log.error("looking_ahead_failed", destination=self._destination.name, error=type(error).__name__)
            return Batch()
        return Batch() if self._fault else found  # fewer are to be taken then

    def _take_next(self, session: Session, found: Batch) -> list[Taken]:
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

    def _settle_and_take_next(
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
                        return self._take_next(session, found)
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
                results = [self._failures.not_kept(one.taken) for one in results]

    def _carry_out(self, taken: Sequence[Taken]) -> tuple[list[Settled], Mapping[str, object]]:
        """(what each comes to, what the destination's row says from now on)."""
        at = self._now()
        known = (self._overtaken, self._uncertain, self._note, self._note_set, self._account.logged_by_others)
        work = Work(self._crm, self._destination, self._client, at, *known)
        results: list[Settled] = []
        state: Mapping[str, object] = ANSWERED
        for operation in OPERATIONS:
            some = [one for one in taken if one.operation == operation]
            if not some:
                continue
            if not self._goes_on:
                results += [self._failures.put_off(one, PENDING) for one in some]  # its request was not made
                continue
            try:
                self._account.check(self._client)
                results += operations.done(work, operation, some)
            except LeaseLost:
                raise
            except (ExchangeError, SQLAlchemyError) as error:
                state = self._after_failure(error, [work.placed(one) for one in some], results)
            except Exception as error:
                log.exception("delivering_failed", destination=self._destination.name, error=type(error).__name__)
                self._fault = True
                state = self._after_failure(error, [work.placed(one) for one in some], results)
        if any(one.state == DONE and one.reason in (None, PUT_BACK) for one in results):
            state = {**state, "sent_at": at}
        secrets = self._crm.secrets(self._destination)
        failing = self._looked_at([_without_secrets(one, secrets) for one in results], state)
        return list(failing.results), {**state, **failing.state}

    def _after_failure(self, error: Exception, some: Sequence[Taken], results: list[Settled]) -> Mapping[str, object]:
        """What the destination's row says from now on; ``results`` gain what each of them comes to."""
        failed = self._failures.of_all(self._failures.understood(error), some)
        results += failed.results
        self._goes_on = self._goes_on and failed.goes_on
        self._fault = self._fault or failed.smaller
        return failed.state

    def _looked_at(self, results: Sequence[Settled], state: Mapping[str, object]) -> Failing:
        """What has failed for long."""
        answered = "parked_until" in state or "paused_at" in state
        found = giving_up.looked_at(results, answered, self._failing_since, self._now())
        self._failing_since = found.since
        self._goes_on = self._goes_on and "paused_at" not in found.state
        return found

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
