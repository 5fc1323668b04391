"""How API, exports and pages are served: one process with threads, behind the receivers, which pass on what is no callback.

Also fit to run everything in one process, where callbacks are few: ``gunicorn -c python:service.supervisor.reader wsgi:app``.
"""

import os

from service.supervisor.hooks import (  # noqa: F401 - for gunicorn
    counting,
    on_starting,
    place_of_beats,
    post_fork,
    post_worker_init,
    pre_fork,
)
from upkeep import endings

child_exit = counting(endings.READER)

bind = os.environ.get("WRAPUP_BIND") or "127.0.0.1:8080"
workers = 1
loglevel = (os.environ.get("WRAPUP_LOG_LEVEL") or "info").lower()
logger_class = "service.supervisor.hooks.Log"

# Threads, so that an export that streams for minutes leaves the other requests alone.
worker_class = "service.supervisor.threads.Worker"
# What takes long holds 20 of them at most (web/turns.py), and who waits for the feed 8 (web/long_polls.py).
threads = 32
preload_app = False
graceful_timeout = 5
timeout = 30
limit_request_line = 8190
limit_request_fields = 110  # a receiver lets a hundred pass, and adds its own

# See ``receivers``.
forwarder_headers = ""
accesslog = None
control_socket_disable = True
worker_tmp_dir = place_of_beats()
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
