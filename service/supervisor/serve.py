"""``wrapup serve``: receives at once, migrates, then keeps receivers, reader and worker alive.

Receiving comes first and needs nothing else: before the database is there, or while it is away, callbacks go into the spool.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import structlog

from service import logs
from service.supervisor.children import LOOK_SECONDS, Child, reap, stop
from service.supervisor.folder import hold
from service.supervisor.plan import Plan
from service.supervisor.sockets import inner, listening
from upkeep import endings

log = structlog.get_logger(__name__)

# Whoever is not receiving lets the receivers go first. The worker hardly: it needs its share where others compute, and on SQLite
# it costs callbacks nothing, because receivers put aside what it keeps waiting.
READER_NICE, SQLITE_WORKER_NICE, WORKER_NICE = 5, 1, 3
AGAIN_SECONDS = 1.0
NEWER_SCHEMA, MUCH_LATER_SECONDS = 3, 30.0  # migrations.NEWER_SCHEMA, without what migrates: only people can mend that


def supervise(plan: Plan, more: Sequence[Child] = (), worker: bool = True) -> int:
    """Run until SIGTERM or SIGINT; SIGHUP renews every part, with the code as it lies there now, without a gap.

    ``more`` are children to keep alive besides; without ``worker`` somebody else runs it. Raises BadSettings.
    """
    logs.configure(plan.log_level, serving=True)
    data_dir = Path(plan.environ["WRAPUP_DATA_DIR"])
    hold(data_dir, plan.environ["WRAPUP_DATABASE_URL"])
    outer, between = listening(plan.bind), inner()
    caught: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda given, frame: caught.append(given))
    web, reader = outer.fileno(), between.fileno()
    receiver = "service.passage.receiver:create_receiver('{}:{}')".format(*between.getsockname())
    died = partial(endings.note, data_dir)
    receivers = Child(
        endings.RECEIVERS, _gunicorn("receivers", web, receiver), plan.environ, [web], plan.workers, died=died
    )
    answering = _gunicorn("reader", reader, "service.passage.reader:create_reader()")
    asking = Child(endings.READER, answering, plan.environ, [reader], 1, READER_NICE, died=died)
    nice = SQLITE_WORKER_NICE if plan.environ["WRAPUP_DATABASE_URL"].startswith("sqlite") else WORKER_NICE
    own = [sys.executable, "-m", "service.worker"]
    working = [Child(endings.WORKER, own, plan.environ, (), 1, nice, died=died)] if worker else []
    supervisor = Supervisor(receivers, asking, [*working, *more], Preparation(plan.environ))
    while not {signal.SIGTERM, signal.SIGINT} & set(caught):
        if signal.SIGHUP in caught:
            caught.clear()
            supervisor.renew()
        supervisor.look()
        time.sleep(LOOK_SECONDS)
    supervisor.stop()
    return 0


class Supervisor:
    """First the receivers; when they receive, the reader and the preparation; when that is done, the rest."""

    def __init__(self, receivers: Child, reader: Child, rest: Sequence[Child], preparation: "Preparation"):
        self._running = [receivers]
        self._next: list[Child] = [reader]
        self._last = list(rest)
        self._preparation = preparation
        self._renewing = False

    def look(self) -> None:
        now = time.monotonic()
        for child in self._running:
            child.look(now)
        if self._next and self._running[0].is_ready():
            self._running, self._next = [*self._running, *self._next], []
            self._preparation.begin()
        if self._preparation.look(now):
            for child in self._running if self._renewing else ():
                child.renew()
            self._running, self._last, self._renewing = [*self._running, *self._last], [], False
        reap({process.pid for child in self._running for process in child.processes()} | self._preparation.processes())

    def renew(self) -> None:
        """The new code's migrations first, then its processes."""
        self._renewing = True
        self._preparation.begin()

    def stop(self) -> None:
        self._preparation.stop()
        stop(self._running)


class Preparation:
    """``wrapup prepare`` in a process of its own, until it succeeds: a database that is away is waited for."""

    def __init__(self, environ: dict[str, str]):
        self._environ = environ
        self._process: subprocess.Popen[bytes] | None = None
        self._at: float | None = None

    def begin(self) -> None:
        self._at = 0.0

    def look(self, now: float) -> bool:
        """True at the moment when it has succeeded."""
        if self._process is None:
            if self._at is not None and now >= self._at:
                self._process, self._at = subprocess.Popen([*wrapup(), "prepare"], env=self._environ), None
            return False
        code = self._process.poll()
        if code is None:
            return False
        self._process = None
        if code:
            log.error("not_prepared", code=code)
            self._at = now + (MUCH_LATER_SECONDS if code == NEWER_SCHEMA else AGAIN_SECONDS)
        return code == 0

    def processes(self) -> set[int]:
        """Their ids; one that has ended is waited for in the next look."""
        return set() if self._process is None else {self._process.pid}

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()


def _gunicorn(config: str, listener: int, app: str) -> list[str]:
    """gunicorn on a listening socket that it inherits."""
    config = f"python:service.supervisor.{config}"
    return [sys.executable, "-m", "service.supervisor.gunicorn", "-c", config, "-b", f"fd://{listener}", app]


def wrapup() -> list[str]:
    """The command ``wrapup``, for a child."""
    return [sys.executable, "-c", "from service.main import main; main()"]
