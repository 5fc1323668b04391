"""Wrapup as a service manager keeps it: started, and started again whenever it ends. What strikes its processes."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

from rig.ports import free_port
from tests.server import Served

COMMAND = str(Path(sys.executable).parent / "wrapup")
RESTART_SECONDS = 0.5
GROUPS = {"web": "service.supervisor.receivers", "reader": "service.supervisor.reader", "worker": "service.worker"}


class System:
    """``wrapup serve``, or another command, in the folder, with the data folder ``data`` in it."""

    def __init__(self, folder: Path, piped_log: bool = False, command: Sequence[str] = (COMMAND, "serve"), **more: str):
        port = free_port()
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"
        self.data = folder / "data"
        self.log = folder / "err"
        self.died = 0  # ended though nobody had killed or stopped it
        self.environ = {key: value for key, value in os.environ.items() if not key.startswith("WRAPUP_")}
        self.environ |= {"WRAPUP_BIND": f"127.0.0.1:{port}", "WRAPUP_DATA_DIR": str(self.data), **more}
        self._process: subprocess.Popen | None = None
        self._wanted = threading.Event()
        self._expected = False
        # Where its own writes to files are made to fail, a log file could not be written either.
        self._piped_log = piped_log
        self._command = command

    @contextmanager
    def running(self):
        """Keep it running until the end of the block; then nothing of it is left."""
        self._wanted.set()
        keeper = threading.Thread(target=self._keep, daemon=True)
        keeper.start()
        try:
            yield self
        finally:
            self._wanted.clear()
            keeper.join()
            self.kill_everything()

    def stop(self, seconds: float = 10.0) -> bool:
        """Stop it and keep it stopped. False: it had to be killed after so many seconds."""
        self._wanted.clear()
        self._process.terminate()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill_everything()
            return False
        return True

    def callback(self, kind: str) -> str:
        return self._served().callback(kind)

    def is_prepared(self) -> bool:
        """It receives, its database is migrated, and all its parts run."""
        told = (self.folder / "out").exists() and "Callback URL" in (self.folder / "out").read_text()
        return bool(told and self.answers("/readyz") and self.masters("worker"))

    def answers(self, path: str = "/healthz") -> bool:
        try:
            return requests.get(self.url + path, timeout=2).status_code == 200
        except requests.RequestException:  # it is being started, or struck
            return False

    def masters(self, group: str) -> list[int]:
        """The processes of a group that the supervisor itself started."""
        return [pid for pid in self._pids(group) if _parent(pid) == self._process.pid]

    def workers(self, group: str) -> list[int]:
        """The processes of a group that its master started."""
        return [pid for pid in self._pids(group) if _parent(pid) != self._process.pid]

    def kill_everything(self) -> None:
        """All processes at one stroke, as when the machine fails."""
        self._expected = True
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)

    def terminate(self) -> None:
        """Ask it to stop, as a service manager does before it starts it again."""
        self._expected = True
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:  # which kills after its patience
            self.kill_everything()

    def hang_up(self) -> None:
        """Ask for a rolling restart."""
        self._process.send_signal(signal.SIGHUP)

    @contextmanager
    def no_writes(self):
        """No file of its processes grows: what is left of a full disk where nothing can be mounted."""
        self._limit_files(1)
        try:
            yield
        finally:
            self._limit_files(None)

    def _limit_files(self, size: int | None) -> None:
        for _ in range(2):  # one that was being started when we looked has its parent's limit
            for pid in (self._process.pid, *self._pids("")):
                with suppress(ProcessLookupError):
                    hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
                    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))

    def understands_hang_up(self) -> bool:
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        (caught,) = [line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")]
        return bool(int(caught, 16) >> (signal.SIGHUP - 1) & 1)

    def _served(self) -> Served:
        return Served(self.url, "", self.folder, self._process, self.environ)

    def _pids(self, group: str) -> list[int]:
        for _ in range(5):
            with suppress(FileNotFoundError, ProcessLookupError):  # one of them ended while we looked
                return self._served().pids(GROUPS.get(group, group))
        return []

    def _keep(self) -> None:
        while self._wanted.is_set():
            if self._process is None or self._process.poll() is not None:
                self._start()
            time.sleep(0.05)

    def _start(self) -> None:
        if self._process is not None:
            self.died += not self._expected
            with suppress(ProcessLookupError):  # a service manager ends what a dead supervisor leaves behind
                os.killpg(self._process.pid, signal.SIGKILL)
            time.sleep(RESTART_SECONDS)
        self._expected = False
        how = {"cwd": self.folder, "env": self.environ, "start_new_session": True}
        with open(self.folder / "out", "a") as out, open(self.log, "a") as err:
            if not self._piped_log:
                self._process = subprocess.Popen(self._command, stdout=out, stderr=err, **how)
                return
            pipe = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=err, start_new_session=True)
            self._process = subprocess.Popen(self._command, stdout=out, stderr=pipe.stdin, **how)
            pipe.stdin.close()


def _parent(pid: int) -> int:
    with suppress(FileNotFoundError, ProcessLookupError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0
