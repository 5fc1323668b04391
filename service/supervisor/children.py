"""Child processes that are kept alive: started, started again when they die, renewed without a gap, stopped together."""

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger(__name__)

STOP_SECONDS = 8.0  # of the ten that a stop may take
QUICK_DEATH_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
LOOK_SECONDS = 0.05
READY_SECONDS = 60.0
PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """One process to keep alive. With ``tells_ready`` it writes so many bytes to READY_FD as it takes to be ready."""

    name: str
    command: list[str]
    environ: dict[str, str]
    sockets: Sequence[int] = ()  # listening sockets that it inherits
    tells_ready: int = 0
    nice: int = 0
    once: bool = False  # it has work that ends: after code 0 it is not started again
    renewable: bool = True  # two of it can run beside each other
    died: Callable[[str], object] = lambda name: None  # is told when it has ended by itself
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    not_before: float = 0.0
    pause: float = FIRST_PAUSE_SECONDS
    _started: "_Started | None" = None
    _heir: "_Started | None" = None
    _leaving: list[tuple[subprocess.Popen[bytes], float]] = field(default_factory=list)

    def look(self, now: float) -> None:
        """Start it again if it died; after a quick death only after a pause that doubles. See a renewal through."""
        self._look_at_heir(now)
        if self.once and self.process is not None and self.process.poll() == 0:
            return
        if self.process is not None and self.process.poll() is not None:
            # What had been ready is no hopeless case: it was killed, and is wanted back at once.
            hopeless = now - self.started_at < QUICK_DEATH_SECONDS and not (self.tells_ready and self._told())
            self.pause = min(self.pause * 2, LONGEST_PAUSE_SECONDS) if hopeless else FIRST_PAUSE_SECONDS
            self.not_before = now + (self.pause if hopeless else 0.0)
            log.error("child_died", child=self.name, code=self.process.returncode, again_in=round(self.pause, 1))
            self.died(self.name)
            self.process = None
        if self.process is None and now >= self.not_before:
            if self._started is not None:
                self._started.close()
            self._started = self._start()
            self.process, self.started_at = self._started.process, now
        for process, until in list(self._leaving):
            if process.poll() is None and now > until:
                process.kill()
            elif process.poll() is not None:
                self._leaving.remove((process, until))

    def renew(self) -> None:
        """Start a second one with today's code; when it is ready the first is told to go."""
        if self._heir is None and self.renewable:
            self._heir = self._start()

    def is_ready(self) -> bool:
        """Whether the process runs and has told so."""
        return self.process is not None and self._told()

    def _told(self) -> bool:
        return self._started is not None and self._started.is_ready()

    def signal(self, number: int) -> None:
        for process in self.processes():
            process.send_signal(number)

    def processes(self) -> list[subprocess.Popen[bytes]]:
        """Those that run."""
        heir = self._heir.process if self._heir else None
        known = [self.process, heir, *(process for process, _ in self._leaving)]
        return [process for process in known if process is not None and process.poll() is None]

    def _look_at_heir(self, now: float) -> None:
        heir = self._heir
        if heir is None:
            return
        if heir.process.poll() is not None or now - heir.at > READY_SECONDS:
            log.error("renewal_failed", child=self.name, code=heir.process.returncode)  # the first one goes on
            heir.process.kill()
        elif heir.is_ready():
            if self.process is not None and self.process.poll() is None:
                self.process.terminate()
                self._leaving.append((self.process, now + STOP_SECONDS))
            self.process, self.started_at = heir.process, heir.at
            heir, self._started = self._started, heir
            log.info("renewed", child=self.name)
        else:
            return
        if heir is not None:
            heir.close()
        self._heir = None

    def _start(self) -> "_Started":
        ours, theirs = os.pipe()
        environ = self.environ | {"READY_FD": str(theirs)}
        try:
            process = subprocess.Popen(
                self.command, env=environ, pass_fds=[*self.sockets, theirs], preexec_fn=lambda: _prepare(self.nice)
            )
        finally:
            os.close(theirs)
        return _Started(process, time.monotonic(), ours, self.tells_ready)


class _Started:
    """A process on its way to being ready."""

    def __init__(self, process: subprocess.Popen[bytes], at: float, pipe: int, wanted: int):
        self.process, self.at = process, at
        self._pipe, self._wanted = pipe, wanted

    def is_ready(self) -> bool:
        with selectors.DefaultSelector() as selector:
            selector.register(self._pipe, selectors.EVENT_READ)
            if self._wanted and selector.select(0):
                self._wanted -= min(self._wanted, len(os.read(self._pipe, self._wanted)))
        return self._wanted == 0

    def close(self) -> None:
        os.close(self._pipe)


def reap(ours: Collection[int]) -> None:
    """See off those that have ended of a child that died before them. In a container without an init they are ours, since we are
    its first process, and would be kept for ever. ``ours``: processes that somebody waits for, who wants to know their code."""
    with contextlib.suppress(ChildProcessError):  # there is none at all
        while sys.platform == "linux":
            found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if found is None or found.si_pid in ours:
                return
            os.waitpid(found.si_pid, 0)


def stop(children: Sequence[Child]) -> None:
    """Stop them within STOP_SECONDS."""
    for child in children:
        child.signal(signal.SIGTERM)
    end = time.monotonic() + STOP_SECONDS
    for child in children:
        for process in child.processes():
            try:
                process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.error("child_killed", child=child.name)
                process.kill()
                process.wait()


def _prepare(nice: int) -> None:
    """On Linux a child gets SIGTERM when its parent is killed, so that no half of Wrapup stays behind. SIGHUP is the supervisor's
    alone, also where all get it, as by ``systemctl kill`` or from a terminal that is closed."""
    os.nice(nice)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
