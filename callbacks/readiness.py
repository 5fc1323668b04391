"""Can it store? What ``/readyz`` says, found out by trying."""

import threading

import structlog

from callbacks.inbox import Inbox
from callbacks.tickets import Ticket, release

log = structlog.get_logger(__name__)

LONGEST_SECONDS = 2.0


class Readiness:
    """Tries the stores in a thread of its own: a database that hangs must not hang whoever asks."""

    def __init__(self, inbox: Inbox):
        self._inbox = inbox
        self._busy = threading.Lock()

    def ask(self, ticket: Ticket) -> str | None:
        """``database`` or ``spool``: where a callback that comes now would be kept. None: in the log and in memory alone.

        ``ticket`` is any new one without a draft, of the class that can wait here.
        """
        answer: list[str] = []
        threading.Thread(target=self._look, args=(ticket, answer), daemon=True).start()
        timer = threading.Timer(LONGEST_SECONDS, release, [[ticket]])
        timer.daemon = True
        timer.start()
        ticket.wait()
        timer.cancel()
        return answer[0] if answer else self._spool()

    def _look(self, ticket: Ticket, answer: list[str]) -> None:
        if not self._inbox.database.tripped and self._busy.acquire(blocking=False):  # else: an earlier one still hangs
            try:
                store = self._inbox.open_database()
                try:
                    store.probe()
                    answer.append("database")
                finally:
                    store.close()
            except Exception as error:  # noqa: BLE001 - every error means the same here
                log.error("database_not_ready", error=type(error).__name__)
            finally:
                self._busy.release()
        release([ticket])

    def _spool(self) -> str | None:
        if self._inbox.memory:
            return None
        try:
            self._inbox.spool.probe()
        except OSError as error:
            log.error("spool_not_ready", error=type(error).__name__)
            return None
        return "spool"
