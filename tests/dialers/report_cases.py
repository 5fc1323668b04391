"""What every dialer that has reports must get right, whatever its words: the stage on which that is tried."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import import_module
from typing import Any, ClassVar, Protocol

from sqlalchemy import select

from dialers.base import Connection
from dialers.clients import Known
from dialers.registry import DIALERS
from models import PollCursor, Receipt
from models.database import Database
from polling.engine import Poller
from polling.tasks import Task
from polling.walk import Polled
from tests.polling.polls import Clock

DIALERS_WITH_REPORTS = [name for name, dialer in DIALERS.items() if dialer.reports]
PATIENT = 20.0  # seconds, where nothing hangs on purpose


class Reporting(Protocol):
    """A dialer of the sandbox that runs, and our connection to it. Each dialer has its own,
    ``tests.dialers.<name>.reporting``; it has no records yet. Time only passes where ``later`` says so."""

    connection: Connection
    report: str  # what is tried, by its most frequent layer
    path: str  # part of the paths of this report's requests, and of no login's
    wrong: dict[str, Any]  # settings with credentials that the dialer does not know
    logs_in: bool  # credentials that expire are replaced by a login; others are refused for good
    many: int  # so many records take so many
    requests: int  # requests

    def client(self, connection: Connection, waits: float) -> Any:
        """A new one that waits so many seconds for an answer, and next to nothing before it asks again."""

    def now(self) -> datetime: ...

    def later(self) -> None:
        """A minute passes."""

    def faults(self, wanted: dict[str, Any]) -> None:
        """Switch these faults on, and all others off; see ``sandbox.faults``."""

    def asked(self) -> int:
        """How many requests of this report have come."""

    def fill(self, database: Database, count: int) -> None:
        """So many more records are in the report."""

    def change(self) -> None:
        """One record says something else from now on."""

    def twice(self) -> None:
        """Records are answered more than once from now on."""

    def without_end(self) -> bool:
        """Answers lead nowhere from now on. False where a walk follows nothing that an answer says, and so has an end."""


@dataclass
class Timed:
    """A ``Reporting`` on a stage with a clock of its own; a dialer adds what is in its report."""

    played: Any
    clock: Clock
    client_of: ClassVar[Callable[[Connection, Any], Any]]
    patience: ClassVar[Any]

    @property
    def connection(self) -> Connection:
        return self.played.connection

    def client(self, connection: Connection, waits: float) -> Any:
        return self.client_of(connection, replace(self.patience, read=waits, whole=2 * waits))

    def now(self) -> datetime:
        return self.clock()

    def later(self) -> None:
        self.clock.pass_(minutes=1)

    def faults(self, wanted: dict[str, Any]) -> None:
        self.played.faults(wanted)


def reporting(dialer: str) -> AbstractContextManager[Reporting]:
    return import_module(f"tests.dialers.{dialer}.reporting").reporting()


def poller(
    database: Database, played: Reporting, connection: Connection | None = None, waits: float = PATIENT
) -> tuple[Poller, Task]:
    """With a client that nobody used before, and the task that is tried."""
    connection = connection or played.connection
    found = Poller(database, connection, Known(played.client(connection, waits), played.now()), played.now)
    return found, next(task for task in found.tasks if task.report.name == played.report)


def poll(database: Database, played: Reporting, connection: Connection | None = None, waits: float = PATIENT) -> Polled:
    """Walk it now; a walk that has no end is told to stop."""
    walker, task = poller(database, played, connection, waits)
    walker.stop = threading.Event()
    timer = threading.Timer(PATIENT, walker.stop.set)
    timer.start()
    try:
        return walker.walk_now(task, patience=0)
    finally:
        timer.cancel()


def spoil(played: Reporting, name: str, **more: Any) -> None:
    """Let the report's requests meet the fault."""
    played.faults({name: {"path": played.path, **more}})


def with_wrong_credentials(played: Reporting) -> Connection:
    return replace(played.connection, settings={**played.connection.settings, **played.wrong})


def secrets(played: Reporting) -> list[str]:
    """The credentials that are wrong, and those that are right but for what is too short to be told from a word."""
    right = {name: played.connection.settings[name] for name in played.wrong}
    return [secret for secret in (*_texts(played.wrong), *_texts(right)) if len(secret) > 4]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    else:
        yield str(value)


def cursor(database: Database, played: Reporting) -> PollCursor:
    _, task = poller(database, played)
    with database.read() as session:
        return session.get_one(PollCursor, (played.connection.name, *task.key))


def kept(database: Database, played: Reporting) -> list[Receipt]:
    """The records that were kept, each as often as it was."""
    mine = Receipt.connection == played.connection.name, Receipt.kind == played.report
    with database.read() as session:
        found = list(session.scalars(select(Receipt).where(*mine).order_by(Receipt.seen_at, Receipt.id)))
        session.expunge_all()
    return found
