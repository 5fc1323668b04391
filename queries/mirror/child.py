"""The process that answers, as its parent sees it: started when it is first asked, ended after a time without questions."""

import pickle
import select
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from lib import child_processes
from queries.mirror.manifest import Unusable

LONGEST = 60.0  # seconds for an answer; then the tables are asked
IDLE = 300.0  # seconds without a question, after which the memory is given back


class Child:
    """One process over one folder. Calls are made one at a time."""

    def __init__(self, folder: Path, idle: float = IDLE):
        self._folder = folder
        self._idle = idle
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._used_at = 0.0
        self.number = 0  # of starts and ends: what was told to another process is forgotten

    def call(self, name: str, *arguments: Any) -> Any:
        """What ``process.Answers`` answers. Raises Unusable."""
        with self._lock:
            self._used_at = time.monotonic()
            try:
                process = self._running()
            except OSError as error:
                raise Unusable(f"the process that asks the mirror cannot be started ({type(error).__name__})") from None
            assert process.stdin is not None and process.stdout is not None  # both are pipes
            try:
                pickle.dump((name, arguments), process.stdin)
                process.stdin.flush()
                if not select.select([process.stdout], [], [], LONGEST)[0]:
                    raise Unusable(f"the mirror had no answer within {LONGEST:.0f} seconds")
                good, value = pickle.load(process.stdout)
            except (OSError, EOFError, pickle.UnpicklingError):
                self._end()
                raise Unusable("the process that asks the mirror has died") from None
            except BaseException:
                self._end()
                raise
            finally:
                self._used_at = time.monotonic()
        if not good:
            raise Unusable(value)
        return value

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            environ = child_processes.environment()
            command = [sys.executable, "-P", "-m", "queries.mirror.process", str(self._folder)]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ)
            self.number += 1
            threading.Thread(target=self._watch, args=(self._process,), name="mirror idle", daemon=True).start()
        return self._process

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None:
            time.sleep(min(self._idle, 5.0))
            with self._lock:
                if time.monotonic() - self._used_at > self._idle and self._process is process:
                    self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        self.number += 1
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # what was not written yet: nobody reads it any more
                    continue

    def close(self) -> None:
        with self._lock:
            self._end()
