"""The faults strike: each lane is a thread that takes its strikes one after the other."""

import queue
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos.faults import Site, Strike

DRAIN_SECONDS = 120.0
LATE_SECONDS = 4.0  # a fault that waited so long for those before it is left out: a crowd of them is no random moment


class Lanes:
    """``struck`` and ``missed`` count by the fault's name; ``broken`` tells of faults that could not be made or undone.

    The file ``diary`` says when each began, and how long it took.
    """

    def __init__(self, site: Site, diary: Path):
        self.struck: Counter = Counter()
        self.missed: Counter = Counter()
        self.broken: list[str] = []
        self._site = site
        self._diary = diary.open("w", buffering=1)
        self._queues: dict[str, queue.Queue] = {}
        self._threads: list[threading.Thread] = []
        self._over = threading.Event()
        self._begin = time.monotonic()

    def strike(self, plan: Iterator[Strike], seconds: float, faults: int) -> None:
        """Strike until so many seconds are over and so many faults have struck; returns when all are undone."""
        for strike in plan:
            self._sleep_until(strike.at)
            if (strike.at > seconds and self.struck.total() >= faults) or self.broken:
                break
            self._lane(strike.fault.lane).put(strike)
        self._over.set()
        for thread in self._threads:
            thread.join(DRAIN_SECONDS)
            if thread.is_alive():
                self.broken.append(f"the faults of the lane {thread.name} do not end")

    def _sleep_until(self, at: float) -> None:
        time.sleep(max(0.0, self._begin + at - time.monotonic()))

    def _lane(self, name: str) -> queue.Queue:
        if name not in self._queues:
            self._queues[name] = queue.Queue()
            thread = threading.Thread(target=self._run, args=(self._queues[name],), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()
        return self._queues[name]

    def _run(self, strikes: queue.Queue) -> None:
        while not self._over.is_set():
            try:
                strike = strikes.get(timeout=0.2)
            except queue.Empty:
                continue
            if time.monotonic() - self._begin - strike.at > LATE_SECONDS:
                continue
            name, began = strike.fault.name, datetime.now(UTC)
            try:
                found = strike.fault.strike(self._site, strike)
            except Exception as error:  # noqa: BLE001 - whatever it is, the run is told, and the other lanes end
                self.broken.append(f"fault {name!r}: {type(error).__name__}: {error}")
                return
            (self.missed if found is False else self.struck)[name] += 1
            took = (datetime.now(UTC) - began).total_seconds()
            print(f"{began:%H:%M:%S.%f} {took:6.2f} s  {name}{' (nothing there)' * (found is False)}", file=self._diary)
