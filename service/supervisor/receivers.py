"""How callbacks are received; ``wrapup serve`` starts gunicorn like this. ``reader`` is for everything else.

Settings come from the WRAPUP_* variables, which ``wrapup`` has checked. Not set here: gunicorn's own default.
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

child_exit = counting(endings.RECEIVERS)

bind = os.environ.get("WRAPUP_BIND") or "127.0.0.1:8080"
workers = int(os.environ.get("WRAPUP_WORKERS") or 2)
loglevel = (os.environ.get("WRAPUP_LOG_LEVEL") or "info").lower()
logger_class = "service.supervisor.hooks.Log"

# An event loop: thousands of callers that dribble or idle hold no thread, and all that wait are stored in one transaction.
worker_class = "callbacks.http.worker.Worker"
# Per process. Idle ones are closed after ``keepalive``, so this many arrive only in a flood.
worker_connections = 20_000

# Loaded once and shared by all, which saves memory. Threads and database connections begin after the fork, in the worker.
preload_app = True

# More callers than this at one moment wait in the kernel instead of being refused: dialers ask once or twice, then never.
backlog = 2048

# ``wrapup serve`` has ten seconds to stop in, and kills after eight. A callback is answered in less than two and a half. For
# half of this a caller with an open line may ask once more, and is told then that it will close; the other half is for what is
# in memory alone (``callbacks.http.worker.CLOSE_SECONDS``).
graceful_timeout = 6
# For a worker whose main loop hangs, not for slow requests.
timeout = 30
# Longer than the pauses of a busy dialer, shorter than the idle time after which firewalls forget a connection.
keepalive = 15
# Workers are not replaced for having worked: what leaks is to be mended, and every replacement costs connections.
max_requests = 0

# The longest that gunicorn offers. What is longer or has more headers is still answered 200 below /callbacks, but kept as
# bytes that nobody can tell apart.
limit_request_line = 8190
limit_request_fields = 100

# No header decides which address was asked for: gunicorn would take SCRIPT_NAME from one, and refuse what does not fit.
forwarder_headers = ""

# Never an access log: the paths of callbacks hold the tokens that open them. nginx keeps one without them.
accesslog = None

# The socket for ``gunicornc`` lies in the home folder by default, where two instances of one user fight for it.
control_socket_disable = True

worker_tmp_dir = place_of_beats()

# gunicorn believes no header about who asks and how: whose word counts, WRAPUP_TRUSTED_PROXIES says (``lib.proxies``). And two
# that contradict each other make no callback malformed. As there is none to believe, nobody's address need be looked up: "*"
# saves the two microseconds in which gunicorn would, for every callback.
secure_scheme_headers: dict[str, str] = {}
forwarded_allow_ips = "*"
