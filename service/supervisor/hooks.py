"""What both of our gunicorns do at the moments that gunicorn offers."""

import gc
import logging
import os
import re
import resource

from gunicorn.glogging import Logger

from service import logs


class TokensHidden(logging.Filter):
    """gunicorn writes a request's path beside an error of its own; the token in it is left out."""

    _path = re.compile(r"(/callbacks/+[^/\s'\"]+/+)[^/\s'\"?]+")

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._path.sub(r"\1...", record.getMessage()), ()
        return True


class Log(Logger):
    """gunicorn's own lines, which come to standard error as JSON like everybody's, and without tokens."""

    _hidden = TokensHidden()

    def setup(self, cfg) -> None:
        super().setup(cfg)
        self.error_log.addFilter(self._hidden)
        for handler in self.error_log.handlers:
            handler.setFormatter(logs.formatter())


def on_starting(server) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:  # every connection takes a file
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def pre_fork(server, worker) -> None:
    """What is loaded by now stays for ever: the collector need not look at it, and so the memory stays shared."""
    gc.collect()
    gc.freeze()


def post_worker_init(worker) -> None:
    tell_ready()


def tell_ready() -> None:
    """Tell the supervisor, which waits for this before it lets the processes go that these replace."""
    pipe = os.environ.get("READY_FD")
    if pipe:
        try:
            os.write(int(pipe), b".")
        except OSError:  # nobody waits any more: this worker replaces one that died
            return
