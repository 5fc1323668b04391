"""What both of our gunicorns do at the moments that gunicorn offers."""

import gc
import logging
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger

from lib import text
from lib.buckets import Buckets
from service import logs
from service.logs import TokensHidden
from service.standard_error import StandardError
from upkeep import endings


def place_of_beats() -> str | None:
    """Where a worker shows that it lives, by touching a file: in memory, for on a disk that hangs it would be killed for the
    disk's fault. A container may have none that can be written to; then anywhere that can be. None: gunicorn is to say so."""
    places = ("/dev/shm", os.environ.get("TMPDIR", "/tmp"), os.environ.get("WRAPUP_DATA_DIR", "."))
    return next((one for one in places if os.path.isdir(one) and os.access(one, os.W_OK | os.X_OK)), None)


class Brief(logging.Filter):
    """How many lines there are about what is no request, and what stands in them, strangers decide: so a hundred are written at
    once, then one a second, and of each the beginning. Whoever does not read an answer is such a line, too, without a traceback:
    it is no fault of ours."""

    _socket, _invalid = "Socket error processing request", "Invalid request from"
    LONGEST = 300

    def __init__(self) -> None:
        super().__init__()
        self._lines = Buckets(100, 1.0)
        self._unlogged = 0

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if message.startswith(self._socket) and record.exc_info and isinstance(record.exc_info[1], TimeoutError):
            record.exc_info = record.exc_text = None
            message = "An answer was not read for as long as it is waited for, and was ended."
        elif not message.startswith(self._invalid):
            return True
        if self._lines.take(""):
            self._unlogged += 1
            return False
        more = f" ({self._unlogged} more were not logged)" if self._unlogged else ""
        record.msg, record.args, self._unlogged = text.visible(message)[: self.LONGEST] + more, (), 0
        return True


class Log(Logger):
    """gunicorn's own lines, which come to standard error as JSON like everybody's, without tokens, and few for strangers."""

    _hidden, _brief = TokensHidden(), Brief()

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for one in (self._hidden, self._brief):
            self.error_log.addFilter(one)
        own = StandardError()
        own.setFormatter(logs.formatter())
        self.error_log.handlers[:] = [own]


def on_starting(server: Any) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:  # every connection takes a file
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def pre_fork(server: Any, worker: Any) -> None:
    """What is loaded by now stays for ever: the collector need not look at it, and so the memory stays shared."""
    _loaded()


def post_fork(server: Any, worker: Any) -> None:
    gc.disable()  # a worker may load more


def post_worker_init(worker: Any) -> None:
    # Its master's, which has gunicorn end the worker well (``children._prepare``).
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _loaded()
    tell_ready()


def counting(kind: str) -> Callable[[Any, Any], None]:
    """``child_exit`` of a gunicorn whose processes are of this kind of ``endings``."""

    def child_exit(server: Any, worker: Any) -> None:
        """gunicorn starts another one, and nobody else hears of it. While it stops itself, it listens to nothing any more."""
        data_dir = os.environ.get("WRAPUP_DATA_DIR")
        if server.LISTENERS and data_dir:
            endings.note(Path(data_dir), kind)

    return child_exit


def _loaded() -> None:
    """What there is now stays for ever: from here on the collector looks at what comes."""
    gc.collect()
    gc.freeze()
    gc.enable()


def tell_ready() -> None:
    """Tell the supervisor, which waits for this before it lets the processes go that these replace."""
    pipe = os.environ.get("READY_FD")
    if pipe:
        try:
            os.write(int(pipe), b".")
        except OSError:  # nobody waits any more: this worker replaces one that died
            return
