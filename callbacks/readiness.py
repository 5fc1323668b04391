"""Can it store? What ``/readyz`` says, found out by trying."""

import threading
from collections.abc import Callable

import structlog

from callbacks.ladder.inbox import Inbox
from callbacks.ladder.tickets import Ticket, release
from models.errors import said
from models.schema import is_newer

log = structlog.get_logger(__name__)

STORE_SECONDS = 1.0  # for each of the two, so that nobody waits for more than two


class Readiness:
    """Tries the stores in threads of its own: a database or a disk that hangs must not hang whoever asks."""

    def __init__(self, inbox: Inbox):
        self._inbox = inbox
        self._database = _Trial("database", self._try_database)
        self._spool = _Trial("spool", lambda: inbox.spool.probe())
        self._lock = threading.Lock()
        self._look: _Look | None = None
        self._newer = False

    def ask(self, ticket: Ticket) -> str | None:
        """``database`` or ``spool``: where a callback that comes now would be kept. None: in the log and in memory alone.
        ``newer``: in the database, which a newer release has made, so that nothing but receiving goes on here.

        ``ticket`` is any new one without a draft, of the class that can wait here. All who ask at the same time share a look.
        """
        with self._lock:
            look = self._look
            if look is None:
                look = _Look()
                threading.Thread(target=self._run, args=[look], name="readiness", daemon=True).start()
                self._look = look
            look.waiting.append(ticket)
        ticket.wait()
        return look.answer

    def _run(self, look: "_Look") -> None:
        try:
            if not self._inbox.database.tripped and self._database.is_well():
                look.answer = "newer" if self._newer else "database"
            elif not self._inbox.memory and self._spool.is_well():
                look.answer = "spool"
        finally:
            with self._lock:
                self._look = None
            release(look.waiting)

    def _try_database(self) -> None:
        store = self._inbox.open_database(patient=False)
        try:
            store.probe()
            self._newer = is_newer(store.schema())
        finally:
            store.close()


class _Look:
    def __init__(self) -> None:
        self.waiting: list[Ticket] = []
        self.answer: str | None = None


class _Trial:
    """One store, tried by one thread at a time: while an earlier trial hangs, the store is not well."""

    def __init__(self, name: str, attempt: Callable[[], None]):
        self._name = name
        self._attempt = attempt
        self._thread: threading.Thread | None = None

    def is_well(self) -> bool:
        """Found out within STORE_SECONDS; called by one thread at a time."""
        if self._thread is not None and self._thread.is_alive():
            return False
        done: list[bool] = []
        self._thread = threading.Thread(target=self._run, args=[done], name=f"trial-{self._name}", daemon=True)
        self._thread.start()
        self._thread.join(STORE_SECONDS)
        return bool(done)

    def _run(self, done: list[bool]) -> None:
        try:
            self._attempt()
            done.append(True)
        except Exception as error:  # noqa: BLE001 - every error means the same here
            log.error("store_not_ready", store=self._name, error=type(error).__name__, said=said(error))
