"""A real Wrapup for tests: real processes, real sockets, a data folder of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from rig.ports import free_port
from rig.waiting import until

ROOT = Path(__file__).parent.parent


@dataclass
class Served:
    """A running ``wrapup serve``."""

    url: str
    key: str
    folder: Path
    process: subprocess.Popen
    environ: dict

    def callback(self, kind: str) -> str:
        found = re.search(rf"Callback URL of \S+, {kind}: (\S+)", (self.folder / "out").read_text())
        return found[1]

    def get(self, path: str, **options) -> requests.Response:
        return requests.get(self.url + path, headers={"Authorization": f"Bearer {self.key}"}, timeout=60, **options)

    def pids(self, name: str) -> list[int]:
        """The processes below ours whose command line holds the name."""
        found = []
        for child in _descendants(self.process.pid):
            line = _read(f"/proc/{child}/cmdline").replace("\0", " ")
            if name in line:
                found.append(child)
        return found

    def read(self, name: str, file: str) -> list[str]:
        """That file below /proc of each of them; not of one that has just ended, as a child between its fork and its command."""
        return [text for pid in self.pids(name) if (text := _read(f"/proc/{pid}/{file}"))]


def toml(table: dict) -> str:
    """A table of the settings file."""
    return "".join(f"{name} = {_toml(value)}\n" for name, value in table.items() if value is not None)


def _toml(value) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_toml(item)}" for name, item in value.items()) + "}"
    return json.dumps(value)


@contextmanager
def serving(folder: Path, database_url: str | None = None, **more: str):
    """Run ``wrapup serve`` in the folder until the end of the block; asserts that it stops within ten seconds."""
    with starting(folder, database_url, **more) as served:
        said = until(
            lambda: re.search(r"wk_\S+(?s:.*), \w+: http\S+\n\Z", _out(folder)) or _again(folder), 60, _err(folder)
        )
        served.key = said[0].split()[0] if said[0].startswith("wk_") else ""
        yield served


@contextmanager
def starting(folder: Path, database_url: str | None = None, **more: str):
    """The same, from the moment on when it answers callbacks; it may still have to migrate."""
    folder.mkdir(exist_ok=True)
    port = free_port()
    environ = {key: value for key, value in os.environ.items() if not key.startswith("WRAPUP_")}
    environ |= {"WRAPUP_BIND": f"127.0.0.1:{port}", "WRAPUP_DATA_DIR": str(folder / "data"), **more}
    if database_url:
        environ["WRAPUP_DATABASE_URL"] = database_url
    command = [str(Path(sys.executable).parent / "wrapup"), "serve"]
    with open(folder / "out", "w") as out, open(folder / "err", "w") as err:
        process = subprocess.Popen(command, cwd=folder, env=environ, stdout=out, stderr=err)
    try:
        served = Served(f"http://127.0.0.1:{port}", "", folder, process, environ)
        until(lambda: _answers(served.url), 60, _err(folder))
        yield served
    finally:
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        finally:
            process.kill()
    assert time.monotonic() - began < 10, "it must stop within ten seconds"


def _out(folder: Path) -> str:
    return (folder / "out").read_text()


def _err(folder: Path):
    return (folder / "err").read_text


def _again(folder: Path) -> re.Match | None:
    """Of a database that has its key already."""
    said = _out(folder)
    return None if "wk_" in said else re.search(r"Dashboard: (?s:.*), \w+: http\S+\n\Z", said)


def _answers(url: str) -> bool:
    try:
        return requests.get(url + "/healthz", timeout=2).status_code == 200
    except requests.RequestException:  # not listening yet, or its workers are still starting
        return False


def _read(path: str) -> str:
    """Of a process; nothing when it has just ended."""
    try:
        return Path(path).read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _descendants(pid: int) -> list[int]:
    # Of each of its threads: a process belongs to the one that started it.
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except FileNotFoundError:  # it has just ended
        return []
    children = [child for thread in threads for child in _read(f"/proc/{pid}/task/{thread}/children").split()]
    return [found for child in map(int, children) for found in (child, *_descendants(child))]
