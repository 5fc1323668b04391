"""Delivering to one destination: is anything due, is it ours to send, and a shift of sending it."""

import threading
import time
from collections.abc import Callable, Collection
from datetime import datetime

import structlog
from sqlalchemy import select

from crm import budgets, desk, due, sharing, tokens
from crm.accounts import Account
from crm.base import AnyClient, Crm
from crm.desk import Held
from crm.destination import Destination
from crm.registry import CRMS
from crm.shifts import Shift
from lib import clock
from models import Delivery
from models.database import Database
from models.deliveries import IS_OPEN
from models.leases import LeaseLost

log = structlog.get_logger(__name__)

CLOCK_SECONDS = 60.0  # by which a clock is set back at the least where it is looked for what it has put off


class Deliverer:
    """Delivers to one destination, in one thread. Its client stays, with what it has learned of the CRM. ``beside``: all
    destinations of the settings."""

    def __init__(
        self,
        database: Database,
        destination: Destination,
        now: Callable[[], datetime] = clock.now,
        stop: threading.Event | None = None,
        beside: Collection[Destination] = (),
    ):
        self._database = database
        self._destination = destination
        self._crm: Crm = CRMS[destination.kind]
        self._now = now
        self._stop = stop or threading.Event()
        self._turns = budgets.turns_of(database, self._crm, destination, now, self._stop)
        self._account = Account(database, destination, self._crm, beside)
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
            with self._database.read() as session:
                deserted = due.deserted(session, name, self._now())
            desk.unpark(self._database, name, self._since, self._now())
            if deserted is not None:
                with sharing.write(self._database) as session:
                    due.begin_anew(session, name, deserted)
            self._looked = True
        ahead = self._now().timestamp() - time.monotonic()
        if ahead < self._ahead - CLOCK_SECONDS:  # also at the start: nobody knows what the clock was before
            due.bring_back(self._database, name, self._now())
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
            self._client = tokens.opened(self._database, self._crm, self._destination, self._turns)
        self._turns.before = held.check
        try:
            with desk.kept(self._database, held, self._now):
                return self._shift(held).run()
        except LeaseLost:
            log.warning("delivering_lease_lost", destination=name)
            return False

    def _shift(self, held: Held) -> "Shift":
        own = (self._database, self._destination, self._crm, self._client)
        return Shift(*own, held, self._now, self._stop, self._most, self._account)
