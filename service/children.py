"""Child processes that are kept alive: started, started again when they die, stopped together."""

import ctypes
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger(__name__)

STOP_SECONDS = 8.0  # of the ten that a stop may take
QUICK_DEATH_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 10.0
PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """One process to keep alive."""

    name: str
    command: list[str]
    environ: dict[str, str]
    process: subprocess.Popen | None = None
    started_at: float = 0.0
    not_before: float = 0.0
    pause: float = field(default=0.2)

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, env=self.environ, preexec_fn=_die_with_parent)
        self.started_at = time.monotonic()

    def look(self, now: float) -> None:
        """Start it again if it died; after a quick death only after a pause that doubles."""
        if self.process is not None and self.process.poll() is not None:
            lived = now - self.started_at
            self.pause = min(self.pause * 2, LONGEST_PAUSE_SECONDS) if lived < QUICK_DEATH_SECONDS else 0.2
            self.not_before = now + (self.pause if lived < QUICK_DEATH_SECONDS else 0.0)
            log.error("child_died", child=self.name, code=self.process.returncode, again_in=round(self.pause, 1))
            self.process = None
        if self.process is None and now >= self.not_before:
            self.start()

    def signal(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)


def keep_alive(children: list[Child]) -> int:
    """Run the children until SIGTERM or SIGINT, then stop them within STOP_SECONDS. Returns the exit code."""
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda caught, frame: stopping.append(caught))
    while not stopping:
        for child in children:
            child.look(time.monotonic())
        time.sleep(0.1)
    for child in children:
        child.signal(signal.SIGTERM)
    end = time.monotonic() + STOP_SECONDS
    for child in children:
        if child.process is None:
            continue
        try:
            child.process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.error("child_killed", child=child.name)
            child.process.kill()
            child.process.wait()
    return 0


def _die_with_parent() -> None:
    """On Linux a child gets SIGTERM when its parent is killed, so that no half of Wrapup stays behind holding the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
