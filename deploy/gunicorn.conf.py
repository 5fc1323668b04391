"""How gunicorn serves Wrapup: ``gunicorn -c deploy/gunicorn.conf.py wsgi:app``; ``wrapup serve`` starts it like this.

Settings come from the WRAPUP_* variables, which ``wrapup`` has checked. Not set here: gunicorn's own default.
"""

import logging
import os
import re
from pathlib import Path

bind = os.environ.get("WRAPUP_BIND") or "127.0.0.1:8080"
workers = int(os.environ.get("WRAPUP_WORKERS") or 2)
loglevel = (os.environ.get("WRAPUP_LOG_LEVEL") or "info").lower()

# Threads, so that an export that streams for minutes and a sender that dribbles leave the other requests alone.
worker_class = "gthread"
threads = 16

# Each worker opens its own database connections after the fork: threads do not survive a fork, and an SQLite connection
# that two processes share damages the file.
preload_app = False

# More callers than this at one moment wait in the kernel instead of being refused: dialers ask once or twice, then never.
backlog = 2048

# ``wrapup serve`` has ten seconds to stop in. A callback is answered in less than two; an export that is cut off is asked
# for again by its reader.
graceful_timeout = 5
# For a worker whose main loop hangs, not for slow requests: those have threads of their own.
timeout = 30
# Longer than the pauses of a busy dialer, shorter than the idle time after which firewalls forget a connection.
keepalive = 15
# Workers are not replaced for having worked: what leaks is to be mended, and every replacement costs connections.
max_requests = 0

# The longest that gunicorn offers. Whatever lies below /callbacks/ is to be answered 200, and a URL that is refused for
# its length would be the one exception; lists of filters grow long, too.
limit_request_line = 8190
limit_request_fields = 100

# Never an access log: the paths of callbacks hold the tokens that open them. nginx keeps one without them.
accesslog = None

# The socket for ``gunicornc`` lies in the home folder by default, where two instances of one user fight for it.
control_socket_disable = True

# A worker shows that it lives by touching a file. On a disk that hangs it would be killed for the disk's fault.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None

# Whose word counts for who the client is and whether it came by https. From the environment alone: a proxy that is
# trusted by mistake can write what it likes.
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1,::1")


class TokensHidden(logging.Filter):
    """gunicorn writes a request's path beside an error of its own; the token in it is left out."""

    _path = re.compile(r"(/callbacks/+[^/\s'\"]+/+)[^/\s'\"?]+")

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._path.sub(r"\1...", record.getMessage()), ()
        return True


def on_starting(server) -> None:
    server.log.error_log.addFilter(TokensHidden())
