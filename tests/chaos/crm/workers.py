"""Workers as a service manager keeps them: started again whenever one ends."""

import os
import random
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.server import ROOT

COMMAND = [sys.executable, "-m", "service.worker"]
# The same with leases that end soon: what a worker held that was killed stands still for as long.
SHORT_LEASE = 3.0
QUICK = f"""
from datetime import timedelta
from crm import desk
from service import worker
desk.SPAN = timedelta(seconds={SHORT_LEASE})
worker.main()
"""
RESTART_SECONDS = 0.3


class Workers:
    """So many at once, with the settings file of the folder."""

    def __init__(self, folder: Path, database_url: str, quick: bool, count: int = 2):
        self.log = folder / "err"
        self._command = [sys.executable, "-c", QUICK] if quick else COMMAND
        self.killed = 0
        self.died = 0  # ended though nobody had killed it
        self._environ = {key: value for key, value in os.environ.items() if not key.startswith("WRAPUP_")}
        self._environ |= {"WRAPUP_DATABASE_URL": database_url, "WRAPUP_DATA_DIR": str(folder / "data")}
        self._environ |= {"WRAPUP_CONFIG": str(folder / "wrapup.toml"), "WRAPUP_MIRROR": "never"}
        self._count = count
        self._running: list[subprocess.Popen] = []
        self._expected: set[int] = set()
        self._wanted = threading.Event()
        self._lock = threading.Lock()

    @contextmanager
    def running(self):
        """Keep them running until the end of the block; then none is left."""
        self._wanted.set()
        keeper = threading.Thread(target=self._keep, daemon=True)
        keeper.start()
        try:
            yield self
        finally:
            self._wanted.clear()
            keeper.join()
            for process in self._running:
                process.kill()
                process.wait(10)

    def started(self) -> bool:
        """Whether all of them have begun to work."""
        return self.log.exists() and self.log.read_text().count("worker_started") >= self._count

    def stop(self, seconds: float = 20.0) -> bool:
        """Stop them as a service manager does. False: one had to be killed after so many seconds."""
        self._wanted.clear()
        for process in self._running:
            process.terminate()
        try:
            for process in self._running:
                process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self, source: random.Random, everything: bool = False) -> bool:
        """One of them, or all, at one stroke. False: none runs."""
        with self._lock:
            alive = [process for process in self._running if process.poll() is None]
            for process in alive if everything else alive and [source.choice(alive)]:
                self._expected.add(process.pid)
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
                self.killed += 1
        return bool(alive)

    @contextmanager
    def frozen(self, source: random.Random):
        """One stands still, and goes on where it stopped."""
        with self._lock:
            alive = [process.pid for process in self._running if process.poll() is None]
        chosen = source.choice(alive) if alive else None
        if chosen is not None:
            os.kill(chosen, signal.SIGSTOP)
        try:
            yield chosen is not None
        finally:
            if chosen is not None:
                with suppress(ProcessLookupError):
                    os.kill(chosen, signal.SIGCONT)

    def _keep(self) -> None:
        while self._wanted.is_set():
            with self._lock:
                ended = [process for process in self._running if process.poll() is not None]
                self.died += sum(process.pid not in self._expected for process in ended)
                self._running = [process for process in self._running if process not in ended]
                while len(self._running) < self._count:
                    self._running.append(self._started())
            threading.Event().wait(RESTART_SECONDS)

    def _started(self) -> subprocess.Popen:
        with open(self.log, "a") as err:
            return subprocess.Popen(self._command, cwd=ROOT, env=self._environ, stdout=err, stderr=err)
