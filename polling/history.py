"""What a dialer had before we came: its reports from a moment of long ago on, a day at a time, beside the running polls.

How far it has come stands in a cursor of its own, named for the time that is asked for. So a command that is interrupted
goes on where it was when it is given again, and two at once do not ask for the same. What was kept already costs nothing.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from dialers import clients
from dialers.asking import Layer, Report, Window
from dialers.base import Connection
from dialers.registry import DIALERS
from lib import clock
from lib.http.errors import CredentialsRefused
from models import PollCursor
from models.database import Database
from models.leases import LeaseLost
from models.polls import HISTORY
from polling import cursors
from polling.cursors import Claim
from polling.tasks import Task
from polling.walk import Clock, Polled, Walk

SLICE = timedelta(days=1)
MOST_FAILURES = 5  # in a row, each waited out as the dialer wishes
EVERY = timedelta(minutes=1)  # what the waits after a failure are measured by


class NoHistory(Exception):
    """The connection has no report that can be asked for a time of the past."""


class Busy(Exception):
    """Another process asks for the same history now."""


@dataclass(frozen=True)
class WalkedSlice:
    """A slice that was walked, or that failed; ``polled.error`` tells. ``wait``: seconds until it is tried again, None where
    the command ends with it."""

    report: str
    since: datetime
    until: datetime
    polled: Polled
    wait: float | None = None


class History:
    """The reports of one connection between two moments. Raises NoHistory."""

    def __init__(
        self,
        database: Database,
        connection: Connection,
        since: datetime,
        until: datetime,
        now: Clock = clock.now,
        pause: float = 1.0,
        stop: threading.Event | None = None,
    ):
        self._database = database
        self._connection = connection
        self._since, self._until = since, until
        self._now = now
        self._pause = pause
        self._stop = stop or threading.Event()
        self._client = clients.fresh(connection, now()).client
        reports = DIALERS[connection.dialer].reports_of(connection)
        self._reports = [report for report in reports if any(layer.span and not layer.jobs for layer in report.layers)]
        if not self._reports:
            raise NoHistory(f"{connection.name} has no report that can be asked for the past.")

    def slices(self) -> Iterator[WalkedSlice]:
        """Walk all that is left, from the earliest on. Raises Busy, and SQLAlchemyError where the database is away."""
        for report in self._reports:
            for walked in self._of(report):
                yield walked
                if walked.polled.error and walked.wait is None:
                    return
                if self._stop.wait(self._pause if walked.wait is None else walked.wait):
                    return

    def _of(self, report: Report) -> Iterator[WalkedSlice]:
        task = Task(report, Layer(self._name(), every=EVERY), EVERY, None)
        with self._database.write() as session:
            cursors.make(session, self._connection.name, [task], self._now())
        while True:
            held = self._claim(task)
            begin = held.cursor.complete_to or self._since
            if begin >= self._until:
                self._done(held)
                return
            window = Window(begin, min(begin + SLICE, self._until))
            try:
                walk = Walk(self._database, self._connection, self._client, held, self._now, stop=self._stop)
                polled = walk.run(window)
            except LeaseLost:
                raise Busy(self._busy()) from None
            if self._stop.is_set():
                return
            yield WalkedSlice(report.name, window.start, window.end, polled, self._wait(held, polled))

    def _wait(self, held: Claim, polled: Polled) -> float | None:
        if polled.error is None or polled.error_id == CredentialsRefused.error_id:
            return None
        with self._database.read() as session:
            cursor = session.get_one(PollCursor, (held.cursor.connection, held.cursor.report, held.cursor.layer))
        if cursor.failures >= MOST_FAILURES:
            return None
        return max(0.0, (cursor.due_at - self._now()).total_seconds())

    def _claim(self, task: Task) -> Claim:
        key = (self._connection.name, *task.key)
        with self._database.write() as session:
            cursor = session.get_one(PollCursor, key)
            held = cursors.claim(session, cursor, task, self._now()) if cursors.is_free(cursor, self._now()) else None
        if held is None:
            raise Busy(self._busy())
        return held

    def _done(self, held: Claim) -> None:
        """Nothing is left to go on with. The records stay; what was asked for is not kept."""
        own = (PollCursor.connection == held.cursor.connection, PollCursor.report == held.cursor.report)
        with self._database.write() as session:
            session.execute(delete(PollCursor).where(*own, PollCursor.layer == held.cursor.layer))

    def _name(self) -> str:
        return f"{HISTORY}{clock.iso(self._since)}/{clock.iso(self._until)}"

    def _busy(self) -> str:
        return f"Another process reads this history of {self._connection.name} now, or did until a moment ago."


def unfinished(database: Database, connection: str, since: datetime) -> datetime | None:
    """Until when an interrupted history that began at the same moment was to go; None where there is none."""
    begun = f"{HISTORY}{clock.iso(since)}/"
    statement = select(PollCursor.layer).where(
        PollCursor.connection == connection, PollCursor.layer.startswith(begun, autoescape=True)
    )
    with database.read() as session:
        found = [layer.removeprefix(begun) for layer in session.scalars(statement)]
    return max((moment for one in found if (moment := clock.parse(one))), default=None)
