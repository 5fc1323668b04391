"""Things to do later, in a dialer's own seconds, which may run faster than ours."""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

log = logging.getLogger(__name__)


class Timetable:
    """Runs tasks in threads when they are due. ``time_scale`` 0.01: a minute of the dialer takes 0.6 of our seconds."""

    def __init__(self, time_scale: float = 1.0):
        if time_scale <= 0:
            raise ValueError("The time scale must be more than 0.")
        self.time_scale = time_scale
        self._due: list[tuple[float, int, Callable, tuple]] = []
        self._number = itertools.count()  # things due at the same moment keep their order
        self._changed = threading.Condition()
        self._running = 0
        self._closed = False
        self._failure: BaseException | None = None
        self._pool = ThreadPoolExecutor(64, thread_name_prefix="sandbox")
        self._clock = threading.Thread(target=self._run, name="sandbox-timetable", daemon=True)
        self._clock.start()

    def after(self, seconds: float, task: Callable, *args) -> None:
        """Do the task when so many of the dialer's seconds have passed."""
        with self._changed:
            if not self._closed:
                due = time.monotonic() + seconds * self.time_scale
                heapq.heappush(self._due, (due, next(self._number), task, args))
                self._changed.notify_all()

    def drain(self, timeout: float = 30.0) -> None:
        """Wait, in our seconds, until nothing is planned and nothing runs. Raises what a task raised."""
        with self._changed:
            quiet = self._changed.wait_for(lambda: self._failure or not (self._due or self._running), timeout)
            if self._failure:
                raise self._failure
            if not quiet:
                raise TimeoutError(f"{len(self._due)} planned and {self._running} running after {timeout} s.")

    def close(self) -> None:
        """Forget what is planned, and wait for what runs."""
        with self._changed:
            self._closed = True
            self._due.clear()
            self._changed.notify_all()
        self._clock.join()
        self._pool.shutdown()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._closed and (not self._due or self._due[0][0] > time.monotonic()):
                    self._changed.wait(self._due[0][0] - time.monotonic() if self._due else None)
                if self._closed:
                    return
                _, _, task, args = heapq.heappop(self._due)
                self._running += 1
            self._pool.submit(task, *args).add_done_callback(self._done)

    def _done(self, future: Future) -> None:
        failure = future.exception()
        if failure:
            log.error("A task of the sandbox failed.", exc_info=failure)
        with self._changed:
            self._running -= 1
            self._failure = self._failure or failure
            self._changed.notify_all()
