"""One rung of the ladder that a callback goes down until a store takes it: database, spool, log and memory."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from callbacks.draft import Draft
from callbacks.ladder.tickets import Ticket, release
from models.errors import said

log = structlog.get_logger(__name__)

WATCH_SECONDS = 0.1
LARGEST_BATCH = 2000
LARGEST_BATCH_BYTES = 32 * 1024 * 1024


class Store(Protocol):
    """What a rung keeps drafts in. Used by one thread at a time, but for ``abort``."""

    def keep(self, drafts: Sequence[Draft]) -> None:
        """Make all of them durable; what is there already is not doubled. Raises where it cannot: then any or none are kept."""

    def abort(self) -> None:
        """Called from another thread while ``keep`` hangs: make it fail if that can be done."""

    def close(self) -> None: ...


class Rung:
    """Group commit: everything that waits when the store is free is kept at once, in the order of arrival.

    What the store refuses, or has not taken when the oldest of it has waited ``seconds``, goes ``below``, and from then on
    the rung is ``tripped``: whatever comes goes below at once, until somebody finds the store well and calls ``mend``. A
    store that hangs is left alone with its thread. It may still take what went below meanwhile: stores tell by the id.
    """

    def __init__(
        self, name: str, open_store: Callable[[], Store], seconds: float, below: Callable[[list[Ticket]], None]
    ):
        self.name = name
        self.tripped = False
        self._open = open_store
        self._seconds = seconds
        self._below = below
        self._changed = threading.Condition(threading.Lock())
        self._waiting: list[Ticket] = []
        self._taken: list[Ticket] = []
        self._idle = False
        self._thread: threading.Thread | None = None
        self._store: Store | None = None

    def put(self, tickets: list[Ticket]) -> None:
        """Have them kept here, or below, which is where they go when no thread can be started; each is released when a store
        has it."""
        now = time.monotonic()
        for ticket in tickets:
            ticket.since = now
        with self._changed:
            if not self.tripped:
                self._waiting += tickets
                if self._idle:
                    self._changed.notify()
                    return
                if self._thread is not None or self._start():
                    return
                tickets, self._waiting = self._waiting, []
        self._below(tickets)

    def mend(self) -> None:
        """The store is well: use it again."""
        with self._changed:
            was, self.tripped = self.tripped, False
        if was:
            log.warning("store_well_again", store=self.name)

    def close(self) -> None:
        """End the thread, when it is done with what it has; to be called when nobody puts anything any more."""
        with self._changed:
            self._thread, self._idle = None, False
            self._changed.notify_all()

    def watch(self, now: float) -> None:
        """Send below what has waited for too long. To be called ten times a second."""
        with self._changed:
            oldest = (self._taken or self._waiting)[:1]
            if not oldest or now - oldest[0].since < self._seconds:
                return
            self.tripped = True
            late, self._taken, self._waiting = self._taken + self._waiting, [], []
            stuck, self._store, self._thread, self._idle = self._store, None, None, False
            self._changed.notify_all()  # the thread that is given up sees it wherever it is
        log.error("store_hangs", store=self.name, receipts=len(late))
        self._below(late)
        if stuck is not None:
            stuck.abort()

    def _start(self) -> bool:
        """Whether there is a thread now. There is none where the machine allows no more of them; the next ticket asks again."""
        self._thread = threading.Thread(target=self._run, name=f"rung-{self.name}", daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:  # "can't start new thread"
            self._thread = None
            log.error("no_thread", store=self.name, error=str(error))
            return False
        return True

    def _run(self) -> None:
        """Keep batch after batch; ends when ``watch`` has given this thread up."""
        me, store = threading.current_thread(), None
        while batch := self._take(me):
            error: Exception | None = None
            try:
                store = store or self._open()
                with self._changed:
                    if self._thread is me:
                        self._store = store
                store.keep([ticket.draft for ticket in batch])
            except Exception as refused:  # noqa: BLE001 - whatever it is, the batch has another rung to go to
                error = refused
            if error is None:
                if self._given_back(me):
                    release(batch)
                continue
            if store is not None:
                store.close()
                store = None
            self._fall(me, error)
        if store is not None:
            store.close()

    def _take(self, me: threading.Thread) -> list[Ticket]:
        """The next batch; empty when this thread has been given up."""
        with self._changed:
            while self._thread is me and not self._waiting:
                self._idle = True
                self._changed.wait()
                self._idle = False
            if self._thread is not me:
                return []
            end, size = 0, 0
            while end < min(len(self._waiting), LARGEST_BATCH) and size < LARGEST_BATCH_BYTES:
                size += len(self._waiting[end].draft.body)
                end += 1
            self._taken, self._waiting = self._waiting[:end], self._waiting[end:]
            return self._taken

    def _given_back(self, me: threading.Thread) -> bool:
        """Whether the batch is still this thread's own."""
        with self._changed:
            if self._thread is not me:
                return False
            self._taken = []
            return True

    def _fall(self, me: threading.Thread, error: Exception) -> None:
        with self._changed:
            if self._thread is not me:
                return
            self.tripped, self._store = True, None
            refused, self._taken, self._waiting = self._taken + self._waiting, [], []
        kind = type(error).__name__
        log.error("store_fails", store=self.name, receipts=len(refused), error=kind, said=said(error))
        self._below(refused)


class Watch:
    """Looks after rungs: a thread that hangs cannot notice that it hangs."""

    def __init__(self, rungs: Sequence[Rung]):
        self._rungs = rungs
        self._over = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="rung-watch", daemon=True).start()

    def close(self) -> None:
        self._over.set()

    def _run(self) -> None:
        while not self._over.wait(WATCH_SECONDS):
            for rung in self._rungs:
                try:
                    rung.watch(time.monotonic())
                except Exception as error:  # nobody would look after the rungs any more
                    log.exception("watch_failed", error=type(error).__name__)
