"""The watch: the conditions are judged again and again, and whoever is to be told is told. Each of its lanes is a loop of its own
in the worker: a mail server that hangs holds up neither judging nor the other channels, and a database that hangs not what is
said about it."""

import socket
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial

import structlog
from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy.exc import SQLAlchemyError

from lib import clock
from lib.http.errors import ExchangeError
from models.database import Database
from upkeep.alerts.condition import Condition
from upkeep.alerts.digest import Digests
from upkeep.alerts.judging import Figures, judged
from upkeep.alerts.keepers import InFile, InTable, Keeper, kept
from upkeep.alerts.messages import MOST
from upkeep.alerts.settings import Alerts
from upkeep.alerts.state import Note
from upkeep.alerts.telling import Heartbeat, Teller
from upkeep.metrics.collecting import Collector
from upkeep.metrics.names import READ_ONLY, UP

# After a look at the database that has not come to its end nobody knows whether it can be read.
LATE = timedelta(seconds=45)
TELL_SECONDS = 1.0
BEAT = timedelta(minutes=1)
A_DAY = timedelta(hours=26)  # of clocks that are set back, and some minutes
ANOTHERS = "What was wrong with this machine itself is not known here: another worker watches it."

Lane = tuple[Callable[[], object], float]
log = structlog.get_logger(__name__)


class Watch:
    """Of one worker. ``machine``: the figures that need no database; ``digests``: who makes the digest."""

    def __init__(
        self,
        settings: Alerts,
        collector: Collector,
        machine: Callable[[], Iterable[Metric]],
        database: Database,
        file: InFile,
        digests: Digests,
        now: Callable[[], datetime] = clock.now,
    ):
        self._settings = settings
        self._collector = collector
        self._machine = machine
        self._now = now
        self._file = file
        self._table = InTable(database, now)
        self._digests = digests
        self._began = now()
        self._read_at: datetime | None = None  # when the database was read last; None: never, or it cannot be
        self._writes = True  # whether the database that was read then takes writes
        self._tried = False  # whether a look at the database has come to its end
        self._judged_at: dict[Keeper, datetime] = {}  # by whom it is kept: when it was judged last, and all of it
        self._called_at = clock.EARLIEST
        own = [one for one in settings.conditions if one.own]
        self._of_machine = [one for one in own if one.of_machine]
        self._of_all = [one for one in own if not one.of_machine]

    def lanes(self) -> dict[str, Lane]:
        """Name -> (a step, which says whether there was something to do; how many seconds lie between two)."""
        every = self._settings.every_seconds
        found: dict[str, Lane] = {"alerts": (self.look, every), "alerts: machine": (self.look_at_machine, every)}
        for channel in self._settings.channels:
            found[f"alerts: {channel}"] = (partial(self.tell, Teller(channel, self._settings)), TELL_SECONDS)
        if self._settings.heartbeat:
            beat = Heartbeat(self._settings.heartbeat, self._settings.ca_file)
            found["alerts: heartbeat"] = (partial(self.call, beat), TELL_SECONDS)
        if self._settings.digest and self._settings.channels:
            found["alerts: digest"] = (self.digest, every)
        return found

    def look(self) -> None:
        """Judge what the database says. Raises SQLAlchemyError where it cannot be written to."""
        figures = Figures.of(self._collector.collect())
        self._tried = True
        if not any(figures.series(UP).values()):
            self._read_at = None
            return
        self._read_at = self._now()
        try:
            if self._table.watches():
                self._judge(self._table, self._of_all, figures)
                self._table.keep()
            self._writes = not any(figures.series(READ_ONLY).values())
        except SQLAlchemyError:
            self._writes = False
            raise

    def look_at_machine(self) -> None:
        """Judge what this machine says, and whether the database can be read, and written to."""
        up, read_only = GaugeMetricFamily(UP, ""), GaugeMetricFamily(READ_ONLY, "")
        if self._tried or not self._is_fresh(self._began):  # as long as the first look takes nobody knows
            is_up = self._is_fresh(self._read_at)
            up.add_metric([], int(is_up))
            read_only.add_metric([], int(is_up and not self._writes))
        if self._file.watches():
            self._judge(self._file, self._of_machine, Figures.of([up, read_only, *self._machine()]))
            kept(self._file)

    def _is_fresh(self, at: datetime | None) -> bool:
        late = LATE + timedelta(seconds=2 * self._settings.every_seconds)
        return at is not None and abs(self._now() - at) < late

    def _judge(self, keeper: Keeper, conditions: Iterable[Condition], figures: Figures) -> None:
        now = self._now()
        with keeper.state() as state:
            if state is not None:
                wrong, unknown = judged(conditions, figures, state.windows, now)
                before = {one.id for one in state.on()}
                state.advance(wrong, unknown, now, self._settings.is_quiet(now))
                state.forget(self._settings.channels, now)
                if unknown:
                    self._judged_at.pop(keeper, None)
                else:
                    self._judged_at[keeper] = now
                for one in state.on():
                    if one.id not in before:
                        log.warning("alert_began", alert=one.name, says=one.summary)

    def tell(self, teller: Teller) -> bool:
        """Tell what is to be told; whether there was any. What was not taken, or perhaps was not, is told again after a pause."""
        was = any([self._tell(keeper, teller) for keeper in (self._file, self._table)])
        teller.again(self._now())
        return was

    def _tell(self, keeper: Keeper, teller: Teller) -> bool:
        now, settings, channel = self._now(), self._settings, teller.channel
        with keeper.state() as state:
            if state is None or state.rests(channel, now):
                return False
            notes: list[Note] = state.notes(channel, settings.held(now), settings.digest is not None)[:MOST]
            digest = state.digest if state.digest and channel not in state.digest["told"] else None
        if not notes and not digest:
            return False
        try:
            if notes:
                teller.notes(notes, now)
                with keeper.state(patient=True) as state:
                    if state is not None:
                        state.told(channel, notes)
            if digest:
                teller.digest(digest, now)
                with keeper.state(patient=True) as state:
                    if state is not None and state.digest:
                        state.digest = {**state.digest, "told": [*state.digest["told"], channel]}
        except ExchangeError as error:
            log.error("alert_not_told", channel=channel, why=str(error))
            with keeper.state(patient=True) as state:
                if state is not None:
                    state.not_told(channel, str(error), self._now())
        kept(keeper)
        return True

    def call(self, heartbeat: Heartbeat) -> None:
        """Call it where all is well, and a minute has passed."""
        if self._called_at <= self._now() < self._called_at + BEAT or not self.is_well():
            return
        self._called_at = self._now()
        try:
            heartbeat.call()
        except ExchangeError as error:
            log.error("heartbeat_not_taken", why=str(error))

    def is_well(self) -> bool:
        """Whether this worker is the one that watches, has lately judged everything, and nothing is wrong."""
        for keeper in (self._file, self._table):
            with keeper.state() as state:
                if state is None or state.on() or not self._is_fresh(self._judged_at.get(keeper)):
                    return False
        return True

    def digest(self) -> None:
        """Make the digest where its hour has come. Raises SQLAlchemyError."""
        with self._table.state() as state:
            if state is None or not self._digests.is_due(self._now(), state.digested):
                return
            day, last = self._digests.due(self._now()), state.digested
        made = None if last is None else self._digests.made(self._now(), self._wrong_since(last))
        with self._table.state() as state:
            if state is not None:
                state.digested, state.digest = day, made or state.digest
        self._table.keep()

    def _wrong_since(self, last: str) -> list[str]:
        """What was wrong since the digest of that day, the last, and what nobody knows of it, in sentences."""
        now = self._now()
        found, unknown, since = list[str](), list[str](), self._digests.since(now, last)
        for keeper in (self._file, self._table):
            with keeper.state() as state:
                if state is None:
                    unknown.append(ANOTHERS)
                    continue
                unknown += map(self._settings.unwatched, state.gaps(since, now))
                for one in state.alerts:
                    began, ended = clock.read(one.began), clock.read(one.ended)
                    if began is None or (ended is not None and ended < since):
                        continue
                    until = f"to {self._settings.wall(ended)}" if ended else "and is so still"
                    found.append(f"From {self._settings.wall(began)} {until}: {one.summary}")
        if not found and not unknown:
            when = "in the last day" if now - since < A_DAY else f"since {self._settings.wall(since)}"
            return [f"No alert was on {when}, neither about the database nor about {socket.gethostname()}."]
        return [*found, *dict.fromkeys(unknown)]  # mostly of both at once, and to the minute the same

    def leave(self) -> None:
        """Let another worker watch. Raises SQLAlchemyError."""
        self._file.leave()
        self._table.leave()
