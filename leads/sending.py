"""Sending: a lead is remembered as being sent before its request leaves, and settled when the answer has come.

So whatever dies in between, nothing is sent twice: what was on its way is sent again under the same key where the dialer
knows keys, and is ``unknown`` where it does not, until an operator decides.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from dialers import clients, masking
from dialers.base import Connection
from dialers.connection import AnyClient
from dialers.errors import AskedWrongly, CredentialsRefused, Declined, ReportError, Unavailable, Uncertain
from dialers.giving import Sent, Verdict
from leads import desks, orders
from leads.checking import taken_by
from leads.desks import Clock, Held
from leads.orders import Outgoing
from lib import clock
from lib import text as texts
from models import SendingDesk
from models.database import Database
from models.leases import LeaseLost
from models.loads import REJECTED, UNKNOWN

log = structlog.get_logger(__name__)

SHIFT_SECONDS = 30.0  # after which the desk is given back, so that another load gets its turn
SETTLE_AGAIN_SECONDS = 0.5
MOST_TRIES = 6  # of one order under one key
LONGEST_ID = 200  # characters, as its column


def send_due(
    database: Database,
    connection: Connection,
    callbacks: Mapping[str, str],
    now: Clock = clock.now,
    stop: threading.Event | None = None,
) -> bool:
    """Send what waits for the connection, order after order at the dialer's pace. False where nothing waits, somebody else
    sends, or the dialer is left in peace for a while. Raises SQLAlchemyError where the database is away."""
    known = clients.known(connection, now())
    with database.read() as session:
        if not orders.any_waiting(session, connection.name, known.since, now()):
            return False
    with database.write() as session:
        held = desks.claim(session, connection, now())
        if held is None:
            return False
        orders.unpark(session, connection.name, known.since, now())
        known.resumed(orders.last_parked(session, connection.name))
    sender = Sender(database, connection, known.client, held, callbacks, now, stop or threading.Event())
    try:
        with desks.kept(database, held, now):
            return sender.run()
    except LeaseLost:
        log.warning("sending_lease_lost", connection=connection.name)
        return False


def _check(sent: Sent, leads: int) -> None:
    """Raises Uncertain where the answer cannot be written down."""
    if len(sent.verdicts) != leads:
        raise Uncertain(f"{texts.many(leads, 'lead')} went out, and the answer tells of {len(sent.verdicts)}.")
    for named in (sent.campaign, *(verdict.dialer_id for verdict in sent.verdicts)):
        if named is not None and (len(named) > LONGEST_ID or not texts.storable(named)):
            raise Uncertain("The dialer took the leads, and answered with something that cannot be an id.")


@dataclass(frozen=True)
class Wait:
    """The next request may leave then."""

    until: datetime


class Sender:
    """Sends to one connection while it holds the desk, in one thread."""

    def __init__(
        self,
        database: Database,
        connection: Connection,
        client: AnyClient,
        held: Held,
        callbacks: Mapping[str, str],
        now: Clock,
        stop: threading.Event,
    ):
        self._database = database
        self._connection = connection
        self._client = client
        self._held = held
        self._callbacks = callbacks
        self._now = now
        self._stop = stop
        self._leads = taken_by(connection)
        self._pace = self._leads.pace(connection)
        self._turn: UUID | None = None  # the load that this shift is for

    def run(self) -> bool:
        """Whether anything was sent."""
        until, sent = time.monotonic() + SHIFT_SECONDS, False
        with self._database.read() as session:
            self._turn = orders.turn(session, self._connection.name)
        with self._database.write() as session:
            orders.recover(session, self._connection.name, self._leads.knows_keys, self._now())
            step = self._next(session)
        while step is not None:
            if isinstance(step, Wait):
                self._stop.wait(max(0.0, (step.until - self._now()).total_seconds()))
                with self._database.write() as session:
                    step = self._left(session) if self._stop.is_set() else self._taken(session)
                continue
            settle, sent = self._sent(step), True
            over = self._stop.is_set() or time.monotonic() > until
            in_peace, step = self._written(settle, over)
            if in_peace:
                return sent
        return sent

    def _written(self, settle: Callable[[Session], bool], over: bool) -> "tuple[bool, Outgoing | Wait | None]":
        """Write down what came of an order, and what is next. What the dialer said is known only here: a database that is
        away is waited for as long as the desk is ours. A transaction that was committed without our hearing of it may be
        made again: its order is settled then, and the next one is taken again without having been sent."""
        end = time.monotonic() + self._held.span.total_seconds()
        while True:
            try:
                with self._database.write() as session:
                    if settle(session):  # the dialer is left in peace
                        return True, None
                    return False, self._left(session) if over else self._next(session)
            except OperationalError as error:
                if time.monotonic() > end:
                    raise
                log.error("settling_waits_for_database", connection=self._connection.name, error=type(error).__name__)
                time.sleep(SETTLE_AGAIN_SECONDS)

    def _next(self, session: Session) -> "Outgoing | Wait | None":
        """The next order, written down as being sent; or how long the dialer's pace has us wait for it, with nothing written
        down as yet; None, and the desk left, where there is nothing to send."""
        at = self._now()
        if not orders.any_pending(session, self._connection.name):
            self._taken(session)  # loads that are through are done now
            return None
        free = desks.slot(session, self._connection.name, self._pace, at)
        if free > at:
            desks.renew(session, self._held, free)
            return Wait(free)
        return self._taken(session)

    def _taken(self, session: Session) -> Outgoing | None:
        taken = orders.take(session, self._connection.name, self._leads, self._now(), self._turn)
        if taken is None:
            return self._left(session)
        desks.renew(session, self._held, self._now())
        return taken

    def _left(self, session: Session) -> Outgoing | None:
        """Leave the desk to others: nothing is next."""
        desks.release(session, self._held)
        return None

    def _sent(self, taken: Outgoing) -> Callable[[Session], bool]:
        """Send the order. What is returned settles it in a transaction, and says whether the dialer is to be left in peace."""
        order = taken.order(self._callbacks)
        try:
            with masking.discreet(self._connection, self._client):
                sent = self._leads.send(self._client, self._connection, order)
            _check(sent, len(order.leads))
            sent = replace(sent, verdicts=[self._discreet(verdict) for verdict in sent.verdicts])
            return lambda session: self._settled(session, taken, sent)
        except ReportError as error:
            said = error
        except Exception as error:  # whatever it is, the request may have left
            log.exception("sending_failed", connection=self._connection.name, error=type(error).__name__)
            said = Uncertain(f"Sending failed: {type(error).__name__}. This is a fault of Wrapup.")
        log.warning(
            "lead_order_failed",
            connection=self._connection.name,
            load=str(taken.load.id),
            leads=len(order.leads),
            error_id=said.error_id,  # not the sentence: a dialer's refusal may repeat a customer's number
        )
        return lambda session: self._failed(session, taken, said)

    def _discreet(self, verdict: Verdict) -> Verdict:
        if verdict.reason is None:
            return verdict
        return replace(verdict, reason=masking.masked(verdict.reason, self._connection, self._client))

    def _settled(self, session: Session, taken: Outgoing, sent: Sent) -> bool:
        at = self._now()
        orders.settle(session, taken, sent.verdicts, at, sent.campaign)
        desks.renew(session, self._held, at, failures=0, error_id=None, error=None)
        return False

    def _failed(self, session: Session, taken: Outgoing, said: ReportError) -> bool:
        at, told = self._now(), str(texts.clean(str(said)))
        failed = {"failures": SendingDesk.failures + 1, "error_id": said.error_id, "error": told}
        every = len(taken.leads)
        # An earlier request may have been taken: only its key keeps it from being taken twice.
        again = self._leads.knows_keys and taken.tries > 1
        if isinstance(said, CredentialsRefused):
            if not again:
                orders.put_back(session, taken)
            orders.park(session, self._connection.name, told, at)
            desks.release(session, self._held, error_id=said.error_id, error=told)
            return True
        if isinstance(said, Declined | AskedWrongly):
            fate = UNKNOWN if again else REJECTED
            orders.settle(session, taken, [Verdict(fate, told)] * every, at)
            desks.renew(session, self._held, at, failures=0, error_id=None, error=None)
            return False
        if isinstance(said, Unavailable):
            if again:
                orders.wait(session, taken, told)
            else:
                orders.put_back(session, taken, told)
        elif not self._leads.knows_keys or taken.tries >= MOST_TRIES:
            orders.settle(session, taken, [Verdict(UNKNOWN, told)] * every, at)
            first = desks.failures(session, self._held.connection) == 0
            if first or not orders.any_pending(session, self._held.connection):
                desks.renew(session, self._held, at, **failed)
                return False
            # Two in a row are no accident: without a rest a dialer that hangs would make the whole load unknown.
            orders.wait(session, taken, told)
        # Else it stays written down as being sent, and is sent again under the same key.
        wait = desks.rest(session, self._held.connection, said.retry_after)
        desks.release(session, self._held, next_at=at + wait, **failed)
        return True
