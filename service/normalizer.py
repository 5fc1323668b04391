"""A second process that normalizes, for as long as there is a backlog and a processor to spare: Python computes on one processor
at a time, and one does not understand as fast as two receive.

The worker starts it (``Beside``) where whole batches go on waiting, and it ends by itself when there have been none for a
while, so that it costs no memory in between. The worker takes the oldest receipts first, and it the newest: they meet in the
middle, so that nothing waits for it where it gets no processor.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import structlog

from lib import child_processes, processors
from models.database import Database
from outcomes import in_hand
from outcomes.deadly import Normalizing
from outcomes.decisions import Decided
from outcomes.normalize import batch_size
from service import logs, loops
from service.settings import config

log = structlog.get_logger(__name__)

BACKLOG_SECONDS = 0.5  # of whole batches, until a second process is worth its start
IDLE_SECONDS = 0.2
CROWDED_SECONDS = 0.05  # until it looks again whether there is a processor to spare
REST_SECONDS = 10.0  # without a whole batch, then it ends
END_SECONDS = 1.5  # with what the threads of the worker may take, less than a stop may
AGAIN_SECONDS = 30.0  # after one that failed
OTHER_SETTINGS = 3  # the code of its end


class Beside:
    """The second process, as the worker sees it. Any thread may ask. ``file_hash``: of the settings (``Settings.file_hash``);
    ``died`` is called when it has failed."""

    def __init__(self, database: Database, file_hash: str, died: Callable[[], object] = lambda: None):
        self._batch = batch_size(database)
        self._file_hash = file_hash
        self._died = died
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._busy_since: float | None = None
        self._not_before = 0.0
        self._over = False

    def note(self, taken: int) -> None:
        """The worker has taken so many receipts at once; starts the second process where that goes on."""
        with self._lock:
            now, runs = time.monotonic(), self._runs()
            if runs or self._over or taken < self._batch:
                self._busy_since = None
            elif self._busy_since is None:
                self._busy_since = now
            elif now - self._busy_since > BACKLOG_SECONDS and now > self._not_before and not _crowded():
                self._busy_since, self._process = None, child_processes.start("service.normalizer", self._file_hash)
                log.info("normalizer_started")

    def stop(self) -> None:
        """End it with the transaction that it has begun, and start none any more."""
        with self._lock:
            self._over = True
            process, self._process = self._process, None
        if process is not None:
            child_processes.end(process, END_SECONDS)

    def _runs(self) -> bool:
        if self._process is not None and (code := self._process.poll()) is not None:
            self._process = None
            if code:
                self._not_before = time.monotonic() + AGAIN_SECONDS
                if code != OTHER_SETTINGS:  # of which it has told
                    log.error("normalizer_died", code=code)
                    self._died()
        return self._process is not None


def _crowded() -> bool:
    """Whether callbacks, or anybody else, need the processor that this process would take. The asker is no reason."""
    return processors.ours() == 1 or processors.crowded(beside=1)


def work(normalizing: Normalizing, whole: int, stop: threading.Event, parent: int) -> None:
    """Normalize until there has been no ``whole`` batch for a while, until told to stop, or until the worker is gone. What comes
    one by one is the worker's: on SQLite both would read it, and one of them in vain."""
    until = time.monotonic() + REST_SECONDS

    def over() -> bool:
        if time.monotonic() > until or os.getppid() != parent:
            stop.set()
        return stop.is_set()

    def step() -> bool:
        nonlocal until
        while not over() and _crowded():
            stop.wait(CROWDED_SECONDS)
        if stop.is_set():
            return False
        if normalizing.step() < whole:
            return False
        until = time.monotonic() + REST_SECONDS
        return True

    loops.run("normalizer", step, IDLE_SECONDS, stop)


def main() -> None:
    """What ``Beside`` starts, with the worker's process and the hash of its settings file as arguments. Raises BadSettings."""
    parent, file_hash = int(sys.argv[1]), sys.argv[2]
    settings = config.load()
    logs.configure(settings.log_level, serving=True)
    if settings.file_hash != file_hash:
        # Calls of one moment would be read in two ways, or put into quarantine as those of nobody's connection.
        log.warning(
            "settings_changed", said="Until the worker has read the settings file again, one process normalizes."
        )
        sys.exit(OTHER_SETTINGS)
    stop = threading.Event()

    def end(*_: object) -> None:
        stop.set()
        in_hand.leave()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    database = settings.database()
    connections = Decided(database, settings.connections)
    work(Normalizing(database, connections, settings.data_dir, newest=True), batch_size(database), stop, parent)
    database.close()


if __name__ == "__main__":
    main()
