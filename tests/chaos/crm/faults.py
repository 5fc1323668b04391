"""What strikes: the CRMs' answers, the workers, the database. And the person who mends what waits for a person."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.exc import DBAPIError

from crm import steering
from lib import clock
from models import Delivery, DestinationState, PortalBudget
from models.database import Database
from models.deliveries import PARKED, PENDING, UNKNOWN
from sandbox.webhook.receiver import Receiver
from tests.chaos.crm import scene
from tests.chaos.crm.workers import Workers
from tests.chaos.postgresql import PostgreSQL
from tests.chaos.sqlite import SQLite

HOOK: dict[str, tuple[Any, float]] = {
    **{name: (1, 1.0) for name in ("too_many", "unavailable")},
    **{name: (None, 1.0) for name in ("server_error", "error_after", "drop", "drop_after", "html_after", "cut_after")},
    **{name: (None, 0.5) for name in ("bad_gateway", "garbled_after", "gateway_timeout", "unauthorized", "not_found")},
    **{name: (scene.LONG, 0.3) for name in ("hang", "hang_after")},
}


@dataclass
class Site:
    """All that is struck, and the counts of it. ``mends``: seconds between two looks of the person."""

    side: Any  # of tests.chaos.crm.hubspot and its like
    receiver: Receiver
    workers: Workers
    database: Database
    server: PostgreSQL | SQLite
    seed: int
    mends: float = 2.0
    struck: Counter[str] = field(default_factory=Counter)
    mended: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    # Strikes ----------------------------------------------------------------------------------------------------------
    def spoil(self, pace: float, stop: threading.Event) -> None:
        """So many faults of the CRMs' answers a second."""
        source = random.Random(self.seed)
        while not stop.wait(source.expovariate(pace)):
            if source.random() < 0.25:
                _spoil(self.receiver.faults, HOOK, "", source)
            else:
                _spoil(self.side.account.faults, self.side.known, source.choice(self.side.paths), source)

    def strike(self, pause: float, stop: threading.Event) -> None:
        """What ends processes or keeps the database away, with pauses of so many seconds on average: who was killed holds a
        destination until the lease ends, and in between there must be work to strike."""
        strikes = self._strikes()
        while not stop.wait(self._random.uniform(0.2, 1.8) * pause):
            (one,) = self._random.choices(list(strikes), list(strikes.values()))
            one()

    def lift(self) -> None:
        """No fault is left."""
        self.side.account.faults.set({})
        self.receiver.faults.set({})

    def _strikes(self) -> dict[Callable[[], None], float]:
        of_database = (
            {self._sessions: 2.0, self._stopped: 1.0, self._frozen: 1.0, self._restarted: 0.5}
            if isinstance(self.server, PostgreSQL)
            else {self._locked: 4.0}
        )
        return {
            self._killed: 3.0,
            self._killed_amid_a_request: 4.0,
            self._all_killed: 1.0,
            **of_database,
        }

    def _killed(self) -> None:
        self.struck["kill -9 of a worker"] += self.workers.kill(self._random)

    def _all_killed(self) -> None:
        self.struck["kill -9 of all workers"] += self.workers.kill(self._random, everything=True)

    def _killed_amid_a_request(self) -> None:
        """The CRM does it, and whoever asked is dead before the answer comes."""
        account = self.side.account
        path, before = self._random.choice(self.side.amid), account.struck["hang_after"]
        account.faults.set({"hang_after": {"times": 1, "path": path, "value": 1.0}})
        until = time.monotonic() + 3.0
        while account.struck["hang_after"] == before and time.monotonic() < until:
            time.sleep(0.02)
        if account.struck["hang_after"] > before:
            self.struck["kill -9 amid a request"] += self.workers.kill(self._random, everything=True)

    def _locked(self) -> None:
        with self.server.locked(self._random.choice(("IMMEDIATE", "EXCLUSIVE"))):
            time.sleep(self._random.uniform(0.2, 2.0))
        self.struck["database locked"] += 1

    def _sessions(self) -> None:
        self.server.end_sessions()
        self.struck["sessions terminated"] += 1

    def _stopped(self) -> None:
        with self.server.stopped():
            time.sleep(self._random.uniform(0.2, 2.0))
        self.struck["PostgreSQL stopped immediate"] += 1

    def _frozen(self) -> None:
        with self.server.frozen():
            time.sleep(self._random.uniform(0.2, 2.0))
        self.struck["PostgreSQL frozen"] += 1

    def _restarted(self) -> None:
        self.server.restart()
        self.struck["PostgreSQL restarted"] += 1

    # The person -------------------------------------------------------------------------------------------------------
    def mend(self, stop: threading.Event) -> None:
        """Look again and again: credentials are put right, a day's quota is raised, what rests is tried again."""
        while not stop.wait(self.mends):
            try:
                self._mended()
            except DBAPIError:  # struck as well
                pass

    def _mended(self) -> None:
        now, found_after = clock.now(), timedelta(seconds=2 * self.side.look_up_after)
        state = DestinationState
        rests = or_(state.parked_until > now, state.next_at > now, state.paused_at.is_not(None))
        with self.database.write() as session:
            names = session.scalars(select(state.name).where(rests)).all()
            spent = session.scalar(select(PortalBudget.portal).where(PortalBudget.spent_until > now))
            waits = or_(
                Delivery.state.in_((PENDING, PARKED)),
                # It may be looked up as soon as what was written can be found, and no earlier.
                and_(Delivery.state == UNKNOWN, Delivery.sent_at < now - found_after),
            )
            session.execute(update(Delivery).where(waits, Delivery.due_at > now).values(due_at=now))
        for name in names:
            steering.resume(self.database, name, now, spent)
        self.mended += len(names)


def _spoil(faults: Any, known: Mapping[str, tuple[Any, float]], path: str, source: random.Random) -> None:
    """One more fault, beside those that are on."""
    (name,) = source.choices(list(known), [weight for _, weight in known.values()])
    kept = ("after", "times", "path", "value")
    on = {one["name"]: {key: one[key] for key in kept} for one in faults.on() if one["times"] > 0}
    faults.set(on | {name: {"times": source.randint(1, 2), "path": path, "value": known[name][0]}})
