"""Sending: a lead is remembered as being sent before its request leaves, and settled when the answer has come.

So whatever dies in between, nothing is sent twice: what was on its way is sent again under the same key where the dialer
knows keys, and is ``unknown`` where it does not, until an operator decides.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from dialers import clients, masking
from dialers.base import Connection
from dialers.connection import AnyClient
from dialers.giving import Sent, Verdict
from leads import desks, orders
from leads.checking import taken_by
from leads.desks import Clock, HeldDesk
from leads.failures import GIVEN_UP, GIVEN_UP_IN_A_ROW, Desk, Load, follows
from leads.orders import Outgoing
from lib import clock
from lib import text as texts
from lib.http.errors import ExchangeError, Uncertain
from models import SendingDesk
from models.database import Database
from models.leases import LeaseLost
from models.loads import PENDING, SENDING

log = structlog.get_logger(__name__)

SHIFT_SECONDS = 30.0  # after which the desk is given back, so that another load is next
SETTLE_AGAIN_SECONDS = 0.5
LONGEST_ID = 200  # characters, as its column
ANSWERED = {"failures": 0, "error_id": None, "error": None}  # of a desk whose dialer has answered


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
        held: HeldDesk,
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
        self._first: UUID | None = None  # the load that this shift is for

    def run(self) -> bool:
        """Whether anything was sent."""
        until, sent = time.monotonic() + SHIFT_SECONDS, False
        with self._database.read() as session:
            self._first = orders.next_load(session, self._connection.name)
        with self._database.write() as session:
            orders.recover(session, self._connection.name, self._leads.knows_keys, self._now())
            step = self._next(session)
        while step is not None:
            if isinstance(step, Wait):
                step = self._waited(step)
            else:
                answer, sent = self._answer(step), True
                step = self._written(step, answer, over=self._stop.is_set() or time.monotonic() > until)
        return sent

    def _waited(self, wait: Wait) -> Outgoing | None:
        self._stop.wait(max(0.0, (wait.until - self._now()).total_seconds()))
        with self._database.write() as session:
            return self._left(session) if self._stop.is_set() else self._taken(session)

    def _written(self, taken: Outgoing, answer: Sent | ExchangeError, over: bool) -> "Outgoing | Wait | None":
        """Write down what came of an order, and what is next. What the dialer said is known only here: a database that is
        away is waited for as long as the desk is ours. A transaction that was committed without our hearing of it may be
        made again: its order is settled then, and the next one is taken again without having been sent."""
        end = time.monotonic() + self._held.span.total_seconds()
        while True:
            try:
                with self._database.write() as session:
                    if not self._settled(session, taken, answer):
                        return None
                    return self._left(session) if over else self._next(session)
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
            orders.finish_through(session, self._connection.name, at)
            return self._left(session)
        free = desks.slot(session, self._connection.name, self._pace, at)
        if free > at:
            desks.renew(session, self._held, free)
            return Wait(free)
        return self._taken(session)

    def _taken(self, session: Session) -> Outgoing | None:
        taken = orders.take(session, self._connection.name, self._leads, self._now(), self._first)
        if taken is None:
            return self._left(session)
        desks.renew(session, self._held, self._now())
        return taken

    def _left(self, session: Session) -> Outgoing | None:
        """Leave the desk to others: nothing is next."""
        desks.release(session, self._held)
        return None

    def _answer(self, taken: Outgoing) -> Sent | ExchangeError:
        """Send the order; what the dialer said."""
        order = taken.order(self._callbacks)
        try:
            with masking.discreet(self._connection, self._client):
                sent = self._leads.send(self._client, self._connection, order)
            _check(sent, len(order.leads))
            return replace(sent, verdicts=[self._discreet(verdict) for verdict in sent.verdicts])
        except ExchangeError as error:
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
        return said

    def _discreet(self, verdict: Verdict) -> Verdict:
        if verdict.reason is None:
            return verdict
        return replace(verdict, reason=masking.masked(verdict.reason, self._connection, self._client))

    def _settled(self, session: Session, taken: Outgoing, answer: Sent | ExchangeError) -> bool:
        """Write down what came of the order. False where the dialer is to be left in peace: the desk is left then."""
        if isinstance(answer, ExchangeError):
            return self._failed(session, taken, answer)
        at = self._now()
        orders.settle(session, taken, answer.verdicts, at, answer.campaign)
        desks.renew(session, self._held, at, **ANSWERED)
        return True

    def _failed(self, session: Session, taken: Outgoing, said: ExchangeError) -> bool:
        at, told = self._now(), str(texts.clean(str(said)))
        after = follows(said, self._leads.knows_keys, taken.tries)
        if after.lead == PENDING:
            orders.put_back(session, taken)
        elif after.lead != SENDING:
            orders.settle(session, taken, [Verdict(after.lead, told)] * len(taken.leads), at)
        if after is GIVEN_UP and self._in_a_row(session):
            after = GIVEN_UP_IN_A_ROW
        if after.load is Load.WAITS:
            orders.wait(session, taken, told)
        elif after.load is Load.PARKED:
            orders.park(session, self._connection.name, told, at)
        return self._goes_on(session, after.desk, said, told, at)

    def _in_a_row(self, session: Session) -> bool:
        """Whether the order before failed as well, and another one waits."""
        name = self._connection.name
        return desks.failures(session, name) > 0 and orders.any_pending(session, name)

    def _goes_on(self, session: Session, desk: Desk, said: ExchangeError, told: str, at: datetime) -> bool:
        """Keep the desk, or leave it; which of them."""
        failed: dict[str, Any] = {"error_id": said.error_id, "error": told}
        counted = {"failures": SendingDesk.failures + 1} | failed
        if desk is Desk.LEFT:
            desks.release(session, self._held, **failed)
        elif desk is Desk.RESTS:
            wait = desks.rest(session, self._connection.name, said.retry_after)
            desks.release(session, self._held, until=at + wait, **counted)
        else:
            desks.renew(session, self._held, at, **(counted if desk is Desk.COUNTS else ANSWERED))
        return desk in (Desk.GOES_ON, Desk.COUNTS)
