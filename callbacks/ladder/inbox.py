"""The inbox: a draft is put in, and when its ticket is released it is durable."""

import os
import threading

from callbacks.draft import Draft
from callbacks.ladder.aside import Aside
from callbacks.ladder.database import DatabaseStore
from callbacks.ladder.keeper import Keeper
from callbacks.ladder.last import LastRung, Memory
from callbacks.ladder.rung import Rung, Store, Watch
from callbacks.ladder.spooled import SpoolStore
from callbacks.ladder.tickets import Ticket, release
from callbacks.settings import Settings
from callbacks.spool import Spool
from callbacks.strangers import Strangers
from models.database import Database

# What a callback waits for a store at most, before the next one is asked.
DATABASE_SECONDS = 1.0
SPOOL_SECONDS = 1.0


class Inbox:
    """The ladder of stores: the database; where it fails or hangs, the spool; where that fails, log and memory.
    What strangers send has no place below the database: there it is counted, dropped and answered like the rest. It waits for
    its own place in it, and holds up nobody whom we know.

    Threads of its own do the storing. They begin at the first use in a process, for threads do not survive a fork.
    """

    def __init__(self, database: Database, settings: Settings):
        self.spool = Spool(settings.data_dir / "spool")
        self.memory = Memory(settings.memory_bytes)
        self.strangers = Strangers.of(settings)
        self._stored_in = database
        self._lock = threading.Lock()
        self._process: int | None = None
        self._begin()

    def open_database(self, patient: bool = True) -> DatabaseStore:
        """Raises where it is away."""
        return DatabaseStore(self._stored_in, self.strangers, patient)

    def _begin(self) -> None:
        self.last = LastRung(self.memory)
        self.spooling = Rung("spool", lambda: SpoolStore(self.spool), SPOOL_SECONDS, self.last.put)
        self.database = Rung("database", self._open_first, DATABASE_SECONDS, self._below_database)
        # The database as well, with a thread and a connection of its own: strangers wait for turns that nobody else has to.
        self.strangers_apart = Rung("strangers", self.open_database, DATABASE_SECONDS, self._below_database)
        self._watch = Watch([self.database, self.strangers_apart, self.spooling])
        self.keeper = Keeper(
            lambda: self.open_database(patient=False),
            self.spool,
            self.memory,
            self.database,
            self.spooling,
            self.strangers,
            self.strangers_apart,
        )

    def start(self) -> None:
        """Begin in this process: look after what earlier ones left in the spool."""
        with self._lock:
            if self._process == os.getpid():
                return
            if self._process is not None:  # a fork of a process that had begun
                self._begin()
            self._watch.start()
            self.keeper.start()
            self._process = os.getpid()  # last: where a thread is refused, the next callback begins again

    def close(self) -> None:
        """The process ends. What is in memory alone gets a last chance to be stored."""
        if self._process == os.getpid():
            self._process = None
            self.keeper.close()
            self._watch.close()
            for rung in (self.database, self.strangers_apart, self.spooling):
                rung.close()

    def put(self, ticket: Ticket) -> None:
        """Keep the ticket's draft; returns when it is durable. Never raises: the answer is 200 in every case."""
        if self._process != os.getpid():
            self.start()
        (self.strangers_apart if ticket.draft.stranger else self.database).put([ticket])
        ticket.wait()

    def put_last(self, draft: Draft) -> None:
        """To be called where ``put`` failed."""
        on, _ = self.strangers.parted([Ticket(draft)])
        self.last.put(on)

    def _open_first(self) -> Store:
        store = self.open_database()
        return Aside(store, self.spool, self.keeper.put_aside) if self._stored_in.is_sqlite else store

    def _below_database(self, tickets: list[Ticket]) -> None:
        on, ended = self.strangers.parted(tickets)
        if on:
            self.spooling.put(on)
        release(ended)
