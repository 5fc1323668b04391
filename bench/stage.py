"""What the rows share: one installation, the two contenders, and the rates that were found."""

import os
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bench import contenders, load, stored
from bench.contenders import Served
from bench.databases import Embedded, Server
from bench.installation import Installation
from bench.load import Load
from bench.table import Void, note
from lib import clock
from models.database import Database
from rig.ports import free_port

CONNECTIONS = 64
SECONDS = float(os.environ.get("BENCH_SECONDS") or 5)
ROUNDS = int(os.environ.get("BENCH_ROUNDS") or 3)


@dataclass
class Stage:
    """All that runs while one database is measured."""

    where: Embedded | Server
    ours: Installation
    nothing: Served
    stock: Served
    textbook: Served
    textbook_database: Database
    rates: list[float] = field(default_factory=list)  # of our peak, round by round, the worker paused
    numbers: set[int] = field(default_factory=set)  # of all callbacks that ours has stored

    @property
    def peak(self) -> float:
        """The median of our peak rates, callbacks a second; measured now if no row has done so."""
        if not self.rates:
            with self.ours.running(), self.ours.worker_paused():
                self.rates.append(self.of_ours(peak).rate)
        return statistics.median(self.rates)

    def of_ours(self, run: Callable[[str], Load]) -> Load:
        """Load ours, and hold what is stored against what was answered. Raises Void."""
        began = clock.now()
        result = run(self.ours.callback_url)
        self.check(began, result)
        return result

    def check(self, began: datetime, result: Load, seconds: float = 60.0) -> None:
        """Hold what ours has stored since then against what was answered. What went into the spool may take so many
        seconds to arrive. Raises Void."""
        if result.errors:
            raise Void(f"{result.errors} callbacks were not answered with 200")
        over = time.monotonic()
        self.numbers |= stored.arrived(self.ours.database, began, [result], seconds)
        if (waited := time.monotonic() - over) > 1:
            note(f"  all of {result.answered:,} answered callbacks are in the database after {waited:.1f} s")

    def of_textbook(self) -> Load:
        """The textbook's peak, checked in the same way. Raises Void."""
        last = stored.last_of_textbook(self.textbook_database)
        result = peak(self.textbook.url)
        stored.balance(stored.textbook(self.textbook_database, last), [result])
        return result


def peak(url: str) -> Load:
    """As much as is answered."""
    return load.peak(url, CONNECTIONS, SECONDS)


def rounds() -> Iterable[int]:
    for number in range(1, ROUNDS + 1):
        note(f"  round {number} of {ROUNDS}")
        yield number


@contextmanager
def stage(where: Embedded | Server, folder: Path) -> Iterator[Stage]:
    """The contenders are served until the end of the block; ours is started by each row as it needs it."""
    folder.mkdir()
    textbook_url = where.url("textbook") or f"sqlite:///{folder}/textbook.db"
    database = Database(textbook_url)
    database.make()
    contenders.Base.metadata.create_all(database.engine)
    ours = Installation(folder / "ours", free_port(), where.url("ours"))
    with ExitStack() as running:
        served = [
            running.enter_context(contenders.served(name, free_port(), folder, textbook_url))
            for name in contenders.CONTENDERS
        ]
        try:
            yield Stage(where, ours, *served, database)
        finally:
            database.close()
            ours.database.close()
