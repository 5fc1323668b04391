"""Wrapup on the hosts a and b: on each the receivers with API and pages, a worker, and a data folder of its own."""

import subprocess
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import requests

from tests.chaos.run import size
from tests.chaos.system import COMMAND, System
from tests.ha.network import FRONT, Host

PORT = 8080


class Parts:
    """What runs on one host. ``folder`` is its disk: it stays when the host dies."""

    def __init__(self, folder: Path, host: Host, **settings: str):
        self.host = host
        self.url = f"http://{host.address}:{PORT}"
        self.data = folder / "data"
        more = settings | {"WRAPUP_BIND": f"{host.address}:{PORT}", "WRAPUP_DATA_DIR": str(self.data)}
        more |= {"WRAPUP_TRUSTED_PROXIES": FRONT}
        for part in ("web", "worker"):
            (folder / part).mkdir(parents=True)
        self.web = System(folder / "web", command=(*host.inside, COMMAND, "serve", "--without-worker"), **more)
        self.worker = System(folder / "worker", command=(*host.inside, COMMAND, "worker"), **more)
        self._alive = ExitStack()

    @contextmanager
    def running(self):
        try:
            self.start()
            yield self
        finally:
            self.kill()

    def start(self) -> None:
        for part in (self.web, self.worker):
            self._alive.enter_context(part.running())

    def kill(self) -> None:
        """All of its processes at one stroke, and nobody starts them again."""
        self._alive.close()

    def is_prepared(self) -> bool:
        told = (self.web.folder / "out").exists() and "Callback URL" in (self.web.folder / "out").read_text()
        return bool(told and self.ready() == "ok")

    def ready(self) -> str:
        """What /readyz says of itself: ``ok``, ``spooling``, or nothing where nobody answers."""
        with suppress(requests.RequestException, ValueError):
            found: str = requests.get(f"{self.url}/readyz", timeout=4).json()["status"]
            return found
        return ""

    def spooled(self) -> int:
        """Bytes that wait in its spool."""
        return size(self.data / "spool")

    def command(self, *words: str) -> str:
        """A command of Wrapup on this host."""
        command = [*self.host.inside, COMMAND, *words]
        done = subprocess.run(command, cwd=self.web.folder, env=self.web.environ, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"wrapup {' '.join(words)}: {done.stderr[-500:]}")
        return done.stdout
