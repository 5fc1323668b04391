"""``wrapup ...`` as somebody types it, without the second that loading it takes: each is a fork of one process that has loaded
it, with words, environment, folder and streams of its own, and ends as the command does. Where loading is what is tested, as in
``tests.service.test_anywhere``, the command itself is started.
"""

import gc
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from socket import socketpair

ROOT = Path(__file__).parent.parent


class Commands:
    """Runs them, one after another."""

    def __enter__(self) -> "Commands":
        ours, theirs = socketpair()
        with theirs:
            command = [sys.executable, "-m", "tests.commands", str(theirs.fileno())]
            self._process = subprocess.Popen(command, cwd=ROOT, pass_fds=[theirs.fileno()])
        self._line = Connection(ours.detach())
        return self

    def __exit__(self, *_) -> None:
        self._line.close()
        self._process.wait(10)

    def run(
        self, *words: str, cwd: Path, env: Mapping[str, str] = os.environ, timeout: float = 120
    ) -> subprocess.CompletedProcess:
        """What ``subprocess.run`` gives of ``wrapup`` and these words, its output as text."""
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            self._line.send(
                (words, str(cwd), dict(env), [f"/proc/{os.getpid()}/fd/{one.fileno()}" for one in (out, err)])
            )
            assert self._line.poll(timeout), f"wrapup {' '.join(words)} has not ended after {timeout} s"
            code = self._line.recv()
            for one in (out, err):
                one.seek(0)
            return subprocess.CompletedProcess(["wrapup", *words], code, out.read(), err.read())


def main() -> None:
    """Fork for each command that is asked for; returns in the fork, where it is to be run."""
    load()
    line = Connection(int(sys.argv[1]))
    while True:
        try:
            words, folder, environ, streams = line.recv()
        except EOFError:
            os._exit(0)
        child = os.fork()
        if not child:
            line.close()
            become(words, folder, environ, streams)
            return
        line.send(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def load() -> None:
    """All that a command loads, also those that others do not."""
    import flask.cli  # noqa: F401
    from sqlalchemy.orm import configure_mappers

    import service.app
    import service.cli.group
    import service.prepare  # noqa: F401

    configure_mappers()
    gc.collect()
    gc.freeze()  # else each fork would copy all of it, to look for garbage in it


def become(words: list[str], folder: str, environ: dict[str, str], streams: list[str]) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = ["wrapup", *words]
    for number, path in enumerate(streams, 1):
        stream = os.open(path, os.O_WRONLY)
        os.dup2(stream, number)
        os.close(stream)


if __name__ == "__main__":
    from service.main import main as wrapup

    main()
    wrapup()
