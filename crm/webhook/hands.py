"""A few threads that stay from batch to batch, each with its connection: a new one over TLS costs more than an event."""

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

IDLE_SECONDS = 60.0  # after which a thread goes that has had nothing to do

_Task = tuple[Callable[[], None], threading.Semaphore]


class Hands:
    """They begin when they are needed. Nobody has to let them go."""

    def __init__(self) -> None:
        self._tasks: SimpleQueue[_Task] = SimpleQueue()
        self._lock = threading.Lock()
        self._count = 0

    def begin(self, work: Callable[[], None], count: int) -> Callable[[], None]:
        """Have so many of them do the work, which must not raise, each as well as it can beside the others. What it gives waits
        for all of them."""
        ended = threading.Semaphore(0)
        with self._lock:
            for _ in range(count - self._count):
                threading.Thread(target=self._serve, name="webhook", daemon=True).start()
                self._count += 1
            for _ in range(count):
                self._tasks.put((work, ended))

        def wait() -> None:
            for _ in range(count):
                ended.acquire()

        return wait

    def _serve(self) -> None:
        while True:
            try:
                work, ended = self._tasks.get(timeout=IDLE_SECONDS)
            except Empty:
                with self._lock:
                    if self._tasks.empty():
                        self._count -= 1
                        return
                continue
            work()
            ended.release()
            del work, ended  # a batch is not to be held until the next one comes
