"""Ours: a real ``wrapup serve`` with all of its processes at default settings, in a folder of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import requests

from bench import stored
from bench.contenders import answers
from bench.processes import arguments, holds, tree
from bench.table import Void
from models.database import Database
from rig.waiting import until

ROOT = Path(__file__).parent.parent
WORKERS = {"worker", "service.worker", "service.normalizer"}  # in its command line
ROLES = {
    "receivers": "passage.receiver",
    "reader": "passage.reader",
    "normalizer": "service.normalizer",
    "worker": "service.worker",
    "mirroring": "service.mirroring",
    "mirror": "queries.mirror.process",
}
SUPERVISOR = "supervisor"
WRAPUP = str(Path(sys.executable).parent / "wrapup")


def environment(folder: Path, port: int, database_url: str | None) -> dict[str, str]:
    """Of an installation in the folder, without what the environment says of another one."""
    found = {key: value for key, value in os.environ.items() if not key.startswith("WRAPUP_")}
    found |= {"WRAPUP_BIND": f"127.0.0.1:{port}", "WRAPUP_DATA_DIR": str(folder / "data")}
    return found | ({"WRAPUP_DATABASE_URL": database_url} if database_url else {})


class Installation:
    """Commands and processes of one installation. ``database_url`` None: the embedded SQLite."""

    def __init__(self, folder: Path, port: int, database_url: str | None):
        folder.mkdir(exist_ok=True)
        self.folder, self.url = folder, f"http://127.0.0.1:{port}"
        self.environ = environment(folder, port, database_url)
        self.process: subprocess.Popen | None = None
        self.key = self._said("keys", "create", "bench", "--scope", "admin").splitlines()[-1]
        self.callback_url = self.url + re.search(r" terminal: \S+?(/callbacks/\S+)", self._said("connections"))[1]
        self.database = Database(database_url or f"sqlite:///{folder / 'data' / 'wrapup.db'}")

    def start(self, **more: str) -> None:
        """Start ``wrapup serve``; returns when it answers. ``more``: environment variables."""
        with open(self.folder / "out", "wb") as out, open(self.folder / "err", "ab") as err:
            self.process = subprocess.Popen([WRAPUP, "serve"], **self._where(**more), stdout=out, stderr=err)
        answers(self.url + "/healthz", self.process)  # the receivers do so; reader and worker come after them
        until(lambda: self.workers() and self._reads(), 60, lambda: "that reader and worker run")

    def stop(self) -> None:
        if self.process is None:
            return
        self._signal(signal.SIGCONT, self.workers())
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        finally:
            self.process.kill()
            self.process = None

    @contextmanager
    def running(self, **more: str) -> Iterator["Installation"]:
        """Within another such block, nothing is started again."""
        if self.process is not None:
            yield self
            return
        try:
            self.start(**more)
            yield self
        finally:
            self.stop()

    @contextmanager
    def worker_paused(self) -> Iterator[None]:
        """Stop the worker's process (SIGSTOP) while it has nothing to do and holds nothing in the database."""
        stored.drained(self.database)
        for _ in range(100):
            self._signal(signal.SIGSTOP, self.workers())
            time.sleep(0.02)  # what a stopped process had under way with the database is over then
            if stored.nobody_writes(self.database) and not holds(self.workers(), self._turns()):
                break
            self._signal(signal.SIGCONT, self.workers())
            time.sleep(0.05)  # for it to end what it was stopped in
        else:
            raise Void("the worker is never idle, so it cannot be paused")
        try:
            yield
        finally:
            self._signal(signal.SIGCONT, self.workers())

    @contextmanager
    def workers_alone(self, count: int = 1, **more: str) -> Iterator[list[int]]:
        """So many ``wrapup worker``, without the rest, from when all of them work; gives their processes."""
        logs = [self.folder / f"worker{number}" for number in range(count)]
        with ExitStack() as running:
            processes = [running.enter_context(self._worker(log, **more)) for log in logs]
            until(lambda: all(b'"worker_started"' in log.read_bytes() for log in logs), 60, lambda: "that they work")
            yield [process.pid for process in processes]

    @contextmanager
    def _worker(self, log: Path, **more: str) -> Iterator[subprocess.Popen]:
        with open(log, "wb") as err:
            process = subprocess.Popen([WRAPUP, "worker"], **self._where(**more), stdout=err, stderr=err)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(15)

    def configure(
        self,
        destinations: Mapping[str, Mapping[str, Any]],
        connections: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    ) -> None:
        """The settings file with these destinations, name -> table, for who is started next; and with these connections beside
        the one that was there."""
        token = self.callback_url.split("/")[-2]
        tables: dict[str, Mapping[str, Any]] = {"connections.ryng": {"dialer": "ryng", "callback_tokens": [token]}}
        tables |= {f"connections.{name}": table for name, table in connections.items()}
        tables |= {f"destinations.{name}": table for name, table in destinations.items()}
        lines = (
            f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
            for name, table in tables.items()
        )
        (self.folder / "wrapup.toml").write_text("\n".join(lines))

    def workers(self) -> list[int]:
        """The worker and what normalizes beside it, below ``wrapup serve``."""
        return [pid for pid in self.pids() if WORKERS.intersection(arguments(pid))]

    def role(self, pid: int) -> str:
        """What this process of it is for."""
        said = " ".join(arguments(pid))
        for role, word in ROLES.items():
            if word in said:
                return role
        return SUPERVISOR

    def pids(self) -> list[int]:
        """``wrapup serve`` and all that descends from it."""
        return tree(self.process.pid)

    def _turns(self) -> list[Path]:
        """The files by which writers of SQLite take turns."""
        return [Path(f"{self.database.url.database}-{one}") for one in ("turn", "first")]

    def _reads(self) -> bool:
        headers = {"Authorization": f"Bearer {self.key}"}
        return requests.get(self.url + "/api/v1/connections", headers=headers, timeout=60).ok

    def _said(self, *command: str) -> str:
        return subprocess.run([WRAPUP, *command], **self._where(), stdout=subprocess.PIPE, text=True, check=True).stdout

    def _where(self, **more: str) -> dict:
        return {"cwd": self.folder, "env": self.environ | more}

    def _signal(self, number: int, pids: list[int]) -> None:
        for pid in pids:
            os.kill(pid, number)
